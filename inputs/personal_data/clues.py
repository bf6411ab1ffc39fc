"""What tells that a sheet, or something else in a file, is of single people."""

from __future__ import annotations

from dataclasses import dataclass

NUMBERS = "numbers of single people"
REFERENCES = "references of single people"
NAMES = "names of people"
BIRTHS = "dates of birth or death"
HOMES = "addresses or postcodes of homes"
EMAILS = "e-mail addresses of people"
PHONES = "telephone numbers of people"
ROWS = "rows that are one person each"


@dataclass(frozen=True)
class Clue:
    """What stands in a column in our own words, which show nothing of it, and the cells to look at."""

    what: str
    column: int
    cells: str
