"""The scorecard as it is published, frozen as a page and a csv for people who have no dashboard. Reads the published
file only, so that nothing can stand in a report that readers could not see."""

from __future__ import annotations

import csv
import hashlib
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from common.errors import UsageError
from schemas.findings import as_typed
from schemas.reference.breakdowns import TOTAL
from schemas.reference.periods import read_period
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
    """The scorecard of a published file. Raises UsageError where nothing is published yet, StorageError."""
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


# -- csv --------------------------------------------------------------------------------------------------------------


def as_csv(card: Scorecard) -> bytes:
    """Every column of mart.scorecard, with provenance and data_version; a text that a spreadsheet would take for a
    formula begins with an apostrophe."""
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


# -- page -------------------------------------------------------------------------------------------------------------

_STYLE = """
body{font:16px/1.5 Arial,sans-serif;color:#0b0c0c;background:#fff;max-width:80rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:0 0 2rem}caption{text-align:left;font-weight:bold;padding:.4rem 0}
th,td{border-bottom:1px solid #505a5f;padding:.4rem .6rem;text-align:left;vertical-align:top}
tbody th{font-weight:normal}.n{text-align:right;white-space:nowrap}
.note{border-left:.4rem solid #0b0c0c;padding:.2rem 1rem}.wide{overflow-x:auto}
dt{font-weight:bold}dd{margin:0 0 .6rem}
@media print{body{margin:0;max-width:none;font-size:10pt}thead{display:table-header-group}tr{break-inside:avoid}}
"""
HEADINGS = (
    "Indicator", "Period", "Latest", "Target", "Against the target", "Direction", "Against England", "Open actions",
    "Who answers for it",
)  # fmt: skip


def as_page(card: Scorecard, title: str, filed_at: datetime) -> str:
    """The scorecard as one page of HTML that needs nothing else, runs nothing and can be printed or read aloud."""
    facts = (
        ("Data version", str(card.data_version)),
        ("Published", f"{card.published_at:%d %B %Y, %H:%M} UTC"),
        ("Taken", f"{filed_at:%d %B %Y, %H:%M} UTC"),
        ("Published file, SHA-256", card.published_sha256),
    )
    body = [
        f"<h1>{_e(title)}</h1>",
        "<p>This page shows the scorecard as it was published on the day it was taken. It does not change.</p>",
        f"<dl>{''.join(f'<dt>{_e(name)}</dt><dd>{_e(value)}</dd>' for name, value in facts)}</dl>",
        "<p class=note>It holds example data and is for trial only.</p>" if card.has_examples else "",
        "<p>&ldquo;Illustrative&rdquo; marks figures that were invented to show how the page works.</p>"
        if any(row["provenance"] == "illustrative" for row in card.rows)
        else "",
        *_plans(card.rows),
    ]
    return (
        '<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(title)}</title><style>{_STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _plans(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "<p>Nothing is published for the plan yet.</p>"
    for plan, of_plan in groupby(rows, key=lambda row: row["framework"]):
        yield f"<h2>{_e(plan)}</h2>"
        for priority, chosen in groupby(of_plan, key=lambda row: row["priority"]):
            yield f"<h3>{_e(priority or 'Without a priority')}</h3>"
            for objective, shown in groupby(chosen, key=lambda row: row["objective"]):
                yield _table(objective or "Without an objective", list(shown))


def _table(caption: str, rows: Sequence[Row]) -> str:
    measured = [row for row in rows if row["indicator_id"]]
    if not measured:
        return f"<p>{_e(caption)}: no indicator measures it.</p>"
    head = "".join(f'<th scope="col">{_e(name)}</th>' for name in HEADINGS)
    lines = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in measured)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{_e(caption)}"><table><caption>{_e(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _cells(row: Row) -> Iterator[str]:
    part = "" if row["breakdown"] in (TOTAL, None) else f", {row['breakdown']}"
    place = f", {row['area_name']}" if row["area_name"] else ""
    yield f'<th scope="row">{_e(row["indicator"])}{_e(part)}{_e(place)}</th>'
    held = row["latest"] is not None or row["latest_text"] is not None
    yield f"<td>{_e(_period(row['time_identifier'], row['time_period']))}</td>"
    invented = " (illustrative)" if row["provenance"] == "illustrative" else ""
    yield f'<td class="n">{_e(_figure(row["latest"], row["latest_text"], row["unit"]) + invented)}</td>'
    when = _period(row["time_identifier"], row["target_period"])
    aim = _figure(row["target"], None, row["unit"]) + (f" by {when}" if when != "not held" else "")
    yield f'<td class="n">{_e(aim if row["target"] is not None else "none")}</td>'
    for name in ("target_status", "direction", "england_significance"):
        yield f"<td>{_e((row[name] or 'not known') if held else 'not held')}</td>"
    yield f'<td class="n">{_e(row["open_actions"])}</td>'
    yield f"<td>{_e(row['officer'] or 'nobody')}</td>"


def _figure(value: float | None, text: str | None, unit: str | None) -> str:
    if value is None:
        return text or "not held"
    number = f"{value:,.10g}"
    return number + (unit if unit == "%" else f" {unit}" if unit else "")


def _period(identifier: str | None, code: str | None) -> str:
    if identifier is None or code is None:
        return "not held"
    period = read_period(code, identifier)
    return f"{identifier} {period.label}" if period else f"{identifier} {code}"


def _e(value: object) -> str:
    return html.escape(as_typed(str(value)))
