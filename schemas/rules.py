"""The rules of good data, each once: its stable id, how strict it is, and the words that owners read.

The checks and the parser refer to rules by id; messages, reports and the owners' guide are written from this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strictness = Literal["hard", "waivable", "advisory"]


@dataclass(frozen=True)
class Rule:
    """One rule. `hard` is never let through, `waivable` blocks until waived, `advisory` only warns."""

    id: str
    strictness: Strictness
    says: str
    fix: str
    example: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        return "warning" if self.strictness == "advisory" else "error"


GROUPS: dict[tuple[str, ...], str] = {
    ("return",): "The file as a whole",
    ("layout",): "The shape of sheets and tables",
    ("cell",): "Single cells",
    ("indicator", "area", "period", "breakdown", "status", "provenance"): "What a row is about",
    ("value",): "Values",
    ("key", "total", "row", "companion"): "Rows together, and what was sent before",
}
"""What the first words of rule ids are about, in the order in which owners read of them."""


def _rules(*rows: tuple[str, Strictness, str, str, str]) -> dict[str, Rule]:
    return {row[0]: Rule(*row) for row in rows}


RULES: dict[str, Rule] = _rules(
    # The file as a whole.
    (
        "return.unreadable",
        "hard",
        "The file cannot be read.",
        "Open the file in Excel, save it again as an Excel workbook (.xlsx), and send that.",
        "A download that broke off half-way.",
    ),
    (
        "return.encrypted",
        "hard",
        "This workbook is password-protected.",
        "Save it without a password (File, Info, Protect Workbook, Encrypt with Password) and send it again.",
        "A workbook that asks for a password when it is opened.",
    ),
    (
        "return.rights-managed",
        "hard",
        "A sensitivity label or rights management protects this file, so only those whom it names can open it.",
        "Choose a label without protection in Excel (Home, Sensitivity) or lift the restriction (File, Info, Protect "
        "Workbook), save, and send it again. If you may not, ask your IT help for a copy without protection.",
        "A workbook under a label such as 'Confidential, staff only'.",
    ),
    (
        "return.not-a-spreadsheet",
        "hard",
        "The file is not a spreadsheet, whatever its name says.",
        "Send the figures as an Excel workbook (.xlsx) or a csv file.",
        "A web page or Word document saved with the ending .xls.",
    ),
    (
        "return.web-page",
        "hard",
        "The file is a web page, although its name may end in .xls.",
        "Open it in Excel, choose File, Save As and the type 'Excel Workbook (.xlsx)', and send that file.",
        "A report that a website offers 'for Excel'.",
    ),
    (
        "return.old-format",
        "hard",
        "The file is a workbook of a kind that is no longer in use, and we do not read it.",
        "Open it in Excel, choose File, Save As and the type 'Excel Workbook (.xlsx)', and send that file.",
        "A workbook saved as 'XML Spreadsheet 2003'.",
    ),
    (
        "return.zipped",
        "hard",
        "The file is an archive with other files in it.",
        "Take the workbook or csv file out of it and send that by itself.",
        "A csv file inside a zip file.",
    ),
    (
        "return.unsafe",
        "hard",
        "The file holds what no spreadsheet program writes and what can do harm, so it was not read.",
        "Copy the figures into a new workbook and send that; if you did not make this file, tell your IT help.",
        "A workbook whose XML declares entities.",
    ),
    (
        "return.too-large",
        "hard",
        "The file needs more memory or time to read than any return should.",
        "Delete whatever lies far from the table and anything that is not part of the return, save, and send it again.",
        "A cell typed by accident in row 1,048,576 of a wide sheet.",
    ),
    (
        "return.unknown",
        "hard",
        "The file fits none of the returns we expect from you.",
        "Check that it is the right file, and that its sheet and column headings are those of the template.",
        "A workbook with no sheet called 'Absence'.",
    ),
    (
        "return.wrong-folder",
        "hard",
        "The file belongs to another partner.",
        "Move it to the folder of the partner it belongs to.",
        "The careers return in the health folder.",
    ),
    (
        "return.person-level",
        "hard",
        "The file holds records of single people, which we must not receive.",
        "Delete the file wherever it was sent, and send totals only.",
        "A column of names, dates of birth or pupil numbers.",
    ),
    (
        "return.empty",
        "hard",
        "The table has headings but no figures.",
        "Fill in the rows under the headings and send the file again.",
        "The blank template, sent back.",
    ),
    (
        "return.old-template",
        "hard",
        "The workbook was filled in on a template that is no longer in use.",
        "Get the present template, copy your figures into it, and send that.",
        "The template of two years ago, whose sheets have changed since.",
    ),
    # The shape of sheets and tables.
    (
        "layout.sheet-missing",
        "hard",
        "A sheet that the return needs is not in the workbook.",
        "Give the sheet its expected name, or add it.",
        "No sheet called 'Key stage 4'.",
    ),
    (
        "layout.sheet-unexpected",
        "advisory",
        "The workbook has a sheet that nobody expected, and it was not read.",
        "Remove the sheet, or tell us what it holds so that it can be read.",
        "A sheet called 'Sheet1 (2)'.",
    ),
    (
        "layout.heading-missing",
        "hard",
        "A column heading that the return needs was not found.",
        "Put the heading back as it is in the template.",
        "No column headed 'Pupils'.",
    ),
    (
        "layout.heading-twice",
        "hard",
        "Two columns have the same heading, so we cannot tell which one counts.",
        "Remove or rename one of the two columns.",
        "'2009/10' over columns C and D.",
    ),
    (
        "layout.label-missing",
        "hard",
        "A label that the return needs was not found, so what stands beside it could not be read.",
        "Put the label back as it is in the template.",
        "No cell that reads 'Reporting period'.",
    ),
    (
        "layout.banner-unknown",
        "hard",
        "This row looks like a heading for the rows below it, but it is none that the return knows.",
        "Correct the heading, or remove the row.",
        "'2010/1l' or 'Lincon' on a row of its own, with figures below it.",
    ),
    (
        "layout.rows-below",
        "hard",
        "There are more figures under a blank row, and they may belong to the table.",
        "Remove the blank row, or move what is below it to a sheet of its own.",
        "A blank row between Nottingham and England.",
    ),
    (
        "layout.too-many-fields",
        "hard",
        "The row of this csv file has more fields than there are headings, so its values may stand in wrong columns.",
        'Put quotation marks around what has a comma in it, as in "5,200" or "Bristol, City of"; or send an Excel '
        "workbook.",
        "5,200 without quotation marks, which are two fields.",
    ),
    (
        "layout.column-unmapped",
        "advisory",
        "Nobody has told us what this column is, so it was not read.",
        "Remove the column, or tell us what it holds so that it can be read.",
        "A column headed 'Working notes'.",
    ),
    (
        "layout.number-unread",
        "advisory",
        "There are numbers on this sheet that belong to no part of the return we know, and they were not read.",
        "Move them under a heading of the template if they belong to it; otherwise there is nothing to do.",
        "A corrected figure typed beside the table.",
    ),
    # Single cells.
    (
        "cell.not-a-number",
        "hard",
        "There is text where a number belongs.",
        "Type the number alone, or one of the agreed marks for a missing value.",
        "'about 50' under Percentage.",
    ),
    (
        "cell.shown-otherwise",
        "hard",
        "The cell shows something else than the number it holds, and we cannot tell which of them is meant.",
        "Set the cell's number format to General (Home, Number), check that the number is right, and send it again.",
        "5,200,000 shown as 5,200 by a format in thousands.",
    ),
    (
        "cell.not-a-share",
        "hard",
        "There is a percentage, and this is not measured in per cent.",
        "Type the number that was counted or measured; if the cell shows a percent sign, set its format to General.",
        "41% under Places.",
    ),
    (
        "cell.decimal-comma",
        "hard",
        "The comma in this number looks like a decimal comma, so we cannot tell how large it is.",
        "Type the number with a point before its decimals, or tell us that your decimals follow a comma.",
        "'0,541' under Rate; '4,215' beside '54,1'.",
    ),
    (
        "cell.struck-out",
        "advisory",
        "The cell is struck out, which may mean that its figure is withdrawn; it was read all the same.",
        "If it no longer counts, delete it and send the file again; if it does, remove the line through it.",
        "A row with a line through it.",
    ),
    (
        "cell.made-a-date",
        "hard",
        "Excel has turned what was typed here into a date.",
        "Excel takes Apr-11 for the 11th of April, 1-4 for the 1st of April and 2009/10 for October 2009: format the "
        "cell as Text, then type it again, such as September 2010, 1-4 or 2009/10.",
        "Apr-11, typed in 2012, which became 11 April 2012.",
    ),
    (
        "cell.footnote-read",
        "advisory",
        "A footnote mark has run into what the cell says, and was read as one.",
        "Nothing, if that is right. Otherwise correct the cell; a footnote is best typed in a cell of its own.",
        "'Hackney1', or 20102 for 2010 with footnote 2.",
    ),
    (
        "cell.error-value",
        "hard",
        "The cell shows an Excel error instead of a value.",
        "Mend the formula, or type the value itself.",
        "#DIV/0! under Percentage.",
    ),
    (
        "cell.data-type",
        "hard",
        "The cell holds a picture or one of Excel's linked data types, such as Geography or Stocks, not a plain value.",
        "Right-click the cell, choose Data Type, Convert to Text (or delete the picture and type the value), and send "
        "the file again.",
        "'Nottingham' turned into the Geography data type.",
    ),
    (
        "cell.may-be-cut",
        "advisory",
        "The file ends right after this value, in a row shorter than the others, so the value may be cut.",
        "Compare the value with your own. If it is whole there is nothing to do; otherwise send the file again.",
        "4100 at the very end of a csv file whose other rows have one more field.",
    ),
    (
        "cell.not-calculated",
        "hard",
        "The formula in this cell was never calculated, so the file holds no value for it.",
        "Open the file in Excel, let it calculate, save it and send it again.",
        "A formula written by a program that does not calculate.",
    ),
    (
        "cell.blank",
        "hard",
        "The cell is blank and a value is required.",
        "Type the value, or the agreed mark for why there is none.",
        "No figure for Nottingham in 2009/10.",
    ),
    # What a row is about.
    (
        "indicator.unknown",
        "hard",
        "This name stands for none of the indicators of this return.",
        "Use one of the names in the template.",
        "'KS4 5 A*-C (old)'.",
    ),
    (
        "area.unknown",
        "hard",
        "This is not an area we know.",
        "Use the area's full name or its code, as in E06000018 for Nottingham.",
        "'Nottm'.",
    ),
    (
        "area.wrong-type",
        "hard",
        "The indicator is not measured for this kind of area.",
        "Give the figure for a kind of area that the indicator is measured for.",
        "A council's area in the health trusts' return.",
    ),
    (
        "area.contradicts",
        "hard",
        "Two cells of one row name different areas, so we cannot tell whose figure this is.",
        "Correct the code or the name, so that both are of the area that the figure is of.",
        "E06000018, which is Nottingham, beside the name Derby.",
    ),
    (
        "period.unknown",
        "hard",
        "This is not a period that the indicator is measured over.",
        "Type the period in the form expected.",
        "'last year', or a single term where a whole year belongs.",
    ),
    (
        "period.contradicts",
        "advisory",
        "A title names another period than the figures are of.",
        "Check which of them is right, and correct the other.",
        "'Primary absence 2008/09' above figures of 2009/10.",
    ),
    (
        "period.in-future",
        "waivable",
        "The period has not begun yet.",
        "Correct the period, or send the figure once there is one.",
        "2014/15 in a return sent in 2011.",
    ),
    (
        "breakdown.unknown",
        "hard",
        "This group is none of those that the indicator is broken down by.",
        "Use one of the groups in the template.",
        "'FSM (ever 6)' where Eligible or Not eligible belongs.",
    ),
    (
        "area.replaced",
        "advisory",
        "This code had been replaced by another before the period; the figure is kept under the new code.",
        "Use the new code from now on.",
        "E08000020 for Gateshead in 2014/15.",
    ),
    (
        "area.ended",
        "advisory",
        "This area had ceased to be before the period, and no single one took its place; the figure is kept under it.",
        "Check that the figure is of this area, or give those of the areas that followed it.",
        "Cumbria in 2024/25.",
    ),
    (
        "status.unknown",
        "hard",
        "This is not a status that a figure can have.",
        "Use p (provisional), r (revised), e (estimated), f (forecast), u (low reliability), b (break), or nothing.",
        "'to be agreed' under Status.",
    ),
    (
        "provenance.unknown",
        "hard",
        "The basis of a figure must be reported or illustrative.",
        "Type reported or illustrative.",
        "'guess' under Basis.",
    ),
    # Values.
    (
        "value.above-maximum",
        "hard",
        "The value is higher than it can be.",
        "Correct the value.",
        "A percentage of 167.",
    ),
    (
        "value.below-minimum",
        "hard",
        "The value is lower than it can be.",
        "Correct the value.",
        "A count of -3.",
    ),
    (
        "value.implausible",
        "waivable",
        "The value lies outside what has ever been plausible for this indicator.",
        "Correct the value, or tell us why it is right and it can be let through.",
        "40 children's centres in one city becoming 4,000.",
    ),
    (
        "value.not-in-scale",
        "hard",
        "This judgement is not one of the scale's.",
        "Use one of the judgements of the scale.",
        "'fair' on the scale outstanding, good, adequate, inadequate.",
    ),
    (
        "value.not-whole",
        "hard",
        "A count of people or things must be a whole number.",
        "Type the whole number that was counted; the cell may hold more decimals than its format shows.",
        "12.5 pupils.",
    ),
    (
        "value.range-reversed",
        "hard",
        "The lower end of the range is above its upper end.",
        "Swap or correct the two ends.",
        "From 10,000 to 7,000.",
    ),
    (
        "value.numerator-above-denominator",
        "hard",
        "More are counted in the numerator than in the denominator.",
        "Correct the numerator or the denominator.",
        "14 of 12 schools.",
    ),
    (
        "value.does-not-match",
        "hard",
        "The percentage or rate is not what its numerator and denominator give.",
        "Correct whichever of the three is wrong.",
        "35% beside 14 of 35.",
    ),
    (
        "value.off-by-rounding",
        "waivable",
        "The percentage or rate is not exactly what its counts give, but they look rounded, and it is within that.",
        "Send the exact counts, or tell us that they are rounded and to what, and it can be let through.",
        "5.8% beside 60 of 1,005, rounded to 5.",
    ),
    (
        "value.outside-interval",
        "waivable",
        "The value lies outside the interval that is printed with it.",
        "Correct the value or the ends of its interval, or tell us why both are right.",
        "54.1 with an interval from 45 to 52.",
    ),
    # Rows together.
    (
        "key.duplicate",
        "hard",
        "The same figure is given more than once.",
        "Keep one of the rows, or correct the one that is about something else.",
        "Two rows for Nottingham, 2009/10, Total.",
    ),
    (
        "total.does-not-match",
        "hard",
        "The total is not what its parts add up to.",
        "Correct the total or the part that is wrong.",
        "A total of 40 schools beside 30 maintained schools and 12 academies.",
    ),
    (
        "total.off-by-rounding",
        "waivable",
        "The total is not exactly what its parts add up to, but they look rounded, and it is within that.",
        "Send the exact counts, or tell us that they are rounded and to what, and it can be let through.",
        "A total of 40 beside 25 and 20, all rounded to 5.",
    ),
    (
        "row.missing",
        "hard",
        "A row that this return must hold is not there.",
        "Add the row, or correct one that stands under a wrong name; where there is no figure, type the mark for why.",
        "Nottingham for 2009/10 without England.",
    ),
    (
        "companion.missing",
        "hard",
        "This figure may only be read beside its companion, which is missing.",
        "Give the companion figure for the same area and period.",
        "NEET without the percentage not known.",
    ),
    (
        "value.jump",
        "advisory",
        "The value has moved further since the last period than it ever tends to.",
        "Check the value. If it is right there is nothing to do; if it is not, correct it and send the file again.",
        "54% of children, after five years between 50% and 52%, becoming 5.4%.",
    ),
    (
        "key.withdrawn",
        "advisory",
        "A figure that an earlier return gave is not in this one, and is withdrawn.",
        "Nothing, if that is meant. Otherwise put the row back and send the file again.",
        "The row for England, there last time and gone now.",
    ),
    (
        "key.differs",
        "advisory",
        "Another return, which is the authority for this figure, gives a different value; that one is used.",
        "Agree with the other partner which value is right.",
        "5.8 here and 5.9 in the schools return.",
    ),
)
