"""A template filled in with legal values, to see that its layout reads it before anybody is sent it."""

from __future__ import annotations

from collections.abc import Mapping

from inputs.cells import Cell, Cells, Sheet
from inputs.replies.templates.allowed_entries import Choice, Depending, Number, Plain, Words
from inputs.replies.templates.page_layout import Page, Template


def specimen(template: Template) -> Cells:
    """The template filled in with legal values, as cells: what a sender would send who did as it says."""
    return Cells("xlsx", tuple(_filled(page) for page in template.pages))


def _filled(page: Page) -> Sheet:
    width = max(column for _, column in page.boxes) + 1
    free = page.free[: max(_variants(page), 0 if page.asked else 1)]
    last = max(
        (*page.asked, *free, page.heading_rows[1], *(row for row, _ in page.boxes if row < page.heading_rows[0]))
    )
    rows: list[list[Cell]] = [[None] * width for _ in range(last + 1)]
    for (row, column), box in page.boxes.items():
        if row <= last and row not in page.free:
            rows[row][column] = box.text
    for row in page.asked:
        _fill(page, row, 0, rows[row])
    for number, row in enumerate(free if not page.asked else ()):
        _fill(page, row, number, rows[row])
    return Sheet(page.name, rows, page.merged)


def _variants(page: Page) -> int:
    """How many free rows it takes to give each indicator of a page once."""
    answers = [box.answer for (row, _), box in page.boxes.items() if page.free and row == page.free[0]]
    return max((len(one.by) for one in answers if isinstance(one, Depending)), default=1)


def _fill(page: Page, row: int, number: int, line: list[Cell]) -> None:
    """Fill one row; the key of row `number` among the free ones takes the choice of that number where it decides on
    the others."""
    columns = sorted(column for r, column in page.boxes if r == row)
    deciding = {box.answer.on for column in columns if isinstance((box := page.boxes[row, column]).answer, Depending)}
    answers: dict[int, Plain] = {}
    for column in sorted(columns, key=lambda c: c not in deciding):
        answer = page.boxes[row, column].answer
        if isinstance(answer, Depending):
            answer = dict(answer.by)[str(line[answer.on])]
        if answer is None or line[column] is not None:
            continue
        answers[column] = answer
        if isinstance(answer, Choice):
            line[column] = answer.words[number if column in deciding else 0] if answer.words else None
        elif isinstance(answer, Words):
            line[column] = "as stated"
    _fill_numbers(answers, line)


def _fill_numbers(answers: Mapping[int, Plain], line: list[Cell]) -> None:
    numbers = {column: answer for column, answer in answers.items() if isinstance(answer, Number)}
    for column, answer in numbers.items():
        middle = (max(answer.low, -1e6) + min(answer.high, 1e6)) / 2 if answer.low < 0 else answer.low
        line[column] = float(round(middle * answer.factor)) / answer.factor if answer.whole else middle
    for column, answer in numbers.items():
        if answer.quotient is not None and column == answer.quotient.value:
            top, share = answer.quotient, answer.low * answer.factor / answer.quotient.per
            line[top.denominator], line[top.numerator] = 1000.0, float(round(1000 * share))
            line[column] = top.per * round(1000 * share) / 1000 / answer.factor
