"""A partner of the tests' own, whose returns are marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_returns import write_partner


@pytest.fixture
def own_partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partner of the test's own, and where its return goes."""
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(tmp_path / "partners")))
    monkeypatch.setenv("INDICATORS_TODAY", "2011-05-31")
    return tmp_path / "tester" / "attainment.xlsx"
