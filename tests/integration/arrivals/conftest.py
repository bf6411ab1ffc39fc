"""Inboxes of every kind, filled by tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.arriving_files import at
from tests.support.inbox_servers import KINDS, Inbox, inbox_of
from tests.support.places import Place


@pytest.fixture(params=KINDS)
def inbox(request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """An empty inbox of each kind, and a partner of the test's own."""
    with inbox_of(request.param, place.root) as made:
        at(made, place, monkeypatch)
        yield made


@pytest.fixture
def folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with inbox_of("folder", place.root) as made:
        at(made, place, monkeypatch)
        yield made
