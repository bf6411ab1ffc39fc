"""Random workbooks with one to six faults of many kinds in each: every fault is named once, at its cell, and nothing else.

`python -m tests.fuzz.faults 300 [seed]` prints how many of each kind were right, and exits 1 if any was silent or
fewer than GOAL were right.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.checking.validate_files import ValidationResult, validate_each_file
from inputs.layouts.partner_layouts import Partner, load_partners
from inputs.parsing.return_identification import Origin
from inputs.readers.cells import Cells
from inputs.readers.invisible_characters import clean_cells
from inputs.readers.read_file import read_file
from inputs.sandbox.reader_processes import ReaderPool
from schemas.definitions.loader import load_definitions
from schemas.definitions.models import Definitions
from schemas.findings import Finding, address_of_position, cell_position, cells_of_finding
from schemas.observations import KEY, PAYLOAD, CheckContext
from tests.fuzz.shapes import LAYOUTS, SHAPES, Made, Where
from tests.support.small_returns import book

TODAY = date(2011, 5, 26)
GOAL = 0.995


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


ANOTHER = object()


# kinds that concern rows


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


def spoilt(rng: random.Random, most: int = 6, only: str = "") -> Spoilt:
    """A random workbook with one to `most` faults, each of a random kind, at most one of a row, and of a sheet with one
    that concerns more than its row only that one."""
    sheets = [shape(rng) for shape in SHAPES]
    before = {made.name: [list(row) for row in made.rows] for made in sheets}
    wanted, faults = rng.randrange(1, most + 1), list[Fault]()
    touched: dict[str, set[int]] = {}
    closed: set[str] = set()
    for _ in range(60):
        if len(faults) >= wanted:
            break
        kind, made = only or rng.choice(list(KINDS)), rng.choice(sheets)
        if made.name in closed or (kind in ALONE and made.name in touched):
            continue
        kept = [list(row) for row in made.rows]
        fault = KINDS[kind](rng, made)
        rows = {row for row, _ in fault.cells} if fault else set()
        if fault is None or rows & touched.get(made.name, set()):
            made.rows = kept
            continue
        faults.append(fault)
        touched.setdefault(made.name, set()).update(rows)
        if kind in ALONE:
            closed.add(made.name)
    return Spoilt(before, {made.name: made.rows for made in sheets}, faults)


class Here(ReaderPool):
    """Readers without child processes: what is read here was made here."""

    def __init__(self) -> None:
        pass

    def read(self, contents: Sequence[Callable[[], bytes]]) -> Iterator[tuple[int, Cells | Finding] | None]:
        yield from ((number, clean_cells(read_file(content()))) for number, content in enumerate(contents))


@dataclass
class Bench:
    """What judging needs."""

    definitions: Definitions
    partners: Mapping[str, Partner]

    def judged(self, content: bytes, accepted: pl.DataFrame | None) -> ValidationResult:
        arrivals = [(Origin("shapes", "shapes/figures.xlsx", TODAY), lambda: content)]
        context = CheckContext(TODAY, accepted)
        ((_, (one,)),) = filter(None, validate_each_file(arrivals, self.partners, self.definitions, context, Here()))
        return one


def bench() -> Bench:
    definitions = load_definitions()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shapes.toml").write_text(LAYOUTS, encoding="utf-8")
        return Bench(definitions, load_partners(definitions, Path(folder)))


def accepted_of(one: ValidationResult) -> pl.DataFrame:
    """The figures of a judgement as they are held once they are loaded."""
    assert one.table is not None
    where = pl.coalesce("at_value", "at_value_text", "at_value_low", "at_numerator", "at_denominator")
    return one.table.frame.select(
        *KEY,
        *PAYLOAD,
        pl.lit(one.collection).alias("collection"),
        pl.lit("shapes").alias("partner"),
        pl.lit("shapes/figures.xlsx").alias("source_file"),
        "sheet",
        where.map_elements(address_of_position, return_dtype=pl.String).alias("cell"),
    )


def wrong_with(one: Spoilt, findings: list[Finding]) -> Iterator[tuple[Fault | None, str]]:
    """Each fault that is silent or not named once, and each finding that names none."""
    named = [(f, {(sheet, place) for sheet, place in cells_of_finding(f)}) for f in findings]
    taken: set[int] = set()
    for fault in one.faults:
        cells = {(fault.sheet, cell_position(*where)) for where in fault.cells}
        mine = [
            n
            for n, (f, held) in enumerate(named)
            if held & cells or (f.rule in fault.rules and f.sheet in (None, fault.sheet))
        ]
        taken.update(mine)
        if fault.said == "both":
            covered = {cell for n in mine for cell in named[n][1]}
            if not cells <= covered:
                yield fault, "silent"
        elif not mine:
            yield fault, "silent"
        elif len(mine) > 1 and not fault.rules:
            yield fault, f"named {len(mine)} times: {[(named[n][0].rule, named[n][0].cells) for n in mine]}"
    for number, (f, _) in enumerate(named):
        if number not in taken:
            yield None, f"{f.severity} {f.rule} {f.sheet} {f.cells[:3]} {f.found[:60]!r}"


def run(seed: int, count: int, made: Bench, said: Callable[[str], None], only: str = "") -> Counter[tuple[str, str]]:
    """Judge so many workbooks; how many faults of each kind were right, and how the others were not."""
    became: Counter[tuple[str, str]] = Counter()
    for number in range(count):
        rng = random.Random(seed * 100_000 + number)  # noqa: S311
        one = spoilt(rng, only=only)
        before = made.judged(book(one.before), None)
        if before.status != "accepted":
            raise AssertionError([f.as_dict() for f in before.findings])
        after = made.judged(book(one.after), accepted_of(before))
        wrong = list(wrong_with(one, list(after.findings)))
        plain = [
            (f.kind, f.sheet, [address_of_position(cell_position(*c)) for c in f.cells[:2]], f.said) for f in one.faults
        ]
        for fault, words in wrong:
            said(f"{number}: {fault.kind if fault else 'nobody planted'}: {words} of {plain}")
        bad = {id(fault): words.split(":")[0] for fault, words in wrong if fault}
        extra = any(fault is None for fault, _ in wrong)
        for fault in one.faults:
            became[fault.kind, bad.get(id(fault), "beside what nobody planted" if extra else "right")] += 1
    return became


def main() -> int:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    only = sys.argv[3] if len(sys.argv) > 3 else ""
    became = run(seed, count, bench(), lambda text: print(text, flush=True), only)
    for (kind, end), many in sorted(became.items()):
        print(f"{kind:34} {end:32} {many:6}")
    total = became.total()
    right = sum(many for (_, end), many in became.items() if end == "right")
    silent = sum(many for (_, end), many in became.items() if end == "silent")
    print(f"{right} of {total} faults right ({100 * right / max(total, 1):.2f} %), {silent} silent; {len(KINDS)} kinds")
    return int(silent > 0 or right < GOAL * total)


if __name__ == "__main__":
    sys.exit(main())
