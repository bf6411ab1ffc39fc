"""The scorecard as it is published, as rows and as a csv. Reads the published file only, so that nothing can stand in a
report that readers could not see."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from common.errors import UsageError
from schemas.findings import as_typed
from warehouse.store.attached_files import attached

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Scorecard:
    """The rows of mart.scorecard with their provenance, in its order, and the version and file they were read from."""

    rows: tuple[Row, ...]
    data_version: int
    published_at: datetime
    run: str
    has_examples: bool
    published_sha256: str


def read_scorecard(published: Path) -> Scorecard:
    """Return the scorecard of a published file. Raises UsageError where nothing is published yet, StorageError."""
    if not published.exists():
        raise UsageError(published, "is not there yet; run a night first")
    with published.open("rb") as file:  # a published file never changes in place: what is read here is one version
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with attached(live=published) as con:
        found = con.execute(
            """SELECT s.*, l.provenance FROM live.mart.scorecard AS s
               LEFT JOIN live.mart.latest AS l USING (indicator_id, area_code, breakdown, time_identifier, time_period)
               ORDER BY ALL NULLS LAST"""
        )
        names = [column[0] for column in found.description or ()]
        rows = tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())
        version, published_at, run, examples = con.execute(
            "SELECT data_version, published_at, run, has_examples FROM live.mart.publication"
        ).fetchall()[0]
    return Scorecard(rows, version, published_at, run, examples, digest)


def as_csv(card: Scorecard) -> bytes:
    """Return every column of mart.scorecard, with provenance and data_version, as csv in UTF-8 with a mark.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO(newline="")
    names = [*(card.rows[0] if card.rows else ()), "data_version"]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in card.rows:
        writer.writerow([_inert(value) for value in row.values()] + [card.data_version])
    return out.getvalue().encode("utf-8-sig")


def _inert(value: object) -> object:
    if not isinstance(value, str):
        return "" if value is None else value
    line = as_typed(value)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
