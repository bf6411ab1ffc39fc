"""The scorecard as a page of HTML, frozen for people who have no dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from local_indicators.common.jinja_templates import NO_BRANDING, Branding, render
from local_indicators.common.safe_text import as_typed
from local_indicators.schemas.reference.breakdowns import TOTAL
from local_indicators.schemas.reference.periods import read_period
from local_indicators.warehouse.queries.scorecard_rows import Row, Scorecard

TEMPLATES = Path(__file__).parent / "templates"
NAME = "scorecard.html.jinja"
HEADINGS = (
    "Indicator", "Period", "Latest", "Target", "Against the target", "Direction", "Against England", "Open actions",
    "Who answers for it",
)  # fmt: skip


def as_page(card: Scorecard, title: str, filed_at: datetime, branding: Branding = NO_BRANDING) -> str:
    """Return the scorecard as one page of HTML that needs nothing else, runs nothing and can be printed or read aloud.

    Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    values = {
        "title": as_typed(title),
        "headings": HEADINGS,
        "data_version": card.data_version,
        "published": f"{card.published_at:%d %B %Y, %H:%M} UTC",
        "taken": f"{filed_at:%d %B %Y, %H:%M} UTC",
        "published_sha256": card.published_sha256,
        "has_examples": card.has_examples,
        "has_illustrative": any(row["provenance"] == "illustrative" for row in card.rows),
        "plans": [
            {"name": as_typed(plan), "priorities": _priorities(list(rows))}
            for plan, rows in groupby(card.rows, key=lambda row: row["framework"])
        ],
    }
    return render(TEMPLATES, NAME, branding, values)


def _priorities(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"name": as_typed(priority), "objectives": _objectives(list(chosen))}
        for priority, chosen in groupby(rows, key=lambda row: row["priority"])
    ]


def _objectives(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"name": as_typed(objective), "lines": [_line(row) for row in chosen if row["indicator_id"]]}
        for objective, chosen in groupby(rows, key=lambda row: row["objective"])
    ]


def _line(row: Row) -> dict[str, Any]:
    """Return what the template may use of one indicator; empty where nothing is held. Organisations' own templates
    rely on these names."""
    target = "" if row["target"] is None else _figure(row["target"], None, row["unit"])
    return {
        "indicator": as_typed(row["indicator"]),
        "breakdown": "" if row["breakdown"] == TOTAL else as_typed(row["breakdown"]),
        "area": as_typed(row["area_name"]),
        "period": _period(row["time_identifier"], row["time_period"]),
        "latest": _figure(row["latest"], row["latest_text"], row["unit"]),
        "has_latest": row["latest"] is not None or row["latest_text"] is not None,
        "illustrative": row["provenance"] == "illustrative",
        "target": target,
        "target_period": _period(row["time_identifier"], row["target_period"]),
        "target_status": as_typed(row["target_status"]),
        "direction": as_typed(row["direction"]),
        "england_significance": as_typed(row["england_significance"]),
        "open_actions": row["open_actions"],
        "officer": as_typed(row["officer"]),
    }


def _figure(value: float | None, text: str | None, unit: str | None) -> str:
    if value is None:
        return as_typed(text)
    number = f"{value:,.10g}"
    return as_typed(number + (unit if unit == "%" else f" {unit}" if unit else ""))


def _period(identifier: str | None, code: str | None) -> str:
    if identifier is None or code is None:
        return ""
    period = read_period(code, identifier)
    return as_typed(f"{identifier} {period.label}" if period else f"{identifier} {code}")


def try_page(branding: Branding) -> None:
    """Fill in the page once, with and without rows, and keep nothing of it.

    Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    at = datetime(2011, 5, 26, tzinfo=UTC)
    texts = ("framework", "priority", "objective", "indicator", "latest_text", "unit", "target_status", "direction")
    held = dict.fromkeys(
        (*texts, "breakdown", "area_name", "england_significance", "officer", "indicator_id"), "sample"
    )
    held |= {"time_identifier": "Calendar year", "time_period": "2010", "target_period": "2011"}
    full: Row = {**held, "latest": 1.0, "target": 2.0, "open_actions": 0, "provenance": "illustrative"}
    empty: Row = {**dict.fromkeys(full), "framework": "sample", "open_actions": 0}
    not_held: Row = {**empty, "indicator_id": "sample", "indicator": "sample"}
    for rows in ((full, not_held, {**empty, "objective": "sample"}), ()):
        card = Scorecard(rows, data_version=1, published_at=at, run="sample", has_examples=True, published_sha256="")
        as_page(card, "Scorecard", at, branding)
