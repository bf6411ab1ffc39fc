"""Random histories of whole nights, in which definitions, layouts and waivers change, nights die, and people decide."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from local_indicators.flows.commands.waive import WaiverRequest, grant_waiver
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.recovery.approval import approve_run, roll_back_to
from local_indicators.flows.settings import Settings
from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE
from local_indicators.schemas.findings import Finding
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication.publish import NotApproved, remove_leftover_candidates
from local_indicators.warehouse.publication.rebuild_comparison import PUBLISHED, STORE, TableDifference, compare_files
from tests.support.places import DEFINITION_FILES, HOME, INCOMING, Place
from tests.support.small_returns import PARTNER, write_return

BEGUN = date(2011, 5, 1)
AREAS = ("Nottingham", "England", "Leicester", "Derby", "Birmingham", "Manchester", "Bristol, City of", "Leeds")
PARTNERS = ("tester", "another")
Rows = list[tuple[Any, ...]]


class Died(BaseException):
    """What a test has a night die of."""


@dataclass
class Life:
    """Nights in a place with definitions and partners of its own, a day after another."""

    place: Place
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    days: int = 0
    heading: str = "Per cent"
    on_error: str = "reject"
    release: str = "0.1.0"
    examples: bool = False
    """Whether the example partners send the example returns, in place of partners of the test's own."""

    def __post_init__(self) -> None:
        ignored = shutil.ignore_patterns("*.py", "__pycache__")
        shutil.copytree(DEFINITION_FILES, self.definitions, ignore=ignored)
        shutil.copy(SHIPPED_REFERENCE / "disclosure.toml", self.definitions)  # policies of its own, to be changed
        if self.examples:
            shutil.copytree(INCOMING, self.place.inbox)
            shutil.copytree(HOME / "inputs" / "partners", self.partners)
        else:
            self.place.inbox.mkdir(exist_ok=True)
            self.lay_out()

    @property
    def definitions(self) -> Path:
        return self.place.root / "definitions"

    @property
    def partners(self) -> Path:
        return self.place.root / "partners"

    def settings(self, **other: Any) -> Settings:
        own = {"definitions": self.definitions, "partners": self.partners, "today": BEGUN + timedelta(days=self.days)}
        return self.place.settings(**{**own, **other})

    def night(self, **other: Any) -> NightReport:
        """The night of the next day."""
        from local_indicators.flows.pipeline.night_steps import run_night

        self.days += 1
        with self._released():
            return run_night(self.settings(**other), f"night-{self.days}")

    def _released(self) -> AbstractContextManager[Any]:
        return patch("local_indicators.flows.pipeline.publishing.current_release", return_value=self.release)

    # -- what partners do

    def send(self, rows: Rows, partner: str = "tester") -> None:
        path = write_return(self.place.inbox / partner / "attainment.xlsx", rows, heading=self.heading)
        assert path.exists()

    def correct(self, path: str, *changes: tuple[str, str]) -> None:
        """Send a csv again with something in it changed."""
        file = self.place.inbox / path
        text = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (1, 1))

    def figures(self) -> Rows:
        """Figures at random: some are small, some are gone since the last time, now and then one is wrong."""
        rows: Rows = []
        for area in AREAS:
            for year in ("2008/09", "2009/10"):
                if self.chance.random() < 0.9:
                    of = self.chance.choice((20, 200, 1000))
                    number = self.chance.choice((2, 4, of // 2, of // 2, of // 2 + 1))
                    rows.append((area, "Good level", year, "reported", 100 * number / of, number, of))
            rows.append((area, "Key stage 2", "2009/10", "reported", self.chance.choice((67, 67, 68)), None, None))
        if self.chance.random() < 0.3:
            rows.append(("Nottingham", "Centres", "2011", "reported", 4000, None, None))  # more than plausible
        if self.chance.random() < 0.2:
            rows.append(("Nottingham", "Key stage 4", "2009/10", "reported", "about 44", None, None))
        return rows

    # -- what the analyst does

    def lay_out(self) -> None:
        """Write the partners' TOMLs."""
        self.partners.mkdir(exist_ok=True)
        for name in PARTNERS:
            toml = PARTNER.format(id=name, on_error=self.on_error).replace('"Per cent"', f'"{self.heading}"')
            (self.partners / f"{name}.toml").write_text(toml, encoding="utf-8")

    def change_layout(self) -> None:
        self.heading = "Share" if self.heading == "Per cent" else "Per cent"
        self.on_error = "quarantine" if self.on_error == "reject" else "reject"
        self.lay_out()

    def define(self, file: str, old: str, new: str) -> None:
        """Change a definition or, as `../partners/…`, a layout."""
        path = self.definitions / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def change_definition(self) -> None:
        text = (self.definitions / "disclosure.toml").read_text(encoding="utf-8")
        old, new = ("primary_min = 5", "primary_min = 3") if "primary_min = 5" in text else ("min = 3", "min = 5")
        self.define("disclosure.toml", old, new)

    def waive(self, days: int = 90) -> bool:
        """Let through the first value that can be; whether there was one."""
        ledger = read_ledger(self.place.archive)
        for outcome in reversed(ledger.recorded_outcomes):
            for finding in outcome.findings:
                if finding.rule == "value.implausible" and finding.is_error:
                    return bool(grant_waiver(self._asked(outcome.submission, finding, days), self.settings()).granted)
        return False

    def _asked(self, submission: str, finding: Finding, days: int) -> WaiverRequest:
        until = BEGUN + timedelta(days=self.days + days)
        return WaiverRequest(
            submission, f"{finding.sheet}!{finding.cell}", finding.rule, "Counted twice", "Head of early years", until
        )

    def approve(self) -> bool:
        try:
            with self._released():
                approve_run(self.settings(), f"night-{self.days}", "performance-analyst")
        except NotApproved:
            return False
        return True

    def roll_back(self, version: int) -> bool:
        try:
            with self._released():
                roll_back_to(self.settings(), version, "performance-analyst")
        except NotApproved:
            return False
        return True

    # -- what goes wrong

    def die(self, where: str) -> None:
        """A night that dies where a function is called."""
        self.send(self.figures())
        with patch(where, side_effect=Died):
            try:
                self.night(change_limit_pct=100)
            except Died:
                remove_leftover_candidates(self.place.published.parent)


DEATHS = (
    "local_indicators.flows.pipeline.load_step.loading.load",
    "local_indicators.flows.pipeline.publishing.publish_candidate",
    "local_indicators.warehouse.publication.publish.rename_over",
    "local_indicators.warehouse.publication.publish.published_versions.record_published_rows",
    "local_indicators.flows.records.ledger.Ledger.record_publication",
)


@contextmanager
def trusting() -> Iterator[None]:
    """A gate that lets everything pass, for tests that are about something else; people are still asked."""
    with patch("local_indicators.warehouse.publication.publish_attempt.judge_candidate", return_value=Verdict(())):
        yield


def live_through(life: Life, nights: int) -> None:
    """Nights at random; half-way a definition, a layout and a waiver change."""
    chance = life.chance
    for number in range(nights):
        for partner in PARTNERS:
            if number == 0 or chance.random() < 0.6:
                life.send(life.figures(), partner)
        if number == nights // 2:
            life.change_definition()
            life.change_layout()
            life.send([*life.figures(), ("Derby", "Centres", "2011", "reported", 4100, None, None)])
        life.night(change_limit_pct=chance.choice((5, 100, 100)))
        if number == nights // 2 or chance.random() < 0.3:
            life.waive(chance.choice((2, 90)))
        if chance.random() < 0.4:
            life.approve()
        if chance.random() < 0.15:
            life.roll_back(chance.randint(1, number + 1))
            life.night()
            life.approve()
        if chance.random() < 0.15:
            life.change_definition()
        if chance.random() < 0.15:
            life.release = f"0.2.{number}"
        if chance.random() < 0.25:
            life.die(chance.choice(DEATHS))


def copied_to(life: Life, folder: Path) -> Life:
    """The same life in a folder of its own."""
    shutil.copytree(life.place.root, folder, symlinks=True, dirs_exist_ok=True)
    made = object.__new__(Life)
    made.__dict__.update(life.__dict__ | {"place": Place(folder)})
    return made


def differing(life: Life, other: Life) -> list[TableDifference]:
    """How the files of two lives differ."""
    return [
        *compare_files("store", life.settings().store, other.settings().store, STORE),
        *compare_files("published file", life.place.published, other.place.published, PUBLISHED),
    ]
