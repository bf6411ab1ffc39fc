"""Random workbooks, a hundred at a time: made, displayed by LibreOffice, judged by us, compared."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

from local_indicators.flows.checking.validate_files import validate_files
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.observations import CheckContext
from tests.fuzz.seen.compare import Compared, Difference
from tests.fuzz.seen.known import is_known
from tests.fuzz.seen.office import AS_DISPLAYED, convert, displayed
from tests.fuzz.seen.partner import toml
from tests.fuzz.seen.workbooks import Made, make
from tests.support.places import DEFINITION_FILES

TODAY = date(2011, 5, 31)
BATCH = 100
KINDS = ("xlsx", "ods", "xls")
LISTED = 200
"""Differences that are printed."""


@dataclass
class Result:
    """What a run compared and found. `figures` are loaded numbers that were held against what is displayed."""

    workbooks: int = 0
    figures: int = 0
    tricks: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Take over what another part of the run found."""
        self.workbooks += other.workbooks
        self.figures += other.figures
        self.tricks.update(other.tricks)
        self.statuses.update(other.statuses)
        self.known.update(other.known)
        self.differences += other.differences

    @property
    def says(self) -> str:
        lines = [
            str(difference) for difference in sorted(self.differences, key=lambda one: (one.code, one.file))[:LISTED]
        ]
        found = (
            f"{len(self.differences)} silent differences in {self.workbooks} files with {self.figures} figures compared"
        )
        known = f"known differences of LibreOffice and Excel: {_counts(self.known) or 'none'}"
        tricks = f"workbooks by trick: {_counts(self.tricks)}"
        return "\n".join([*lines, f"{found}; {_counts(self.statuses)}", known, tricks])


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def run(
    seeds: Sequence[int],
    kinds: Sequence[str] = KINDS,
    *,
    keep: Path | None = None,
    more: str = "",
    processes: int = 1,
) -> Result:
    """Compare the workbooks of seeds; every third also as ods and every third as xls, as LibreOffice saves them. `more`
    are further keys of the layouts."""
    result = Result()
    batches = [seeds[begun : begun + BATCH] for begun in range(0, len(seeds), BATCH)]
    one_batch = partial(_batch, kinds=tuple(kinds), keep=keep, more=more)
    if processes > 1:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            _gather(pool.map(one_batch, batches), result)
    else:
        _gather(map(one_batch, batches), result)
    return result


def _gather(parts: Iterator[Result], result: Result) -> None:
    for part in parts:
        result.add(part)
        for difference in part.differences:
            print(f"\r{difference}", file=sys.stderr)
        said = f"\r{result.workbooks} files, {result.figures} figures, {len(result.differences)} differences"
        print(said, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _batch(seeds: Sequence[int], kinds: Sequence[str], keep: Path | None, more: str) -> Result:
    result = Result()
    with tempfile.TemporaryDirectory(prefix="seen-") as name:
        folder = Path(name)
        made = [make(seed) for seed in seeds]
        for one in made:
            (folder / one.name).write_bytes(one.content)
            result.tricks.update(one.tricks)
        (folder / "partners").mkdir()
        (folder / "partners" / "seen.toml").write_text(toml(more), encoding="utf-8")
        files = list(_files(made, kinds, folder))
        for _, group in groupby(files, key=lambda file: file[0].suffix):
            convert([path for path, _ in group], AS_DISPLAYED, folder / "shown")
        _compare(files, folder, result, keep)
    return result


def _compare(files: Sequence[tuple[Path, Made]], folder: Path, result: Result, keep: Path | None) -> None:
    """Judge the files of a batch, and hold what is loaded of them against what is displayed."""
    arrivals = [(Origin("seen", f"seen/{path.name}", TODAY), path.read_bytes) for path, _ in files]
    partners = load_partners(definitions := load_definitions(DEFINITION_FILES), folder / "partners")
    judged = validate_files(arrivals, partners, definitions, CheckContext(TODAY))
    with Reader(Limits()) as reader:
        for (path, one), group in zip(files, judged, strict=True):
            cells = reader.read(path.read_bytes())
            result.workbooks += 1
            result.statuses.update(judgement.status for judgement in group)
            for judgement in group:
                if not isinstance(cells, Cells) or judgement.table is None:
                    continue
                compared = Compared(one, judgement, cells, displayed(folder / "shown", path, "Figures"))
                found = list(compared.differences())
                result.figures += compared.figures
                result.known.update(why for each in found if (why := is_known(each)))
                found = [each for each in found if not is_known(each)]
                result.differences += found
                if found and keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, keep / path.name)


def _files(made: Sequence[Made], kinds: Sequence[str], folder: Path) -> Iterator[tuple[Path, Made]]:
    """The files to compare. Other kinds are saved by LibreOffice from the workbooks, under names of their own."""
    if "xlsx" in kinds:
        yield from ((folder / one.name, one) for one in made)
    for number, kind in enumerate(("ods", "xls"), start=1):
        chosen = [one for place, one in enumerate(made) if place % 3 == number] if kind in kinds else []
        if chosen:
            convert([folder / one.name for one in chosen], kind, folder / kind)
        for one in chosen:
            path = folder / f"{Path(one.name).stem}{kind}.{kind}"
            (folder / kind / f"{Path(one.name).stem}.{kind}").rename(path)
            yield path, one
