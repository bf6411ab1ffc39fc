"""Excel formulas for the limits of a number: whole, within what stands beside it, agreeing with its counts."""

from __future__ import annotations

from openpyxl.utils import get_column_letter

from local_indicators.replies.templates.entries.allowed_entries import Number, Quotient


def number_literal(value: float) -> str:
    """Return a number as a formula writes it."""
    return f"{value:.15g}".replace("e+", "E+")


def is_whole(cell: str, factor: float) -> str:
    """Return the test that the number in a cell, times `factor`, is a whole one."""
    if factor == 1:
        return f"{cell}=INT({cell})"
    number = f"{cell}*{number_literal(factor)}"
    return f"ROUND({number},6)=ROUND({number},0)"


def row_tests(entry: Number, cell: str, row: int) -> list[str]:
    """Return what the figures beside a number ask of it. `row` is counted from 0."""

    def beside(column: int) -> str:
        return f"${get_column_letter(column + 1)}{row + 1}"

    ends = ((entry.at_most_column, "<="), (entry.at_least_column, ">="))
    tests = [
        f"IF(COUNT({beside(column)}),{cell}{sign}{beside(column)},TRUE)" for column, sign in ends if column is not None
    ]
    if (quotient := entry.quotient) is not None:
        typed, numerator, denominator = map(beside, (quotient.value, quotient.numerator, quotient.denominator))
        agrees = _quotient_test(quotient, typed, f"{numerator}/{denominator}")
        tests.append(f"IF(COUNT({typed},{numerator},{denominator})=3,{agrees},TRUE)")
    return tests


def _quotient_test(quotient: Quotient, typed: str, ratio: str) -> str:
    """Return the test that a value as typed is a ratio times `per`, but for rounding."""
    value = typed if quotient.factor == 1 else f"({typed}*{number_literal(quotient.factor)})"
    difference = f"ABS({value}-{number_literal(quotient.per)}*{ratio})"
    return f"{difference}<={_rounding(value, quotient.decimals)}+1E-9"


def _rounding(value: str, decimals: int) -> str:
    """Half a unit of the last decimal that was typed, up to those that the indicator has."""
    half = number_literal(0.5 * 10.0**-decimals)
    for fewer in reversed(range(decimals)):
        half = f"IF(ROUND({value},{fewer})={value},{number_literal(0.5 * 10.0**-fewer)},{half})"
    return half
