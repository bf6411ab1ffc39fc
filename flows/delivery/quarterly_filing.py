"""Quarterly reports: made from the published file, filed once under the quarter, never changed, and announced to their
readers."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from local_indicators.common.atomic_files import put_folder_in_place
from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.flows.records.return_register import holds_office
from local_indicators.replies.reports.scorecard_csv import as_csv
from local_indicators.replies.reports.scorecard_page import as_page
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.notifications import ANALYST
from local_indicators.warehouse.queries.published_scorecard import read_scorecard
from local_indicators.warehouse.queries.scorecard_rows import Scorecard

MANIFEST = "manifest.json"
MAKING = ".making-"
Audience = Literal["officers", "analyst", "nobody"]


@dataclass(frozen=True)
class Quarter:
    """Three months of a calendar year."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """Return the name, such as 2011-Q1."""
        return f"{self.year}-Q{self.number}"

    @property
    def label(self) -> str:
        """Return the months and the year."""
        months = ("January to March", "April to June", "July to September", "October to December")
        return f"{months[self.number - 1]} {self.year}"


def parse_quarter(name: str | None, today: date) -> Quarter:
    """Return the quarter that a name such as 2011-Q1 means; without one, the last that has ended by today. Raises
    UsageError."""
    if name is None:
        ended = (today.month - 1) // 3
        return Quarter(today.year, ended) if ended else Quarter(today.year - 1, 4)
    year, _, number = name.partition("-Q")
    if not (len(year) == 4 and year.isdigit() and number in ("1", "2", "3", "4")):
        raise UsageError("quarter", f"must look like 2011-Q1; found {name!r}")
    return Quarter(int(year), int(number))


@dataclass(frozen=True)
class FiledReport:
    """A report in its folder: its name (2011-Q1, or 2011-Q1.2 for another edition), its manifest, and whether this run
    made it."""

    folder: Path
    manifest: Mapping[str, Any]
    is_new: bool = False

    @property
    def name(self) -> str:
        """Return the name of the folder."""
        return self.folder.name

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Return the page and the csv. Raises StorageError where one is gone."""
        try:
            return [(name, (self.folder / name).read_bytes()) for name in self.manifest["files"]]
        except OSError as error:
            raise StorageError(self.folder, f"cannot be read ({error.strerror}); restore it from a backup") from None


def report_recipients(whom: Audience, definitions: Definitions, today: date) -> list[str]:
    """Return the recipients of a report: every officer in office, the analyst, or nobody."""
    if whom == "nobody":
        return []
    if whom == "analyst":
        return [ANALYST]
    return [f"officer/{name}" for name, officer in sorted(definitions.officers.items()) if holds_office(officer, today)]


def file_report(
    reports: Path,
    published: Path,
    quarter: Quarter,
    run: str,
    filed_at: datetime,
    to: list[str],
    *,
    again: bool,
    branding: Branding = NO_BRANDING,
) -> FiledReport:
    """Make and file the report of a quarter if it is not there yet, and return it; `again` files another edition beside
    it.

    The folder gets its name once it is whole, and is not written to afterwards. Raises StorageError, and UsageError
    where nothing is published yet.
    """
    editions = [report for report in list_filed_reports(reports) if report.name.partition(".")[0] == quarter.name]
    if editions and not again:
        return editions[-1]
    card = read_scorecard(published)
    name = quarter.name + (f".{len(editions) + 1}" if editions else "")
    title = f"Scorecard, {quarter.label}" + (f" (edition {len(editions) + 1})" if editions else "")
    stem = f"scorecard-{name}-{filed_at:%Y-%m-%d}-version-{card.data_version}"
    contents = {f"{stem}.html": as_page(card, title, filed_at, branding).encode(), f"{stem}.csv": as_csv(card)}
    manifest = {
        "title": title,
        "quarter": quarter.name,
        **_provenance(card),
        "filed_at": filed_at.isoformat(),
        "filed_by_run": run,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "to": to,
    }
    contents[MANIFEST] = orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n"
    _put(reports, name, contents)
    return FiledReport(reports / name, manifest, is_new=True)


def _provenance(card: Scorecard) -> dict[str, Any]:
    """Return what the manifest says of the published file that a report is made from."""
    return {
        "data_version": card.data_version,
        "published_at": card.published_at.isoformat(),
        "published_by_run": card.run,
        "published_sha256": card.published_sha256,
        "has_examples": card.has_examples,
    }


def _put(reports: Path, name: str, contents: Mapping[str, bytes]) -> None:
    """Write a folder whole or not at all. Raises StorageError."""
    making = reports / f"{MAKING}{name}"
    try:
        reports.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        for file_name, content in contents.items():
            (making / file_name).write_bytes(content)
            (making / file_name).chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        put_folder_in_place(making, reports / name)
    except OSError as error:
        raise StorageError(reports, f"cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def list_filed_reports(reports: Path) -> Iterator[FiledReport]:
    """Yield the filed reports, by quarter and edition. Raises StorageError for one with a damaged manifest."""
    folders: list[Path] = []
    with contextlib.suppress(FileNotFoundError):
        folders = [
            folder for folder in reports.iterdir() if (folder / MANIFEST).is_file() and not folder.name.startswith(".")
        ]
    for folder in sorted(folders, key=_by_edition):
        try:
            manifest = orjson.loads((folder / MANIFEST).read_bytes())
            yield FiledReport(
                folder,
                {"title": manifest["title"], "files": dict(manifest["files"]), "to": list(manifest["to"]), **manifest},
            )
        except (OSError, ValueError, KeyError, TypeError):
            raise StorageError(folder / MANIFEST, "is damaged; restore it from a backup") from None


def _by_edition(folder: Path) -> tuple[str, int]:
    """Return quarter and edition of a folder."""
    quarter, _, edition = folder.name.partition(".")
    return quarter, int(edition) if edition.isdigit() else 1
