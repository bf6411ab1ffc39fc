"""What may be typed into the cells of a page, as Excel's data validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.replies.templates.entries.allowed_entries import AllowedEntry, Choice, DependentEntry, Number
from local_indicators.replies.templates.entries.allowed_figures import MAX_COUNT
from local_indicators.replies.templates.pages.page_layout import Page
from local_indicators.replies.templates.workbook.limit_formulas import is_whole, number_literal, row_tests
from local_indicators.replies.templates.workbook.word_lists import WordLists

MAX_FORMULA = 255
"""Characters that Excel takes for the formula of a validation."""
MAX_ERROR = 225
"""Characters that Excel takes for the message of a refusal."""


def add_validations(sheet: Worksheet, page: Page, lists: WordLists) -> None:
    """Add a validation for every run of cells of a page in which the same may be typed."""
    builder = _ValidationBuilder(lists)
    for column, entry, rows in _runs(page):
        letter = get_column_letter(column + 1)
        validation = builder.validation(entry, f"{letter}{rows[0] + 1}", rows[0])
        if validation is not None:
            validation.add(f"{letter}{rows[0] + 1}:{letter}{rows[-1] + 1}")
            sheet.add_data_validation(validation)


def _runs(page: Page) -> Iterator[tuple[int, AllowedEntry, list[int]]]:
    """Neighbouring cells of a column in which the same may be typed: the column, the entry and the rows."""
    for column in sorted({column for _, column in page.cells}):
        run: list[int] = []
        run_entry: AllowedEntry | None = None
        entries = ((row, cell.entry) for (row, c), cell in sorted(page.cells.items()) if c == column)
        for row, entry in (*entries, (-1, None)):
            if run_entry is not None and (entry != run_entry or row != run[-1] + 1):
                yield column, run_entry, run
                run = []
            run_entry = entry
            run = [*run, row] if entry is not None else []


class _ValidationBuilder:
    """Makes validations of entries. A validation is written for the first cell of a run, and Excel shifts it."""

    def __init__(self, lists: WordLists) -> None:
        self._lists = lists

    def validation(self, entry: AllowedEntry, cell: str, row: int) -> DataValidation | None:
        """Return the validation of a cell; None where Excel cannot or need not hold one. `row` is counted from 0."""
        if isinstance(entry, Choice):
            return _list_validation(self._lists.range_of(entry.words), closed=entry.closed) if entry.words else None
        if isinstance(entry, Number):
            return self._number(entry, cell, row)
        return self._dependent(entry, cell, row) if isinstance(entry, DependentEntry) else None

    def _number(self, entry: Number, cell: str, row: int) -> DataValidation | None:
        low, high = number_literal(entry.low), number_literal(entry.high)
        if entry.row_conditions is None and entry.marks_elsewhere and (entry.factor == 1 or not entry.whole):
            kind = "whole" if entry.whole else "decimal"
            validation = DataValidation(type=kind, operator="between", formula1=low, formula2=high)
            return _with_message(validation, _limits_in_words(entry))
        tests = [f"{cell}>={low}", f"{cell}<={high}"]
        if entry.whole:
            tests.append(is_whole(cell, entry.factor))
        tests += row_tests(entry, cell, row)
        return self._formula(tests, entry.marks, _limits_in_words(entry), cell)

    def _formula(self, tests: Sequence[str], marks: Sequence[str], message: str, cell: str) -> DataValidation | None:
        """Return a validation by a formula: as many of the tests as fit, the limits first, or one of the marks."""
        otherwise = f"SUMPRODUCT(--({self._lists.name_of(marks)}={cell}))>0" if marks else "FALSE"
        for count in range(len(tests), 1, -1):
            formula = f"IF(ISNUMBER({cell}),AND({','.join(tests[:count])}),{otherwise})"
            if len(formula) <= MAX_FORMULA:
                return _with_message(DataValidation(type="custom", formula1=formula), message)
        return None

    def _dependent(self, entry: DependentEntry, cell: str, row: int) -> DataValidation | None:
        """Return the validation of a cell whose row names its indicator only when it is filled in."""
        names = self._lists.name_of([word for word, _ in entry.cases])
        key_test = f"{names}=${get_column_letter(entry.key_column + 1)}{row + 1}"
        cases = [case for _, case in entry.cases]
        choices = [case for case in cases if isinstance(case, Choice)]
        numbers = [case for case in cases if isinstance(case, Number)]
        if len(choices) == len(cases):
            return self._dependent_list(key_test, choices)
        return self._dependent_number(key_test, numbers, cell, row) if len(numbers) == len(cases) else None

    def _dependent_list(self, key_test: str, cases: Sequence[Choice]) -> DataValidation | None:
        distinct = list(dict.fromkeys(cases))
        if not all(choice.words for choice in distinct):
            return None
        numbers = self._lists.name_of([float(distinct.index(choice) + 1) for choice in cases])
        ranges = ",".join(self._lists.name_of(choice.words) for choice in distinct)
        formula = f"CHOOSE(SUMPRODUCT(({key_test})*{numbers}),{ranges})"
        closed = all(choice.closed for choice in cases)
        return _list_validation(formula, closed=closed) if len(formula) <= MAX_FORMULA else None

    def _dependent_number(self, key_test: str, cases: Sequence[Number], cell: str, row: int) -> DataValidation | None:
        def looked_up(values: Sequence[float]) -> str:
            if len(set(values)) == 1:
                return number_literal(values[0])
            return f"SUMPRODUCT(({key_test})*{self._lists.name_of(values)})"

        tests = [f"{cell}>={looked_up([n.low for n in cases])}", f"{cell}<={looked_up([n.high for n in cases])}"]
        first = cases[0]
        whole_test, whole = is_whole(cell, first.factor), looked_up([float(number.whole) for number in cases])
        if whole != "0":
            tests.append(whole_test if whole == "1" else f"OR({whole}=0,{whole_test})")
        tests += _dependent_row_tests(looked_up, cases, cell, row)
        marks = tuple(mark for mark in first.marks if all(mark in number.marks for number in cases))
        return self._formula(tests, marks, "Choose what the row is about first; its note gives the limits.", cell)


def _dependent_row_tests(
    looked_up: Callable[[Sequence[float]], str], cases: Sequence[Number], cell: str, row: int
) -> list[str]:
    """Return what the figures beside a figure ask of it, where they ask it of some indicators only."""
    asking = [number for number in cases if number.row_conditions is not None]
    if len({number.row_conditions for number in asking}) != 1:
        return []
    asked = looked_up([float(number.row_conditions is not None) for number in cases])
    tests = row_tests(asking[0], cell, row)
    return tests if asked == "1" else [f"IF({asked},{test},TRUE)" for test in tests]


def _list_validation(formula: str, *, closed: bool) -> DataValidation:
    validation = DataValidation(type="list", formula1=formula, allow_blank=True)
    message = "Choose from the list." if closed else "Choose from the list, or type another."
    return _with_message(validation, message, closed=closed)


def _with_message(validation: DataValidation, message: str, *, closed: bool = True) -> DataValidation:
    """Return the validation with what it says to the person who fills in; a `closed` one refuses everything else."""
    validation.allowBlank = True
    validation.showInputMessage, validation.prompt = True, message[:MAX_FORMULA]
    validation.showErrorMessage, validation.errorStyle = closed, "stop"
    validation.errorTitle, validation.error = "The check would refuse this", message[:MAX_ERROR]
    return validation


def _limits_in_words(entry: Number) -> str:
    """Return the limits of a number as it is typed."""
    percent = entry.factor == 100
    low, high = (f"{end * 100:,.10g}%" if percent else f"{end:,.10g}" for end in (entry.low, entry.high))
    kind = "A whole number" if entry.whole else "A number"
    limits = f"{kind} of 0 or more" if entry.high >= MAX_COUNT else f"{kind} from {low} to {high}"
    if entry.quotient is not None:
        limits += ", agreeing with the counts beside it"
    if entry.marks_elsewhere:
        limits += "; where there is none leave it blank and say why under Status"
    elif entry.marks:
        limits += "; or c confidential, x not available, z not applicable, low rounds to nought"
    return f"{limits}."
