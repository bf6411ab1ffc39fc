"""Nights in processes of their own that may be killed: forked from one that has imported all they need, so that a kill
comes into their work and not into their imports."""

from __future__ import annotations

import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.resilience.crash.readers import look
from tests.resilience.crash.state import State, state_of
from tests.resilience.crash.town import NIGHTS, Night, copied
from tests.support.places import Place

STEP_BYTES = 80


def forked(work: Callable[[], Any]) -> tuple[int, int]:
    """A process that does some work and ends; its id, and where its answer can be read."""
    out, inward = os.pipe()
    child = os.fork()
    if child:
        os.close(inward)
        return child, out
    os.close(out)
    code = 1
    try:
        os.setsid()
        answer = work()
        with os.fdopen(inward, "wb") as file:
            pickle.dump(answer, file)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def asked(work: Callable[[], Any]) -> Any:
    """The answer of a process that does some work. Raises RuntimeError if it fails."""
    child, out = forked(work)
    with os.fdopen(out, "rb") as file:
        said = file.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise RuntimeError("a night that nobody killed failed")
    return pickle.loads(said)  # noqa: S301


def a_night(place: Place, night: Night, steps: Path | None = None) -> str:
    """Run a night; the state of its publication. What it is at is written into a file, for whoever kills it."""
    from local_indicators.common.progress import progress_listener
    from local_indicators.flows.pipeline.night_steps import run_night

    if steps is None:
        return run_night(
            place.settings(today=night.today, partners=place.root / "partners"), "forked"
        ).publication.state
    file = os.open(steps, os.O_RDWR | os.O_CREAT)

    def tell(step: str, _done: int, _total: int) -> None:
        os.pwrite(file, step.ljust(STEP_BYTES).encode()[:STEP_BYTES], 0)

    with progress_listener(tell):
        return a_night(place, night)


def killed(place: Place, night: Night, after_seconds: float, steps: Path) -> str | None:
    """Kill a night after some time; what it was at, None if it had ended."""
    steps.unlink(missing_ok=True)
    child, out = forked(lambda: a_night(place, night, steps))
    time.sleep(after_seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(out)
    if not os.WIFSIGNALED(status):
        return None
    return steps.read_text().strip() if steps.exists() else "Starting"


@dataclass(frozen=True)
class Prepared:
    """A night that is about to begin: where, how long it takes, and what comes out if nobody interrupts it. `shown` are
    the versions that readers may see, with a digest of what each shows."""

    night: Night
    before: Place
    after: State
    seconds: float
    shown: frozenset[tuple[int, str]]


def prepared(root: Path, nights: int = len(NIGHTS)) -> list[Prepared]:
    """The nights of the town, each run once without interruption."""
    place, found = Place(root / "quiet"), []
    for night in NIGHTS[:nights]:
        asked(lambda night=night: night.before(place))  # type: ignore[misc]
        before = copied(place, root / f"before-{night.number}")
        shown = {asked(lambda: look(place.published, whole=True))} if place.published.exists() else set()
        begun = time.monotonic()
        state = asked(lambda night=night: a_night(place, night))  # type: ignore[misc]
        seconds = time.monotonic() - begun
        if (state == "refused") != night.refused:
            raise RuntimeError(f"the night of {night.name} was {state}")
        shown.add(asked(lambda: look(place.published, whole=True)))
        found.append(Prepared(night, before, asked(lambda: state_of(place.root)), seconds, frozenset(shown)))
    return found
