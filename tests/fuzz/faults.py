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
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.flows.checking.validate_files import ValidationResult, validate_each_file
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.readers.invisible_characters import clean_cells
from local_indicators.inputs.readers.read_file import read_file
from local_indicators.inputs.sandbox.reader_processes import ReaderPool
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import KEY, PAYLOAD, CheckContext
from tests.fuzz.fault_kinds import ALONE, KINDS, Fault, Spoilt
from tests.fuzz.shapes import LAYOUTS, SHAPES
from tests.support.places import DEFINITION_FILES
from tests.support.small_returns import book

TODAY = date(2011, 5, 26)
GOAL = 0.995


# kinds that concern rows


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
    definitions = load_definitions(DEFINITION_FILES)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shapes.toml").write_text(LAYOUTS, encoding="utf-8")
        return Bench(definitions, load_partners(definitions, Path(folder)))


def accepted_of(validation_result: ValidationResult) -> pl.DataFrame:
    """The figures of a judgement as they are held once they are loaded."""
    assert validation_result.table is not None
    where = pl.coalesce("at_value", "at_value_text", "at_value_low", "at_numerator", "at_denominator")
    return validation_result.table.frame.select(
        *KEY,
        *PAYLOAD,
        pl.lit(validation_result.collection).alias("collection"),
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
