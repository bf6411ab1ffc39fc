"""One attack: a partnership lives through its nights, everything that left is read, and every secret is tried."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.disclosure_attack.knowledge import Knowledge, Secret, secrets, truth
from tests.fuzz.disclosure_attack.nights import live_through
from tests.fuzz.disclosure_attack.partnerships import Partnership, partnership
from tests.fuzz.disclosure_attack.sketch import sketch
from tests.fuzz.disclosure_attack.surfaces import read_everything


@dataclass(frozen=True)
class Leak:
    """A secret that follows from what left: `recovered` exactly, or known to be small. `because` are constraints that
    suffice."""

    seed: int
    secret: Secret
    recovered: bool
    because: tuple[str, ...]

    def __str__(self) -> str:
        how = "recovered" if self.recovered else "given away as small"
        reasons = "".join(f"\n    - {why}" for why in self.because)
        return f"seed {self.seed}: {self.secret.what}: {self.secret.true} (limit {self.secret.limit}) is {how}{reasons}"


@dataclass(frozen=True)
class Report:
    """What an attack tried and found. `undecided` programs ran out of time and count as nothing found."""

    tried: int
    leaks: tuple[Leak, ...]
    undecided: int
    read: Counter[str]


def attack(made: Partnership, folder: Path | None = None, explain: int = 3) -> Report:
    """Attack a partnership that lives under a folder, or, without one, as it is sketched; some leaks are explained."""
    if folder is None:
        told, notes = sketch(made)
    else:
        told = live_through(made, folder)
        notes = read_everything(made, told)
    leaks: list[Leak] = []
    tried = undecided = 0
    for family in made.families:
        known = Knowledge(family, notes)
        fits = known.problem.fits([*known.problem.constraints, *truth(known, told)])
        if fits is None:
            wrong = known.problem.because_of(truth(known, told))
            raise AssertionError(f"seed {made.seed}, {family.name}: the reader believes what is not so: {wrong}")
        known.problem.pool.append(fits)
        for secret in secrets(known, told):
            tried += 1
            leak = _tried(known, secret, made.seed, explain=len(leaks) < explain)
            leaks += [leak] if leak else []
        undecided += known.problem.undecided
    return Report(tried, tuple(leaks), undecided, Counter(bound.where.partition(" ")[2] for bound in notes.bounds))


def _tried(known: Knowledge, secret: Secret, seed: int, *, explain: bool) -> Leak | None:
    problem, terms = known.problem, known.terms(*secret.cells)
    above = (terms, float(secret.limit if secret.small else secret.true + 1), float("inf"))
    if secret.marked:
        above = (terms, float(secret.limit - 1), float("inf"))
    if problem.can_be(*above):
        return None
    other = [(terms, float(secret.true + 1), float("inf")), (terms, 0.0, float(secret.true - 1))]
    recovered = not any(problem.can_be(*one) for one in other)
    if not recovered and (not secret.small or (secret.maybe_nobody and problem.can_be(terms, 0.0, 0.0))):
        return None
    return Leak(seed, secret, recovered, tuple(problem.because(*above)) if explain else ())


def attack_seed(seed: int, size: int = 8, only: str = "", folder: Path | None = None) -> Report:
    """Attack the partnership of a seed."""
    return attack(partnership(seed, size, only), folder)
