"""Make a workspace that runs its first night at once: for a partnership, or a copy of the example."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.common.toml_text import toml_string
from local_indicators.flows.workspace import SETTINGS_FILE
from local_indicators.schemas.definitions.loader import load_reference_areas
from local_indicators.schemas.reference.geography import Area, Geography

STARTER = Path(__file__).parent / "starter"
EXAMPLE = PACKAGE / "example"
"""The example workspace as it is shipped."""
EXAMPLE_DAY = date(2011, 5, 26)
EXAMPLE_PARTS = ("definitions", "partners", "claims", "inbox")
FIRST_PARTNER = "childrens-services"
FILES: Mapping[str, str] = {
    SETTINGS_FILE: "indicators.toml.jinja",
    ".gitignore": "gitignore.jinja",
    "README.md": "README.md.jinja",
    "definitions/partnership.toml": "partnership.toml.jinja",
    "definitions/indicators/first-indicators.toml": "first-indicator.toml.jinja",
    f"partners/{FIRST_PARTNER}.toml": "partner.toml.jinja",
    "claims/README.md": "claims.md.jinja",
    "texts/README.md": "texts.md.jinja",
}
"""The files of a new workspace, each with its template."""
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_OLD_FILES = {".git", ".gitignore", "README.md", "LICENSE"}
"""What a folder may hold already: a fresh clone of an empty repository has it. None of it is written over."""


@dataclass(frozen=True)
class Partnership:
    """What is asked about a partnership: its name, the areas it is for, and two e-mail addresses."""

    name: str
    areas: tuple[Area, ...]
    sender: str
    analyst: str


def described_partnership(name: str, areas: Sequence[str], sender: str, analyst: str) -> Partnership:
    """Check the answers about a partnership. Raises UsageError for an area that is not known and an address that is
    none."""
    known = load_reference_areas()
    for option, address in (("--sender", sender), ("--analyst", analyst)):
        if not _ADDRESS.fullmatch(address):
            raise UsageError(option, f"must be one e-mail address such as indicators@example.org; found {address!r}")
    if not " ".join(name.split()):
        raise UsageError("--name", "must be the name of the partnership")
    if not areas:
        raise UsageError("--area", "must be the name or code of an area, such as Leicester or E06000016")
    return Partnership(" ".join(name.split()), tuple(_area(typed, known) for typed in areas), sender, analyst)


def _area(typed: str, known: Geography) -> Area:
    """The area that is meant, as its code is now. Raises UsageError with areas of like name."""
    area = known.find(typed) or known.find(typed, ("Local authority",)) or known.find(typed, ("District",))
    if area is None:
        names = sorted({area.name for area in known.areas})
        likely = get_close_matches(typed.title(), names, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(likely)}?" if likely else "give its GSS code, such as E06000016"
        raise UsageError("--area", f"{typed!r} is no area that we know; {hint}")
    return known.current(area, date.max) or area


def make_workspace(folder: Path, partnership: Partnership, today: date) -> list[Path]:
    """Write a new workspace into a folder and return its files. Raises UsageError where the folder is not empty,
    StorageError where it cannot be written."""
    _require_empty(folder)
    year = today.year if today >= date(today.year, 4, 1) else today.year - 1
    values = {
        "name": partnership.name,
        "areas": partnership.areas,
        "sender": partnership.sender,
        "analyst": partnership.analyst,
        "partner": FIRST_PARTNER,
        "period": f"{year - 1}/{year % 100:02}",
        "due": today + timedelta(days=30),
        "today": None,
    }
    written = _write_files(folder, FILES, values)
    (folder / "inbox" / FIRST_PARTNER).mkdir(parents=True, exist_ok=True)
    return written


def copy_example(folder: Path) -> list[Path]:
    """Copy the example workspace into a folder, with its dates, and return its files. Raises UsageError where the
    folder is not empty, StorageError where it cannot be written."""
    _require_empty(folder)
    values = {
        "name": "Example partnership",
        "sender": "indicators@example.org",
        "analyst": "analyst@example.org",
        "today": EXAMPLE_DAY,
    }
    names = (SETTINGS_FILE, ".gitignore")
    written = _write_files(folder, {name: FILES[name] for name in names}, values)
    try:
        for part in EXAMPLE_PARTS:
            shutil.copytree(EXAMPLE / part, folder / part, dirs_exist_ok=True)
            written += sorted(path for path in (folder / part).rglob("*") if path.is_file())
    except OSError as error:
        raise StorageError(folder, f"cannot be written ({error.strerror})") from None
    return written


def _require_empty(folder: Path) -> None:
    if folder.is_file():
        raise UsageError(folder, "is a file; name a new or empty folder")
    there = {path.name for path in folder.iterdir()} - _OLD_FILES if folder.is_dir() else set()
    if SETTINGS_FILE in there:
        raise UsageError(folder, "is a workspace already; `indicators add` adds to it")
    if there:
        raise UsageError(folder, f"is not empty ({', '.join(sorted(there)[:3])}); name a new or empty folder")


def _write_files(folder: Path, files: Mapping[str, str], values: Mapping[str, Any]) -> list[Path]:
    environment = Environment(  # noqa: S701  # TOML and Markdown, escaped by the filters
        loader=FileSystemLoader(STARTER), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"toml": toml_string, "shell": shlex.quote}
    written = []
    try:
        for name, template in files.items():
            path = folder / name
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(environment.get_template(template).render(**values), encoding="utf-8")
            written.append(path)
        _write_secrets(folder / ".env")
    except OSError as error:
        raise StorageError(error.filename or folder, f"cannot be written ({error.strerror})") from None
    return written


def _write_secrets(path: Path) -> None:
    """Write the file for secrets, readable by its owner only; one that is there stays."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write((STARTER / "env.jinja").read_text(encoding="utf-8"))
