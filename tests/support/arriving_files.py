"""Files that arrive in an inbox, and what a night makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from local_indicators.flows import inboxes
from local_indicators.flows.intake import inbox_listing, listing_memory, reading_files
from local_indicators.flows.intake.arrivals import collect
from local_indicators.flows.pipeline.load_step import load
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.run_context import RunContext, prepare_run
from local_indicators.flows.settings import settings
from local_indicators.schemas.submissions import Submission
from tests.support.inbox_servers import Inbox
from tests.support.places import Place
from tests.support.small_returns import GOOD, HEADINGS, book, write_partner


def workbook(value: object = 67.0, title: str = "Attainment return") -> bytes:
    rows = [list(row) for row in GOOD]
    rows[2][4] = value
    return book({"Figures": [[title], [], list(HEADINGS), *rows]})


A, B, WRONG = workbook(67.0), workbook(68.0), workbook("about 67")


def at(made: Inbox, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partner(place.root / "partners", "tester")
    write_partner(place.root / "partners", "other")
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    monkeypatch.setenv("INDICATORS_INBOX", made.given)
    for module in (reading_files, listing_memory):
        monkeypatch.setattr(module, "SETTLED_SECONDS", 0.05)
    monkeypatch.setattr(inbox_listing, "PAUSES_SECONDS", (0.0, 0.0))


def begun(place: Place, **other: Any) -> RunContext:
    paths = {"warehouse": place.published, "outbox": place.outbox, "archive": place.archive}
    return prepare_run(settings(**paths, today="2011-05-31", **other), "test")


def arrived(place: Place, **other: Any) -> list[str]:
    """The paths that a night takes in."""
    return [one.path for one in collect(begun(place, **other))]


def judged(place: Place) -> tuple[list[Submission], RunContext]:
    night = begun(place)
    came = collect(night)
    validate(night)
    load(night)
    return came, night


def opened(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Every file that is fetched from now on."""
    seen: list[Sequence[str]] = []
    really = inboxes.Remote.opened

    def counting(self: inboxes.Remote, file: inboxes.Parts) -> Any:
        seen.append(file)
        return really(self, file)

    monkeypatch.setattr(inboxes.Remote, "opened", counting)
    return seen
