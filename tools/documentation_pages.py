"""Writes the pages of docs/ that are generated: the dashboards' tables, and the page of the national set.

The tables come from the contract of schema mart, the national set from mart.coverage of a published file.

    python -m tools.documentation_pages [PUBLISHED]      (the published file of the settings unless given)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from local_indicators.flows.settings import settings
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.store.attached_files import connect_with_files

HOME = Path(__file__).resolve().parents[1]

DASHBOARDS = HOME / "docs" / "dashboards.md"
NATIONAL_SET = HOME / "docs" / "national-set.md"
TABLES = "## The tables\n"
FATES = {
    "admin_continues": "The data it came from is still collected.",
    "return_kept_sdl": "Its return stayed on government's list of what councils must send.",
    "died_other": "Nobody collects it any more.",
    "died_place": "It ended with the Place Survey.",
    "died_tellus": "It ended with the Tellus survey.",
    "withdrawn_early": "It was withdrawn before the set was.",
}
"""What became of an indicator, by the word in mart.coverage."""

Coverage = tuple[str, str, str, str | None, str | None, str]


def tables() -> str:
    """Return the section of the dashboards' page that lists every table and column."""
    parts = [TABLES]
    for table in MART:
        keys = ", ".join(f"`{name}`" for name in table.key)
        parts.append(f"### `mart.{table.name}`\n\n{table.comment}\n\nOne row for each: {keys}.\n")
        rows = "\n".join(f"| `{c.name}` | {c.type} | {_cell(c.comment)} |" for c in table.columns)
        parts.append(f"| Column | Type | Comment |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def dashboards(page: str) -> str:
    """Return the dashboards' page with its last section, the tables, written anew from the contract."""
    return page[: page.index(TABLES)] + tables()


def national_set(coverage: Iterable[Coverage]) -> str:
    """Return the page of the national set.

    `coverage` are rows of mart.coverage: ni, title, fate, successor, indicator_id, latest_period.
    """
    rows = list(coverage)
    with_indicator = sum(indicator is not None for *_, indicator, _ in rows)
    with_figure = sum(latest != "no measure" for *_, latest in rows)
    lines = [
        "# The national set, and what stands for it now",
        "",
        "Government withdrew the National Indicator Set in 2011. This page answers for each of its 199 indicators:",
        "what became of it, which data carry on, which of our indicators stands for it, and the newest reported period",
        "that the example returns hold. `no measure` says that no reported figure is held, never that nothing changed.",
        f"Of the {len(rows)}, {with_indicator} have an indicator of ours and {with_figure} a reported figure.",
        "",
        "Made from `mart.coverage` by `python -m tools.documentation_pages`; do not edit it. How sure each title and",
        "fate is stands in mart.coverage.",
        "",
        "| Indicator | Title | What became of it | What carries on | Ours | Latest |",
        "|---|---|---|---|---|---|",
    ]
    for ni, title, fate, successor, indicator, latest in rows:
        own_indicator = f"`{indicator}`" if indicator else ""
        words = (ni, title, FATES.get(fate, fate.replace("_", " ")), successor or "", own_indicator, latest)
        lines.append("| " + " | ".join(map(_cell, words)) + " |")
    return "\n".join(lines) + "\n"


def coverage_of(published: Path) -> list[Coverage]:
    """Return the rows of mart.coverage in a published file, by number of the national indicator."""
    with connect_with_files(live=published) as con:
        return con.execute(
            "SELECT ni, title, fate, successor, indicator_id, latest_period FROM live.mart.coverage ORDER BY ni"
        ).fetchall()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write both pages; the first argument of the command line is the published file."""
    published = Path(sys.argv[1]) if len(sys.argv) > 1 else settings().warehouse
    DASHBOARDS.write_text(dashboards(DASHBOARDS.read_text(encoding="utf-8")), encoding="utf-8")
    NATIONAL_SET.write_text(national_set(coverage_of(published)), encoding="utf-8")


if __name__ == "__main__":
    main()
