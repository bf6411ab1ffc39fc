"""The scorecard as a csv, frozen for people who have no dashboard."""

from __future__ import annotations

import csv
import io

from local_indicators.common.safe_text import as_typed, csv_text
from local_indicators.warehouse.queries.scorecard_rows import Scorecard


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
    return csv_text(as_typed(value))
