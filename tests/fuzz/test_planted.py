"""A short run of `make plant`: every fault of random workbooks is named once, at its cell, and nothing else is."""

from __future__ import annotations

from tests.fuzz.fault_kinds import ALONE, KINDS
from tests.fuzz.faults import bench, run


def test_every_planted_fault_is_named_once_at_its_cell_and_nothing_else_is() -> None:
    wrong: list[str] = []
    became = run(20110526, 12, bench(), said=wrong.append)
    assert wrong == []
    assert became.total() > 30
    assert len(KINDS) >= 40
    assert set(KINDS) > ALONE
