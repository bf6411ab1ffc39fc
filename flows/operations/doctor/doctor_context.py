"""What every check of the doctor shares: the result of a check, the context it looks at, and the limits it keeps to."""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import Loss, Part, find_losses, gather_evidence
from local_indicators.flows.records.writer_lock import lock_holders
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.store.surviving_records import copy_of_store

Level = Literal["ok", "look", "wrong"]
CHECK_SECONDS = 60.0
MAX_NIGHT_AGE = timedelta(hours=26)
"""A day, the time of the night itself, and the hour that a change of clocks adds."""
MAX_NIGHT_DURATION = timedelta(hours=12)
GIGABYTE = 1_000_000_000
MAX_COPY_BYTES = GIGABYTE // 2
ARRIVALS_GUIDE = "docs/arrivals.md"
IN_CHECKOUT = (PACKAGE.parent / "Makefile").is_file() and "site-packages" not in PACKAGE.parts
"""Whether this is the project as its developers have it, and not an installed package."""
Diagnosis = tuple[Level, str, str]
"""Level, message and action of a check whose name is known."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check. `look`: a person should know. `wrong`: nights fail or mislead until it is put right."""

    check: str
    level: Level
    message: str
    action: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the result as `indicators doctor --json` prints it."""
        return {"check": self.check, "level": self.level, "found": self.message, "do": self.action}


class PrerequisiteError(Exception):
    """What a check needs cannot be loaded, for a reason that another check reports."""


@dataclass(frozen=True)
class NightNote:
    """What nights noted of the last of them: when it began and ended (UTC), its process and the machine of that."""

    began: datetime | None = None
    ended: datetime | None = None
    process: int = 0
    machine: str = ""

    @property
    def unended(self) -> bool:
        """Return whether the last night that began has not ended."""
        return self.began is not None and (self.ended is None or self.began > self.ended)


@dataclass(eq=False)
class DoctorContext:
    """What the checks look at: the settings, the time (UTC), and what the settings lead to, each loaded once."""

    settings: Settings
    at: datetime

    @cached_property
    def definitions(self) -> Definitions:
        """Load the definitions. Raises LocalIndicatorsError."""
        return load_definitions(self.settings.definitions)

    @cached_property
    def partners(self) -> Mapping[str, Partner]:
        """Load the partners by id. Raises LocalIndicatorsError."""
        return load_partners(self.definitions, self.settings.partners)

    @cached_property
    def ledger(self) -> Ledger:
        """Read the ledger. Raises LocalIndicatorsError."""
        return read_ledger(self.settings.archive)

    @cached_property
    def night(self) -> NightNote:
        """Return what nights noted; nothing where that cannot be read."""
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            noted = orjson.loads((self.settings.archive / "nights.json").read_bytes())
            began, ended = (
                datetime.fromisoformat(noted[name]) if name in noted else None for name in ("began", "ended")
            )
            return NightNote(began, ended, int(noted.get("process", 0)), str(noted.get("machine", "")))
        return NightNote()

    @cached_property
    def writers(self) -> frozenset[int] | None:
        """Return the processes that are at work on the archive, 0 for one that cannot be told; None where that cannot
        be seen from here: the night runs on another machine, or the system does not say who holds a lock."""
        night = self.night
        holders = lock_holders(self.settings.archive)
        if holders:
            return holders
        if night.unended and night.machine not in ("", platform.node()):
            return None
        if holders is None and night.process:
            return frozenset({night.process}) if night.unended and _is_alive(night.process) else frozenset()
        return holders

    @property
    def night_at_work(self) -> bool:
        """Return whether the last night that began is at work; where that cannot be seen, whether it may be."""
        if not self.night.unended or self.night.began is None:
            return False
        if self.writers is None:
            return self.at - self.night.began < MAX_NIGHT_DURATION
        return bool(self.writers) and (not self.night.process or bool(self.writers & {0, self.night.process}))

    @property
    def run_at_work(self) -> bool:
        """Return whether a night or another run may be writing."""
        return bool(self.writers) or self.night_at_work

    @property
    def is_example(self) -> bool:
        """Return whether the workspace is the example that comes with the code."""
        return IN_CHECKOUT and self.settings.workspace.resolve() == PACKAGE.parent

    @cached_property
    def losses(self) -> Mapping[Part, Loss]:
        """Return each part that has lost something, with its loss; nothing where that cannot be known or another check
        reports it."""
        with contextlib.suppress(LocalIndicatorsError), copy_of_store(self.settings.store, MAX_COPY_BYTES) as store:
            if store is not None and not self.run_at_work:
                return {loss.part: loss for loss in find_losses(gather_evidence(self.settings, self.ledger, store))}
        return {}

    def diagnose_loss(self, part: Part) -> Diagnosis | None:
        """Return what a part has lost as a diagnosis that names its path, or None."""
        loss = self.losses.get(part)
        if loss is None:
            return None
        is_there = loss.path.exists() or "is not there" in loss.reason
        lost = f"{loss.path}: {loss.reason}" if is_there else f"{loss.path} is lost: {loss.reason}"
        return "wrong" if loss.blocks_writing else "look", lost, loss.remedy


def _is_alive(process: int) -> bool:
    """Return whether there is a process of that id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def require(what: str, load: Callable[[], Any]) -> Any:
    """Return what `load` returns. Raises PrerequisiteError, which points to the check `what`, where it fails."""
    try:
        return load()
    except LocalIndicatorsError:
        raise PrerequisiteError(f"see {what}") from None


def shortened(names: list[str]) -> str:
    """Return the first four names and how many more there are."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def shell(*words: str | Path) -> str:
    """Return words as a shell takes them."""
    return shlex.join(map(str, words))


def edit(*paths: Path) -> str:
    """Return the command that opens files in the editor of whoever runs it."""
    return f"${{EDITOR:-vi}} {shell(*paths)}"
