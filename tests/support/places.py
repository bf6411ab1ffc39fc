"""A folder in which nights can be run, and the paths of this checkout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.settings import Settings, settings
from local_indicators.warehouse.store.attached_files import connect_with_files

HOME = Path(__file__).resolve().parents[2]
INCOMING = HOME / "inputs" / "incoming"
PARTNERS = HOME / "inputs" / "partners"
DEFINITION_FILES = HOME / "definitions"
CLAIMS = HOME / "claims" / "review-2011.toml"
TODAY = date(2011, 5, 31)


@dataclass(frozen=True)
class Place:
    """A folder in which nights can be run, and the published file can be asked."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def published(self) -> Path:
        return self.root / "warehouse" / "indicators.duckdb"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    def settings(self, **other: Any) -> Settings:
        paths = {"inbox": self.inbox, "warehouse": self.published, "outbox": self.outbox, "archive": self.archive}
        return settings(**{**paths, "today": TODAY, **other})

    def night(self, run: str = "test", **other: Any) -> NightReport:
        """One whole night without Prefect."""
        return run_night(self.settings(**other), run)

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the published file; `mart.x` is a table of it."""
        with connect_with_files(live=self.published) as con:
            con.execute("USE live")
            return con.execute(sql, list(values)).fetchall()
