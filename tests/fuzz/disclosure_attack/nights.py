"""The nights of a partnership: what arrives is loaded and published, and all that anybody outside can read is kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from local_indicators.replies.reports.scorecard_csv import as_csv
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.return_calendar import RegisterEntry
from local_indicators.warehouse.publication import exports
from local_indicators.warehouse.publication.publish import live_version, republish_version, roll_back
from local_indicators.warehouse.queries.published_scorecard import read_scorecard
from local_indicators.warehouse.store import loading
from tests.fuzz.disclosure_attack.partnerships import Partnership, Row
from tests.fuzz.disclosure_attack.people import State
from tests.support.publication_histories import TODAY, History


@dataclass(frozen=True)
class Version:
    """What a night published: the file, the folder of its exports, and the csv of its quarterly report."""

    file: Path
    exports: Path
    quarterly: str


@dataclass
class Told:
    """Everything that left, and, known to nobody outside, what was sent. `least` is the smallest limit (of a count and
    of a denominator) under which a figure was ever published."""

    versions: list[Version] = field(default_factory=list)
    sent: dict[State, Row] = field(default_factory=dict)
    current: list[frozenset[State]] = field(default_factory=list)
    least: dict[State, tuple[int, int]] = field(default_factory=dict)


def live_through(made: Partnership, folder: Path) -> Told:
    """Load and publish every night of a partnership under a folder."""
    past, told = History(folder, made.nights[0].definitions), Told()
    newest: dict[str, tuple[str, tuple[Row, ...]]] = {}
    with past.open:
        for night in made.nights:
            past.definitions = night.definitions
            if night.rollback_to is not None:
                past.hours += 1
                roll_back(past.con, past.live, night.rollback_to, "tester", past.moment)
                told.current.append(told.current[night.rollback_to - 1])
            else:
                for collection, rows in night.returns.items():
                    newest[collection] = _load(past, collection, rows), rows
                    told.sent |= {(row.key, newest[collection][0]): row for row in rows}
                _publish(past)
                told.current.append(frozenset((row.key, sent) for sent, rows in newest.values() for row in rows))
            exports.update_exports(past.live, night.definitions)
            _keep(past, folder, told)
            note_limits(told, night.definitions)
    return told


def _load(past: History, collection: str, rows: tuple[Row, ...]) -> str:
    names = ("indicator_id", "definition_version", "area_code", "time_identifier", "time_period", "breakdown")
    past.load([{**dict(zip(names, row.key, strict=True)), **row.sent} for row in rows], collection)
    return past.outcomes[-1].submission


def _publish(past: History) -> None:
    """Build the next version and put it in place, judged by nobody: the attack takes what the gate might have kept."""
    past.hours += 1
    republish_version(
        past.con,
        past.live,
        live_version(past.live) + 1 if past.live.exists() else 1,
        {
            "definitions": past.definitions,
            "register": [RegisterEntry("tester", outcome.collection, None, outcome) for outcome in past.outcomes],
            "today": TODAY,
            "has_examples": False,
            "run": f"run-{past.hours}",
            "received": {
                outcome.submission: (outcome.validated_at.replace(tzinfo=None), "0" * 64) for outcome in past.outcomes
            },
            "published_at": loading.next_instant(past.con, past.moment).replace(tzinfo=None),
        },
    )


def _keep(past: History, folder: Path, told: Told) -> None:
    number = len(told.versions) + 1
    copy = Path(shutil.copy(past.live, folder / f"copy-{number}.duckdb"))
    latest = (folder / exports.FOLDER / exports.LATEST).resolve()
    exported = Path(shutil.copytree(latest, folder / f"exports-{number}"))
    told.versions.append(Version(copy, exported, as_csv(read_scorecard(past.live)).decode("utf-8-sig")))


def note_limits(told: Told, definitions: Definitions) -> None:
    """Note the limits under which what stands now, and what stood before and is looked back on, is published."""
    for state in told.current[-1] | told.least.keys():
        one = definitions.indicators[state[0][0]]
        policy = definitions.disclosure[one.disclosure]
        count, among = told.least.get(state, (policy.primary_min, policy.min_denominator))
        told.least[state] = min(count, policy.primary_min), min(among, policy.min_denominator)
