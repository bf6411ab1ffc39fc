"""Rules on single cells."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "cell.not-a-number",
        "hard",
        "There is text where a number belongs.",
        "Type the number alone, or one of the agreed marks for a missing value.",
        "'about 50' under Percentage.",
    ),
    Rule(
        "cell.shown-otherwise",
        "hard",
        "The cell shows something else than the number it holds, and we cannot tell which of them is meant.",
        "Set the cell's number format to General (Home, Number), check that the number is right, and send it again.",
        "5,200,000 shown as 5,200 by a format in thousands.",
    ),
    Rule(
        "cell.not-a-share",
        "hard",
        "There is a percentage, and this is not measured in per cent.",
        "Type the number that was counted or measured; if the cell shows a percent sign, set its format to General.",
        "41% under Places.",
    ),
    Rule(
        "cell.decimal-comma",
        "hard",
        "The comma in this number looks like a decimal comma, so we cannot tell how large it is.",
        "Type the number with a point before its decimals, or tell us that your decimals follow a comma.",
        "'0,541' under Rate; '4,215' beside '54,1'.",
    ),
    Rule(
        "cell.struck-out",
        "advisory",
        "The cell is struck out, which may mean that its figure is withdrawn; it was read all the same.",
        "If it no longer counts, delete it and send the file again; if it does, remove the line through it.",
        "A row with a line through it.",
    ),
    Rule(
        "cell.made-a-date",
        "hard",
        "Excel has turned what was typed here into a date.",
        "Excel takes Apr-11 for the 11th of April, 1-4 for the 1st of April and 2009/10 for October 2009: "
        "format the cell as Text, then type it again, such as September 2010, 1-4 or 2009/10.",
        "Apr-11, typed in 2012, which became 11 April 2012.",
    ),
    Rule(
        "cell.footnote-read",
        "advisory",
        "A footnote mark has run into what the cell says, and was read as one.",
        "Nothing, if that is right. Otherwise correct the cell; a footnote is best typed in a cell of its own.",
        "'Hackney1', or 20102 for 2010 with footnote 2.",
    ),
    Rule(
        "cell.error-value",
        "hard",
        "The cell shows an Excel error instead of a value.",
        "Mend the formula, or type the value itself.",
        "#DIV/0! under Percentage.",
    ),
    Rule(
        "cell.data-type",
        "hard",
        "The cell holds a picture or one of Excel's linked data types, such as Geography or Stocks, not a plain value.",
        "Right-click the cell, choose Data Type, Convert to Text (or delete the picture and type the value), "
        "and send the file again.",
        "'Leicester' turned into the Geography data type.",
    ),
    Rule(
        "cell.may-be-cut",
        "advisory",
        "The file ends right after this value, in a row shorter than the others, so the value may be cut.",
        "Compare the value with your own. If it is whole there is nothing to do; otherwise send the file again.",
        "4100 at the very end of a csv file whose other rows have one more field.",
    ),
    Rule(
        "cell.not-calculated",
        "hard",
        "The formula in this cell was never calculated, so the file holds no value for it.",
        "Open the file in Excel, let it calculate, save it and send it again.",
        "A formula written by a program that does not calculate.",
    ),
    Rule(
        "cell.blank",
        "hard",
        "The cell is blank and a value is required.",
        "Type the value, or the agreed mark for why there is none.",
        "No figure for Leicester in 2009/10.",
    ),
    Rule(
        "cell.left-blank",
        "advisory",
        "The cell is blank, where the other end of the range, the other rows or the return before give something.",
        "Type what belongs here and send the file again; if it is meant to be blank there is nothing to do.",
        "No upper end beside a lower end of 7,000; a year's column that is empty now.",
    ),
)
