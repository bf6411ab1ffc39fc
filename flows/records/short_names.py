"""The whole names of runs and submissions that people shorten."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local_indicators.common.errors import UsageError
from local_indicators.flows.records.ledger import Ledger

SHORTEST_RUN = 4


def is_submission(name: str) -> bool:
    """Return whether a name is one of a submission: S000012, S12 or 12."""
    return bool(re.fullmatch(r"[Ss]?[0-9]{1,12}", name)) and not re.fullmatch(r"[0-9a-f]{8}", name)


def full_submission(name: str) -> str:
    """Return the name of a submission that may be shortened, as S12 or 12; what is no such name stays as it is."""
    match = re.fullmatch(r"[Ss]?0*([0-9]{1,12})", name)
    return f"S{int(match[1]):06d}" if match else name


def newest_submission(ledger: Ledger) -> str:
    """Return which submission is the newest, in words."""
    return f"the newest is {list(ledger.submissions)[-1]}" if ledger.submissions else "none has come yet"


def full_run(name: str, runs: Iterable[str]) -> str:
    """Return the name of a run whose beginning may be given; what fits none stays as it is. Raises UsageError where
    several begin so."""
    known = list(dict.fromkeys(runs))
    fits = [run for run in known if run.startswith(name)] if len(name) >= SHORTEST_RUN else []
    if name in known or not fits:
        return name
    if len(fits) > 1:
        raise UsageError(name, f"is the beginning of several runs: {', '.join(fits)}")
    return fits[0]
