"""Loads and publications made by tests: rows of figures straight into a store, and what each version then shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from local_indicators.common.cell_references import cell_position
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import TIDY
from local_indicators.schemas.reference.periods import read_period
from local_indicators.schemas.return_calendar import RegisterEntry
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.publication.approval_limits import ApprovalLimits
from local_indicators.warehouse.publication.publish import Publication, approve_candidate, publish_candidate, roll_back
from local_indicators.warehouse.store import loading, private_store
from local_indicators.warehouse.store.attached_files import connect_with_files

BEGUN = datetime(2011, 5, 1, tzinfo=UTC)
TODAY = date(2011, 5, 31)
COUNT = "schools-high-persistent-absence"
SHARE = "level-2-at-19"


def figure(
    value: float | None,
    breakdown: str = "Total",
    *,
    indicator: str = COUNT,
    area: str = "E06000018",
    period: str = "200910",
    identifier: str = "Academic year",
    **other: Any,
) -> dict[str, Any]:
    """One row as a return would give it; a share's numerator and denominator by name."""
    return {
        "indicator_id": indicator,
        "area_code": area,
        "time_identifier": identifier,
        "time_period": period,
        "breakdown": breakdown,
        "value": value,
        **other,
    }


@dataclass
class History:
    """A store and a published file under a folder, with a clock that moves on by an hour with every event."""

    folder: Path
    definitions: Definitions
    hours: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    copies: list[tuple[datetime, Path]] = field(default_factory=list)
    open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.con: duckdb.DuckDBPyConnection = self.open.enter_context(
            private_store.open_store(self.folder / "store.duckdb")
        )

    @property
    def live(self) -> Path:
        return self.folder / "indicators.duckdb"

    @property
    def moment(self) -> datetime:
        return BEGUN + timedelta(hours=self.hours)

    def _tick(self) -> datetime:
        self.hours += 1
        return self.moment

    def load(self, figures: Iterable[dict[str, Any]], collection: str = "absence") -> None:
        """Load figures as one accepted return of a collection."""
        when = self._tick()
        sent = Submission(
            id=f"S{self.hours:06d}",
            sequence=self.hours,
            partner="tester",
            path=f"tester/{self.hours}.xlsx",
            digest="0" * 64,
            size=1,
            first_seen=when,
            night=TODAY,
        )
        outcome = Outcome(
            submission=sent.id,
            partner="tester",
            collection=collection,
            status="accepted",
            rows=0,
            findings=(),
            not_checked=(),
            periods=(),
            table=None,
            definitions="",
            layouts="",
            validated_at=when,
        )
        self.outcomes.append(outcome)
        loading.load(self.con, sent, outcome, tidy(list(figures), self.definitions), when)

    def publish(self) -> Publication:
        """Publish what the store holds, and keep a copy of the file if it is a new version."""
        when = self._tick()
        said = publish_candidate(
            self.con, self.live, self.definitions,
            [RegisterEntry("tester", outcome.collection, None, outcome) for outcome in self.outcomes],
            {outcome.submission: (outcome.validated_at.replace(tzinfo=None), "0" * 64) for outcome in self.outcomes}, today=TODAY, run=f"run-{self.hours}", published_at=when,
            has_examples=False, limits=ApprovalLimits(change_pct=100, set_aside=False),
        )  # fmt: skip
        if said.state == "refused":  # so much may change only with a person's approval, which comes later
            when = self._tick()
            number = approve_candidate(self.con, self.live, f"run-{self.hours - 1}", when)
            said = replace(said, state="published", data_version=number)
        if said.state == "published":
            self.copies.append((when, Path(shutil.copy(self.live, self.folder / f"copy-{said.data_version}.duckdb"))))
        return said

    def roll_back(self, version: int) -> int:
        """Publish a kept version again, keep a copy of the file, and let publication go on; its data_version."""
        when = self._tick()
        number = roll_back(self.con, self.live, version, "an analyst", when, definitions=self.definitions)
        self.copies.append((when, Path(shutil.copy(self.live, self.folder / f"copy-{number}.duckdb"))))
        return number

    def ask(self, sql: str, *values: object, path: Path | None = None) -> list[tuple[Any, ...]]:
        return ask(path or self.live, sql, *values)


def ask(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a published file."""
    with connect_with_files(live=path) as con:
        con.execute("USE live")
        return con.execute(sql, list(values)).fetchall()


def tidy(figures: Sequence[dict[str, Any]], definitions: Definitions) -> pl.DataFrame:
    """A tidy table of figures, each in a cell of its own."""
    rows = []
    for number, one in enumerate(figures, start=1):
        period = read_period(one["time_period"], one["time_identifier"])
        assert period is not None
        version = definitions.indicators[one["indicator_id"]].version_at(period.end or period.start)
        assert version is not None
        made = {
            "definition_version": version.version, "period_start": period.start, "period_end": period.end,
            "provenance": "reported", "sheet": "Figures", "at_value": cell_position(number, 1), "keyed": True, "faulty": False,
        }  # fmt: skip
        rows.append(dict.fromkeys(TIDY) | made | one)
    return pl.DataFrame(rows, schema=TIDY, orient="row")
