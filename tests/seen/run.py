"""Random workbooks, a hundred at a time: made, displayed by LibreOffice, judged by us, compared."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from flows.judging import judge
from inputs.cells import Cells
from inputs.identify import Origin
from inputs.layouts import load_partners
from inputs.read import Limits, Reader
from schemas.definitions import load_definitions
from schemas.tables import Context
from tests.seen.compare import Difference, differences
from tests.seen.office import AS_DISPLAYED, convert, displayed
from tests.seen.partner import toml
from tests.seen.workbooks import Made, make

TODAY = date(2011, 5, 31)
BATCH = 100


@dataclass
class Result:
    """What a run compared and found."""

    workbooks: int = 0
    figures: int = 0
    tricks: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def says(self) -> str:
        tricks = ", ".join(f"{name} {count}" for name, count in sorted(self.tricks.items()))
        told = ", ".join(f"{name} {count}" for name, count in sorted(self.statuses.items()))
        lines = [f"{one.file} {one.cell}: seen {one.seen!r}, loaded {one.loaded}" for one in self.differences[:50]]
        found = (
            f"{len(self.differences)} silent differences in {self.workbooks} files with {self.figures} loaded figures"
        )
        return "\n".join([*lines, f"{found}; {told}", f"workbooks by trick: {tricks}"])


def run(
    seeds: Sequence[int], kinds: Sequence[str] = ("xlsx", "ods", "xls"), *, keep: Path | None = None, more: str = ""
) -> Result:
    """Compare the workbooks of seeds; every third also as ods and every third as xls, as LibreOffice saves them. `more`
    are further keys of the layouts."""
    result = Result()
    for begun in range(0, len(seeds), BATCH):
        batch = seeds[begun : begun + BATCH]
        with tempfile.TemporaryDirectory(prefix="seen-") as folder:
            _batch(batch, kinds, Path(folder), result, keep, more)
        print(f"\r{result.workbooks} files, {len(result.differences)} differences", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return result


def _batch(
    seeds: Sequence[int], kinds: Sequence[str], folder: Path, result: Result, keep: Path | None, more: str
) -> None:
    made = [make(seed) for seed in seeds]
    for one in made:
        (folder / one.name).write_bytes(one.content)
        result.tricks.update(one.tricks)
    (folder / "partners").mkdir()
    (folder / "partners" / "seen.toml").write_text(toml(more), encoding="utf-8")
    files = list(_files(made, kinds, folder))
    convert([path for path, _ in files], AS_DISPLAYED, folder / "shown")
    definitions = load_definitions()
    partners = load_partners(definitions, folder / "partners")
    arrivals = [(Origin("seen", f"seen/{path.name}", TODAY), path.read_bytes) for path, _ in files]
    judged = judge(arrivals, partners, definitions, Context(TODAY))
    with Reader(Limits()) as reader:
        for (path, one), group in zip(files, judged, strict=True):
            cells = reader.read(path.read_bytes())
            result.workbooks += 1
            result.statuses.update(judgement.status for judgement in group)
            for judgement in group:
                result.figures += judgement.rows
                if not isinstance(cells, Cells) or judgement.table is None:
                    continue
                shown = displayed(folder / "shown", path, "Figures")
                found = list(differences(one.kind, judgement, cells, shown, one.seen))
                result.differences += found
                if found and keep is not None:
                    keep.mkdir(exist_ok=True)
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
