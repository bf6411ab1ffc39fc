"""A small town whose mail goes to a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local_indicators.flows.delivery import outbox
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.support.mail_server import Post, free_port, post_office
from tests.support.mail_town import DAY, partner
from tests.support.places import Place


@pytest.fixture(autouse=True)
def open_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate has tests of its own; here it lets everything pass, in no time."""
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    with post_office(Post(free_port())) as up:
        yield up


@pytest.fixture
def town(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one partner of its own, whose return is due on the second day."""
    partner(place, "tester", DAY + timedelta(1))
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    return place
