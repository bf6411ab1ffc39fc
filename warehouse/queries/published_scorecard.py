"""Read the scorecard as it is published: from the published file only, so that nothing can stand in a report that
readers could not see."""

from __future__ import annotations

import hashlib
from pathlib import Path

from local_indicators.common.errors import UsageError
from local_indicators.warehouse.queries.scorecard_rows import Scorecard
from local_indicators.warehouse.store.attached_files import connect_with_files


def read_scorecard(published: Path) -> Scorecard:
    """Return the scorecard of a published file. Raises UsageError where nothing is published yet, StorageError."""
    if not published.exists():
        raise UsageError(published, "is not there yet; run a night first")
    with published.open("rb") as file:  # a published file never changes in place: what is read here is one version
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with connect_with_files(live=published) as con:
        cursor = con.execute(
            """SELECT s.*, l.provenance FROM live.mart.scorecard AS s
               LEFT JOIN live.mart.latest AS l USING (indicator_id, area_code, breakdown, time_identifier, time_period)
               ORDER BY ALL NULLS LAST"""
        )
        names = [column[0] for column in cursor.description or ()]
        rows = tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
        version, published_at, run, examples = con.execute(
            "SELECT data_version, published_at, run, has_examples FROM live.mart.publication"
        ).fetchall()[0]
    return Scorecard(rows, version, published_at, run, examples, digest)
