"""What the tests share: the definitions, the example partners, and whole nights in folders of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from tests.support.places import DEFINITION_FILES, INCOMING, PARTNERS, TODAY, Place

os.environ.update(
    {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "INDICATORS_DEBUG": "1",
    }
)

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions

# No test asserts a time, and a failure found once is found again.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """The definitions as they are shipped."""
    return load_definitions(DEFINITION_FILES)


@pytest.fixture(scope="session")
def partners(definitions: Definitions) -> Mapping[str, Partner]:
    """The example partners as they are shipped."""
    return load_partners(definitions, PARTNERS)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place with an empty inbox."""
    (tmp_path / "inbox").mkdir()
    return Place(tmp_path)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Prefect's own test server, once for all tests that need it."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture(scope="session")
def example_night(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> tuple[Place, NightReport]:
    """The example returns, taken through the real Prefect flow once. Tests must leave it as it is."""
    from local_indicators.flows.nightly_flow import nightly

    place = Place(tmp_path_factory.mktemp("example"))
    report = nightly(
        inbox=str(INCOMING),
        warehouse=str(place.published),
        outbox=str(place.outbox),
        archive=str(place.archive),
        today=TODAY,
    )
    return place, report


LONGEST = ("test_trial_server", "test_interruptions", "test_kill", "test_rebuild", "test_deployment", "test_delivery")
"""Files that take longest: they are begun first, so that no process waits long for another in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
