"""A short run of `make fuzz`: mutations of the example returns end in a finding or a correct load."""

from __future__ import annotations

from tests.fuzz.mutations import GOOD_ENDS, bench, run


def test_mutated_examples_end_in_a_finding_or_a_correct_load() -> None:
    wrong: list[str] = []
    became = run(20110526, 100, bench(), said=wrong.append)
    assert wrong == []
    assert {end for _, end in became} == set(GOOD_ENDS)
