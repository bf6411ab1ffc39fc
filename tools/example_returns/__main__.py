"""Writes the example returns: `python -m tools.example_returns [DIR]`, DIR being inputs/incoming unless given."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.example_returns import write

if __name__ == "__main__":
    for path in write(*map(Path, sys.argv[1:2])):
        print(path)
