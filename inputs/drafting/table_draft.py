"""A table of a layout while it is being drafted: its keys, why each is as it is, and what is not sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.toml_text import Toml, listed

_UNKNOWN = "WRITE THE"
"""How a source begins in place of one that nobody could tell."""


@dataclass(eq=False)
class TableDraft:
    """A drafted table. `sheets` are the names of its sheets, `keys` the keys of its layout in order, `why` a remark on
    a key, and `questions` what to change, and to what, if a guess was wrong; the key "" stands for the whole table."""

    region: TableRegion
    sheets: list[str]
    keys: dict[str, Toml] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[str]] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    """What nothing in the file says, so that it was guessed."""
    sheet_tried: str = ""
    """The sheet on which it was tried last."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What nothing says of its figures: the area, the period."""
        return tuple(
            key for key in ("area", "period") if key in self.guessed or _UNKNOWN in str(self.keys.get(key, ""))
        )

    def put(self, key: str, value: Toml, why: str = "") -> None:
        """Set a key of the layout, with a remark on it."""
        self.keys[key] = value
        if why:
            self.why[key] = why

    def ask(self, key: str, text: str) -> None:
        """Add a question on a key, once."""
        if text not in self.questions.setdefault(key, []):
            self.questions[key].append(text)

    def ask_about_marks(self, marks: Iterable[str]) -> None:
        """Ask what marks in place of a number mean."""
        self.ask(
            "markers",
            f'what does {listed(marks, 4)} mean in place of a number? "x" is not available; write "c" for confidential,'
            ' "z" for not applicable, "low" for a number that rounds to nothing, "u" for not reliable.',
        )


@dataclass(frozen=True)
class Choice:
    """A source that was chosen for an area or a period: its TOML, why, and questions. `texts` are what it reads, as far
    as they are known. It is `guessed` where nothing in the file says it."""

    source: Toml
    why: str = ""
    questions: tuple[str, ...] = ()
    texts: tuple[object, ...] = ()
    kinds: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()
    guessed: bool = False
