"""A workspace of a partnership's own, with nothing of the example in it but indicators and areas."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.places import DEFINITION_FILES, Place
from tests.support.small_returns import write_partner, write_return

ADDRESSES = 'sender = "indicators@council.test"\nanalyst = "analyst@council.test"\n'


def own_workspace(root: Path) -> Place:
    """Make a workspace whose only partner has sent one return."""
    place = Place(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / "indicators.toml").write_text(ADDRESSES, encoding="utf-8")
    write_own_definitions(root / "definitions")
    write_partner(root / "partners")
    with_own_address(root / "partners" / "tester.toml")
    write_return(place.inbox / "tester" / "attainment.xlsx")
    return place


def write_own_definitions(folder: Path) -> None:
    """Write definitions with officers of their own, and without a plan and targets."""
    shutil.copytree(DEFINITION_FILES, folder)
    for name in ("plan.toml", "targets.csv", "frameworks.toml", "area_aliases.csv"):
        (folder / name).unlink()
    with_own_address(folder / "officers.toml")
    without_keys(folder, "objective", "priority", "replaces")


def without_keys(folder: Path, *names: str) -> None:
    """Take keys out of every indicator."""
    for path in (folder / "indicators").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"(?m)^({'|'.join(names)}) = .*\n", "", text), encoding="utf-8")


def with_own_address(path: Path) -> None:
    """Replace the domain of examples in a file."""
    path.write_text(path.read_text(encoding="utf-8").replace("example.org", "council.test"), encoding="utf-8")
