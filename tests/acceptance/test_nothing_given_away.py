"""Nothing of one partner's return, beyond what is published, reaches another, and nothing withheld reaches anybody:
secrets are planted in every return of a random partnership, and every byte that leaves is searched for them."""

from __future__ import annotations

import json
import logging
import random
import struct
from datetime import date, timedelta
from pathlib import Path

import pytest

from local_indicators.flows.commands.waive import WaiverRequest, grant_waiver
from local_indicators.flows.delivery.quarterly_filing import Quarter, file_report
from local_indicators.flows.pipeline import run_report as reports
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.records.return_register import register_record
from local_indicators.flows.recovery.approval import approve_run, roll_back_to
from local_indicators.flows.recovery.reparse_report import reparse_submissions
from local_indicators.flows.settings import Settings, now
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.publication import approval_limits
from local_indicators.warehouse.store.attached_files import connect_with_files
from tests.support.marked_partnership import (
    Secrets,
    Sender,
    files_under,
    mails,
    misplaced,
    tokens,
    unpacked,
    write_toml,
)
from tests.support.places import Place

BEGUN = date(2011, 5, 29)
NIGHTS = 6
PARTNERS = ("one", "two", "three", "four")


class Partnership:
    """Nights of partners who send the same figures, and all that has left the house so far."""

    def __init__(self, place: Place, seed: int) -> None:
        self.place, self.chance = place, random.Random(seed)  # noqa: S311
        self.secrets = Secrets(self.chance)
        self.partners, self.reports = place.root / "partners", place.root / "reports"
        self.senders = [Sender(name, f"{name}-attainment", place.inbox, self.secrets) for name in PARTNERS]
        for sender in self.senders:
            write_toml(self.partners, sender.name, sender.collection)
        self.public: set[str] = set()
        self.said: list[str] = []

    def settings(self, number: int) -> Settings:
        return self.place.settings(
            partners=self.partners, reports=self.reports, today=BEGUN + timedelta(number), change_limit_pct=30
        )

    def night(self, number: int) -> NightReport:
        """What comes, the night, and what a person decides after it."""
        for sender in self.senders:
            kind = self.chance.choice(("new", "new", "part", "again", "fault", "nothing"))
            if number == 0 or kind != "nothing":
                path = sender.send(kind if number else "new")
                if self.chance.random() < 0.2:
                    misplaced(path, self.place.inbox, self.chance.choice([p for p in PARTNERS if p != sender.name]))
        given = self.settings(number)
        done = run_night(given, f"run-{number}")
        self.said += [
            *reports.sentences(done),
            reports.as_markdown(done),
            json.dumps(register_record(given), default=str),
        ]
        self._now_public()
        if done.publication.state == "refused" and self.chance.random() < 0.6:
            self.said.append(approve_run(given, f"run-{number}", "The analyst"))
            self._now_public()
        return done

    def hand_over(self) -> None:
        """Another partner answers from now on for the return of the first."""
        write_toml(self.partners, "one", "one-nothing")
        write_toml(self.partners, "five", "one-attainment")
        self.senders[0] = Sender("five", "one-attainment", self.place.inbox, self.secrets)

    def waive_something(self, number: int) -> None:
        for outcome in read_ledger(self.place.archive).all_outcomes:
            for finding in outcome.findings:
                if finding.is_error and finding.cell is not None:
                    where = f"'{finding.sheet}'!{finding.cell}"
                    words = (where, "value.implausible", "Counted twice", "The analyst", BEGUN + timedelta(90))
                    self.said.append(
                        grant_waiver(WaiverRequest(outcome.submission, *words), self.settings(number)).message
                    )
                    return

    def _now_public(self) -> None:
        for table in MART:
            rows = self.place.ask(f"SELECT * FROM mart.{table.name}")
            self.public |= tokens("\n".join(" ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in row)
                                            for row in rows))  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", [2011])
def test_no_secret_leaves(seed: int, place: Place, monkeypatch: pytest.MonkeyPatch,
                          capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    monkeypatch.setattr(approval_limits, "FEWEST_CHANGED", 0)
    caplog.set_level(logging.DEBUG)
    town = Partnership(place, seed)
    states = [town.night(0).publication.state, town.night(1).publication.state]
    town.hand_over()
    states += [town.night(number).publication.state for number in range(2, NIGHTS - 1)]
    town.waive_something(NIGHTS - 1)
    kept = sorted(one.name for one in (place.published.parent / "kept").glob("indicators-v*.duckdb"))
    town.said.append(roll_back_to(town.settings(NIGHTS - 1), int(kept[0].split("-v")[1].split(".")[0]), "The analyst"))
    officers = ["officer/director-schools-learning"]
    file_report(town.reports, place.published, Quarter(2011, 1), "report", now(), officers, again=False)
    states.append(town.night(NIGHTS - 1).publication.state)
    town.said += [reparse_submissions(town.settings(NIGHTS - 1)).text, capfd.readouterr().out, caplog.text]
    assert {"published", "refused"} <= set(states)
    nothing_of_others(town)
    nothing_withheld(town)
    only_beside_what_is_published(town)


def nothing_of_others(town: Partnership) -> None:
    """In no message to a partner is anything of another's return that was never published."""
    read = 0
    for to, text in mails(town.place.outbox):
        mine = to.partition("@")[0]
        if mine in town.secrets.sent:
            theirs = set().union(*(held for name, held in town.secrets.sent.items() if name != mine))
            assert not tokens(text) & (theirs - town.public - town.secrets.sent[mine]), to
            read += 1
    assert read > NIGHTS


def nothing_withheld(town: Partnership) -> None:
    """No hidden figure is in what is published, exported, kept, reported, printed or logged, or mailed to anybody but
    its sender."""
    hidden, store = town.secrets.hidden, town.place.published.with_name("store.duckdb")
    assert len(hidden) > 20
    assert not hidden & town.public
    binary = {struct.pack("<d", float(one)) for one in hidden}
    for path, content in files_under(store.parent, town.reports):
        if path != store:
            assert not tokens(unpacked(content)) & hidden, path
            assert not any(one in content for one in binary), path
            assert path.suffix != ".duckdb" or not tokens(all_of(path)) & hidden, path
    assert not tokens("\n".join(town.said)) & hidden
    for to, text in mails(town.place.outbox):
        assert not tokens(text) & (hidden - town.secrets.sent.get(to.partition("@")[0], set())), to


def all_of(published: Path) -> str:
    """All that a published or waiting file holds, as text."""
    with connect_with_files(file=published) as con:
        return "\n".join(str(row) for table in MART for row in con.execute(f"FROM file.mart.{table.name}").fetchall())


def only_beside_what_is_published(town: Partnership) -> None:
    """A partner hears of a difference only where readers see the other figure; the analyst hears of all, and where."""
    told = [
        finding
        for outcome in read_ledger(town.place.archive).recorded_outcomes
        for finding in outcome.findings
        if finding.rule == "key.differs"
    ]
    assert told
    for finding in told:
        assert tokens(finding.expected) <= town.public
    to_analyst = [text for to, text in mails(town.place.outbox) if to.startswith("analyst")]
    assert any("Two returns give the same figure with different values" in text for text in to_analyst)
