"""The long run: `make seen`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.seen.office import OFFICE
from tests.fuzz.seen.run import KINDS, run


def main() -> int:
    """Compare as many random workbooks as asked for; 1 where something passed in silence, 2 without LibreOffice."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.seen", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=5000)
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first workbook")
    parser.add_argument("--kinds", default=",".join(KINDS), help="the kinds of file that are compared")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("seen-differences"), help="where workbooks at fault go")
    given = parser.parse_args()
    if OFFICE is None:
        print("LibreOffice is not installed: there is nothing to compare with", file=sys.stderr)
        return 2
    seeds = range(given.seed, given.seed + given.count)
    result = run(seeds, tuple(given.kinds.split(",")), keep=given.keep, processes=given.processes)
    print(result.says)
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
