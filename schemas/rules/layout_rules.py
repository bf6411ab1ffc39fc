"""Rules on the shape of sheets and tables."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "layout.sheet-missing",
        "hard",
        "A sheet that the return needs is not in the workbook.",
        "Give the sheet its expected name, or add it.",
        "No sheet called 'Key stage 4'.",
    ),
    Rule(
        "layout.sheet-unexpected",
        "advisory",
        "The workbook has a sheet that nobody expected, and it was not read.",
        "Remove the sheet, or tell us what it holds so that it can be read.",
        "A sheet called 'Sheet1 (2)'.",
    ),
    Rule(
        "layout.heading-missing",
        "hard",
        "A column heading that the return needs was not found.",
        "Put the heading back as it is in the template.",
        "No column headed 'Pupils'.",
    ),
    Rule(
        "layout.heading-twice",
        "hard",
        "Two columns have the same heading, so we cannot tell which one counts.",
        "Remove or rename one of the two columns.",
        "'2009/10' over columns C and D.",
    ),
    Rule(
        "layout.label-missing",
        "hard",
        "A label that the return needs was not found, so what stands beside it could not be read.",
        "Put the label back as it is in the template.",
        "No cell that reads 'Reporting period'.",
    ),
    Rule(
        "layout.banner-unknown",
        "hard",
        "This row looks like a heading for the rows below it, but it is none that the return knows.",
        "Correct the heading, or remove the row.",
        "'2010/1l' or 'Lincon' on a row of its own, with figures below it.",
    ),
    Rule(
        "layout.rows-below",
        "hard",
        "There are more figures under a blank row, and they may belong to the table.",
        "Remove the blank row, or move what is below it to a sheet of its own.",
        "A blank row between Leicester and England.",
    ),
    Rule(
        "layout.too-many-fields",
        "hard",
        "The row of this csv file has more fields than there are headings, so its values may stand in wrong columns.",
        'Put quotation marks around what has a comma in it, as in "5,200" or "Bristol, City of"; or send an '
        "Excel workbook.",
        "5,200 without quotation marks, which are two fields.",
    ),
    Rule(
        "layout.column-unmapped",
        "advisory",
        "Nobody has told us what this column is, so it was not read.",
        "Remove the column, or tell us what it holds so that it can be read.",
        "A column headed 'Working notes'.",
    ),
    Rule(
        "layout.number-unread",
        "advisory",
        "There are numbers on this sheet that belong to no part of the return we know, and they were not read.",
        "Move them under a heading of the template if they belong to it; otherwise there is nothing to do.",
        "A corrected figure typed beside the table.",
    ),
    Rule(
        "layout.word-mistyped",
        "hard",
        "This word decides which rows belong to the table, and it looks mistyped, so what follows could not be judged.",
        "Correct the word.",
        "'Totl' on the row of totals, or 'Notetingham' where the table ends.",
    ),
    Rule(
        "layout.word-unsure",
        "advisory",
        "The row was left out because of this word, which looks like a mistyped one by which it would be read.",
        "Correct the word and send the file again, or tell us that the row is rightly left out.",
        "'Authorty' in a column in which only rows that say 'Authority' are read.",
    ),
    Rule(
        "layout.left-out-by-blank",
        "advisory",
        "The row was left out because this cell is blank, and in the other rows it is not.",
        "Type what belongs here and send the file again, or tell us that the row is rightly left out.",
        "A blank under Level, where only rows that say 'Authority' are read.",
    ),
    Rule(
        "layout.note-in-table",
        "advisory",
        "This looks like a note and stands among the rows of the table, so it was not read.",
        "Leave a blank row above notes, or put them on a sheet of their own.",
        "'* fewer than 5' right under the last row.",
    ),
    Rule(
        "layout.not-looked-into",
        "advisory",
        "The workbook holds pictures or embedded objects, into which nobody has looked; no copy of it will have them.",
        "Remove them if the return does not need them, above all where they show or hold anything about single people.",
        "A picture of a table, or a Word document on a sheet.",
    ),
)
