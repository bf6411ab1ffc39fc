"""Make the file by which later releases try their upgrade: python -m tests.contract.releases.make tests/contract/releases/schema-3.zip

Three nights of one partner: a corrected value, a value too small to be shown, and one that is withdrawn. The zip holds
the store, the published file, the ledger, the accepted tables and the partner's TOML.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

SMALL = ("Derby", "Good level", "2009/10", "reported", 1.5, 3, 200)
NIGHTS = (
    GOOD,
    (*GOOD[:2], (*GOOD[2][:4], 68, None, None), *GOOD[3:], SMALL),
    (*GOOD[:2], (*GOOD[2][:4], 69, None, None), GOOD[3], SMALL),
)
KEPT = ("warehouse/*.duckdb", "archive/ledger.jsonl", "archive/outcomes/*", "partners/*")


def make(target: Path) -> None:
    """Run the nights and keep what they leave."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        os.environ["INDICATORS_PARTNERS"] = str(write_partner(place.root / "partners"))
        for number, rows in enumerate(NIGHTS, start=1):
            write_return(place.inbox / "tester" / "attainment.xlsx", rows)
            place.night(f"night-{number}")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as whole:
            for pattern in KEPT:
                for path in sorted(place.root.glob(pattern)):
                    whole.write(path, path.relative_to(place.root).as_posix())


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve())
