"""Kinds of faults that people make in workbooks, each planted into one that is right."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.shapes import Made, Where

ANOTHER = object()


@dataclass
class Fault:
    """A fault that was planted: of a kind, on a sheet, in cells any of which a finding may name; `rules` are those by
    which it may be named without a cell, because what is wrong is that nothing is there."""

    kind: str
    sheet: str
    cells: list[Where]
    rules: tuple[str, ...] = ()
    said: str = ""


@dataclass
class Spoilt:
    """A workbook, as it was accepted before and with faults in it."""

    before: dict[str, list[list[Any]]]
    after: dict[str, list[list[Any]]]
    faults: list[Fault] = field(default_factory=list)


Plant = Callable[[random.Random, Made], Fault | None]


def _cell(kind: str, role: str, change: Callable[[random.Random, Any], Any]) -> tuple[str, Plant]:
    """A kind of fault in one cell of a role."""

    def plant(rng: random.Random, made: Made) -> Fault | None:
        where = rng.choice(made.roles[role]) if made.roles.get(role) else None
        if where is None or (made.name == "Labels" and change is _far):
            return None  # a difference in points has no bounds
        typed = change(rng, made.rows[where[0]][where[1]])
        if typed is ANOTHER:
            row, column = made.roles[role][0]
            typed = made.rows[row][column]
            if made.name in ("Upper", "Chosen", "Tidy", "Coded", "Facts") and role == "area":
                return None  # of another year there: a row withdrawn and none given twice
        if typed == made.rows[where[0]][where[1]]:
            return None
        made.rows[where[0]][where[1]] = typed
        return Fault(kind, made.name, [where], said=repr(typed))

    return kind, plant


def _blank(_: random.Random, __: Any) -> None:
    return None


def _typo(rng: random.Random, held: Any) -> str:
    """A word with a letter too many, too few, wrong, or two swapped, behind its first."""
    text = str(held)
    at_sign = rng.randrange(2, max(len(text) - 1, 3))
    way = rng.randrange(4)
    if way == 0:
        return text[:at_sign] + text[at_sign + 1 :]
    if way == 1:
        return text[:at_sign] + "q" + text[at_sign:]
    if way == 2:
        return text[:at_sign] + "x" + text[at_sign + 1 :]
    if text[at_sign - 1] == text[at_sign]:
        return text[:at_sign] + "z" + text[at_sign:]
    return text[: at_sign - 1] + text[at_sign] + text[at_sign - 1] + text[at_sign + 1 :]


def _letter_o(_: random.Random, held: Any) -> Any:
    text = str(held)
    return text[::-1].replace("0", "O", 1)[::-1] if "0" in text else held


def _letter_l(_: random.Random, held: Any) -> Any:
    text = str(held)
    return text.replace("1", "l", 1) if "1" in text else text.replace("0", "o", 1) if "0" in text else held


def _wrong_form(rng: random.Random, held: Any) -> str:
    year = int(str(held)[:4])
    return rng.choice((f"{year}/{(year + 2) % 100:02}", "last year", f"{year}-{year + 3}", f"{year}/"))


def _future(_: random.Random, __: Any) -> str:
    return "2031/32"


def _not_a_number(rng: random.Random, held: Any) -> str:
    return rng.choice((f"about {held}", f"{held} or so", "#REF!", "t.b.c.", f"{held}O"))


def _far(_: random.Random, held: Any) -> float:
    return float(held) * 1000 + 7001


def _negative(_: random.Random, held: Any) -> float:
    return -abs(float(held)) - 1


def _decimal(_: random.Random, held: Any) -> float:
    return float(held) + 0.5


def _more(_: random.Random, held: Any) -> int:
    return round(float(held) * 1.3) + 7


def _fraction(_: random.Random, held: Any) -> float:
    return round(float(held) / 100, 4)


def _digits_swapped(_: random.Random, held: Any) -> Any:
    text = str(held)
    return float(text[1] + text[0] + text[2:]) if len(text) > 2 and text[0] != text[1] and text[1] != "." else held


def _with_sign(_: random.Random, held: Any) -> str:
    return f"{held} %" if float(held) < 5 else f"{held}people"


def _swapped_ends(_: random.Random, held: Any) -> float:
    return float(held) + 5000


def _another(_: random.Random, held: Any) -> Any:
    """What some other cell of the role says, which the workbook is then asked for."""
    return ANOTHER


def _lines(made: Made, role: str) -> list[int]:
    return sorted({row for row, _ in made.roles.get(role, ())})


def _row_of(rng: random.Random, made: Made) -> int | None:
    rows = sorted({row for role in ("value", "share", "text", "low", "count") for row, _ in made.roles.get(role, ())})
    inner = rows[1:-1] if len(rows) > 3 else []
    return rng.choice(inner) if inner else None


def _moved(made: Made, begin: int, by: int) -> None:
    """Keep the roles where they are after rows were put in or taken out."""
    made.roles = {role: [(r + by if r >= begin else r, c) for r, c in cells] for role, cells in made.roles.items()}


def _deleted(rng: random.Random, made: Made) -> Fault | None:
    if (row := _row_of(rng, made)) is None:
        return None
    del made.rows[row]
    return Fault("row deleted", made.name, [], ("key.withdrawn",))


def _doubled(rng: random.Random, made: Made) -> Fault | None:
    if (row := _row_of(rng, made)) is None:
        return None
    made.rows.insert(row, list(made.rows[row]))
    return Fault("row doubled", made.name, [(row, c) for c in range(7)] + [(row + 1, c) for c in range(7)])


def _inserted(rng: random.Random, made: Made) -> Fault | None:
    if made.name in ("Banners",) or (row := _row_of(rng, made)) is None:
        return None
    made.rows.insert(row, [])
    return Fault("blank row put in", made.name, [(row, c) for c in range(7)])


def _emptied(rng: random.Random, made: Made) -> Fault | None:
    if made.name in ("Banners",) or (row := _row_of(rng, made)) is None:
        return None
    made.rows[row] = []
    return Fault("row emptied", made.name, [(row, c) for c in range(7)])


def _note_under(rng: random.Random, made: Made) -> Fault | None:
    rows = [row for role in ("value", "share", "low", "of") for row in _lines(made, role)]
    if not rows or made.name in ("Chosen", "Banners", "Labels"):
        return None
    row = max(rows) + 1
    text = rng.choice(("* fewer than 5, not shown", "Source: returns of schools", "Figures are provisional",
                       "These figures were checked by the team in May and agreed with finance"))  # fmt: skip
    made.rows.insert(row, [text])
    return Fault("note under the table", made.name, [(row, 0)])


def _two_blanks(rng: random.Random, made: Made) -> Fault | None:
    keys = [role for role in ("indicator", "area", "period", "code") if made.roles.get(role)]
    if len(keys) < 2 or made.name in ("Banners", "Labels", "Upper", "Actions"):
        return None
    row = rng.choice(_lines(made, keys[0])[1:])
    first, second = rng.sample(keys, 2)
    cells = [(row, c) for role in (first, second) for r, c in made.roles[role] if r == row]
    if made.name == "Coded" or len(cells) != 2:
        return None
    for r, c in cells:
        made.rows[r][c] = None
    return Fault("two keys blank", made.name, cells, said="both")


def _column_blanked(rng: random.Random, made: Made) -> Fault | None:
    if made.name != "Wide":
        return None
    column = rng.randrange(1, 5)
    rows = _lines(made, "count")
    for row in rows:
        made.rows[row][column] = None
    return Fault("column emptied", made.name, [(row, column) for row in rows])


def _stray(rng: random.Random, made: Made) -> Fault | None:
    rows = [row for role in ("value", "share", "low", "count") for row in _lines(made, role)]
    if not rows or made.name == "Wide":
        return None
    row = rng.choice(rows)
    made.rows[row] = [*made.rows[row], *([None] * (11 - len(made.rows[row]))), 77.5]
    return Fault("number beside the table", made.name, [(row, 11)])


def _kinds() -> dict[str, Plant]:
    made = [
        *(_cell(f"{role} blank", role, _blank)
          for role in ("area", "period", "indicator", "provenance", "only", "banner", "label", "labelled", "low", "high", "of",
                       "share", "numerator", "denominator", "action", "text", "value", "count", "snapshot", "inner", "under", "named", "basis")),
        *(_cell(f"{role} mistyped", role, _typo)
          for role in ("area", "indicator", "only", "skip", "stop", "label", "heading", "name", "inner", "under", "named", "basis")),
        *(_cell(f"{role} with an O for a 0", role, _letter_o) for role in ("period", "upper", "banner", "labelled", "code")),
        *(_cell(f"{role} with an l for a 1", role, _letter_l) for role in ("code", "action", "count")),
        *(_cell(f"{role} in a wrong form", role, _wrong_form) for role in ("period", "banner", "labelled")),
        *(_cell(f"{role} in the future", role, _future) for role in ("period", "labelled", "upper")),
        *(_cell(f"{role} no number", role, _not_a_number) for role in ("share", "value", "low", "count", "numerator")),
        *(_cell(f"{role} far too large", role, _far) for role in ("share", "value", "high")),
        *(_cell(f"{role} negative", role, _negative) for role in ("share", "numerator", "count")),
        *(_cell(f"{role} not whole", role, _decimal) for role in ("numerator", "denominator", "count")),
        _cell("numerator that does not match", "numerator", _more),
        _cell("share as a fraction", "share", _fraction), _cell("share with its digits swapped", "share", _digits_swapped),
        _cell("numerator with a word", "numerator", _with_sign),
        *(_cell(f"{role} of another row", role, _another) for role in ("area", "banner", "labelled", "action")),
        _cell("range reversed", "low", _swapped_ends),
        ("row deleted", _deleted), ("row doubled", _doubled), ("blank row put in", _inserted), ("row emptied", _emptied),
        ("note under the table", _note_under), ("two keys blank", _two_blanks), ("column emptied", _column_blanked),
        ("number beside the table", _stray),
    ]  # fmt: skip
    return dict(made)


KINDS = _kinds()
ALONE = {
    "row deleted", "row doubled", "blank row put in", "row emptied", "note under the table", "column emptied",
    "banner blank", "label blank", "labelled blank", "stop mistyped", "heading mistyped", "label mistyped",
    "banner with an O for a 0", "labelled with an O for a 0", "upper with an O for a 0", "banner in a wrong form",
    "inner blank", "inner mistyped", "under blank", "under mistyped", "named blank", "named mistyped",
    "labelled in a wrong form", "area of another row", "banner of another row", "labelled of another row", "action of another row", "labelled in the future", "upper in the future", "number beside the table",
}  # fmt: skip
"""Kinds after which nobody could say what another fault of the sheet should be named by, or where it stands."""
