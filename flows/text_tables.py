"""Tables as text that fit where they are read: in columns where there is room, line by line where there is not.

Nothing that somebody would copy is broken: a word stays whole, however narrow the place.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local_indicators.common.safe_text import as_typed

NARROWEST = 12
"""Columns that a text of several words needs at least to be read in a table."""
Cell = Text | str


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], console: Console) -> None:
    """Print rows as a table, if each column can hold its longest word in the width of the console; else each row as
    lines with the headings before them. Text of partners is made harmless."""
    texts = [[cell if isinstance(cell, Text) else Text(as_typed(cell)) for cell in row] for row in rows]
    if not texts:
        return
    if _least_width(headings, texts) > console.width:
        _print_lines(headings, texts, console)
        return
    table = Table(show_edge=False, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, min_width=_longest_word([heading, *(row[number].plain for row in texts)]))
    for row in texts:
        table.add_row(*row)
    console.print(table)


def _least_width(headings: Sequence[str], texts: Sequence[Sequence[Text]]) -> int:
    """The columns that a table needs so that no word is broken, with what lies between them."""
    longest = [
        _longest_word([heading, *(row[number].plain for row in texts)]) for number, heading in enumerate(headings)
    ]
    wordy = [max((len(row[number].plain) for row in texts), default=0) for number in range(len(headings))]
    return sum(max(word, min(whole, NARROWEST)) for word, whole in zip(longest, wordy, strict=True)) + 3 * len(headings)


def _longest_word(texts: Sequence[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=1)


def _print_lines(headings: Sequence[str], texts: Sequence[Sequence[Text]], console: Console) -> None:
    """Print each row as lines: its first text, and below it the others with their headings."""
    wide = max(map(len, headings[1:]), default=0)
    for row in texts:
        console.print(row[0], soft_wrap=True)
        for heading, text in zip(headings[1:], row[1:], strict=True):
            if text.plain:
                console.print(Text(f"  {heading.lower():{wide}}  ").append_text(text), soft_wrap=True)
