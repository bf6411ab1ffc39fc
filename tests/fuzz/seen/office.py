"""LibreOffice without a window: workbooks to csv as displayed, and to other kinds of workbook."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

AS_DISPLAYED = "csv:Text - txt - csv (StarCalc):44,34,76,1,,2057,false,true,true,false,false,-1"
"""Fields by commas in UTF-8, for English (UK), every sheet to a file of its own, and cells as they are shown."""
SECONDS = 300
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def convert(files: Sequence[Path], to: str, folder: Path) -> None:
    """Convert files in one start of the program. Raises RuntimeError where it gives up."""
    if OFFICE is None:
        raise RuntimeError("LibreOffice is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder.parent / "profile"
    command = [OFFICE, f"-env:UserInstallation={profile.resolve().as_uri()}", "--headless", "--convert-to", to]
    done = subprocess.run(
        [*command, "--outdir", str(folder), *map(str, files)], capture_output=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"LibreOffice gave up: {done.stderr.decode('utf-8', 'replace')[:500]}")


def displayed(folder: Path, file: Path, sheet: str) -> list[list[str]]:
    """The cells of a sheet as they are displayed, by row and column from A1."""
    path = folder / f"{file.stem}-{sheet}.csv"
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.reader(table))
