"""What has been read, as facts: a number of a figure lies between two others, or figures' values add up to something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.fuzz.disclosure_attack.people import Key, State

Measure = Literal["counted", "among", "value"]
EXACT = 1e-7
INF = float("inf")


@dataclass(frozen=True)
class Bound:
    """A number of a figure lies between two others, as somewhere was read."""

    state: State
    measure: Measure
    low: float
    high: float
    where: str


@dataclass(frozen=True)
class Sum:
    """The values of figures, each times something, add up to a number between two others."""

    terms: tuple[tuple[State, float], ...]
    low: float
    high: float
    where: str


@dataclass
class Notes:
    """What has been read. `epochs` are the figures that each version, past or present, held; `hidden` those that were
    seen hidden; `in_digits` those whose sender is known to send the number itself; `same` are pairs of figures that one key had one after the other and that no revision tells apart."""

    in_digits: frozenset[Key] = frozenset()
    bounds: list[Bound] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    epochs: list[dict[Key, State]] = field(default_factory=list)
    hidden: set[State] = field(default_factory=set)
    same: set[tuple[State, State]] = field(default_factory=set)

    def epoch(self, held: dict[Key, State]) -> None:
        """Note which figures stood together in a version."""
        if held not in self.epochs:
            self.epochs.append(held)


def half_unit(value: float, decimals: int) -> float:
    """How far a printed value may lie from what it was rounded from."""
    said = f"{value:.10f}".rstrip("0").partition(".")[2]
    return float(0.5 * 10.0 ** -max(decimals, len(said))) + EXACT
