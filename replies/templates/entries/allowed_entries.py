"""What may be typed into one cell of a template: a word of a list, a number within limits, or any text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One of these words, the likeliest first. Where the list is not `closed`, other spellings are read too."""

    words: tuple[str, ...]
    closed: bool = True


@dataclass(frozen=True)
class Quotient:
    """A value that must agree with two counts in its row: value x `factor` = `per` x numerator / denominator.

    `value`, `numerator` and `denominator` are columns, counted from 0. The value as typed times `factor` is in the
    indicator's unit, in which it has `decimals` decimals.
    """

    value: int
    numerator: int
    denominator: int
    per: float
    factor: float
    decimals: int


RowConditions = tuple[int | None, int | None, Quotient | None]


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high` as typed; times `factor` it is in the indicator's unit.

    `marks` may stand in its place; with `marks_elsewhere` they have a column of their own, so that the cell need not
    take them. `at_most_column` and `at_least_column` are columns of the row, counted from 0, whose numbers it must not
    pass.
    """

    low: float
    high: float
    whole: bool = False
    factor: float = 1.0
    decimals: int = 0
    marks: tuple[str, ...] = ()
    at_most_column: int | None = None
    at_least_column: int | None = None
    quotient: Quotient | None = None
    marks_elsewhere: bool = False

    @property
    def row_conditions(self) -> RowConditions | None:
        """What other cells of the row ask of it; None where they ask nothing."""
        conditions = (self.at_most_column, self.at_least_column, self.quotient)
        return conditions if any(condition is not None for condition in conditions) else None


@dataclass(frozen=True)
class AnyText:
    """Any text."""


FixedEntry = Choice | Number | AnyText


@dataclass(frozen=True)
class DependentEntry:
    """An entry that depends on the word in another column of the row.

    `key_column` is that column, counted from 0; `cases` say for each of its words what may be typed.
    """

    key_column: int
    cases: tuple[tuple[str, FixedEntry], ...]


AllowedEntry = FixedEntry | DependentEntry


@dataclass(frozen=True)
class WordOptions:
    """The words for one field: `likely` are filled in beforehand, `words` are all that may be chosen."""

    likely: tuple[str, ...]
    words: tuple[str, ...]
    closed: bool = True

    @property
    def choice(self) -> Choice:
        """All of them as one list, the likely ones first."""
        return Choice(tuple(dict.fromkeys((*self.likely, *self.words))), self.closed)

    @property
    def for_all_rows(self) -> tuple[str, ...]:
        """The words to give in one place for all rows: the likely ones, or else the first there is."""
        return self.likely or self.words[:1]
