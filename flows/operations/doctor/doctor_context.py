"""What every check of the doctor shares: the result of a check, the context it looks at, and the limits it keeps to."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import Loss, Part, find_losses, gather_evidence
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
    def losses(self) -> Mapping[Part, Loss]:
        """Return each part that has lost something, with its loss; nothing where that cannot be known or another check
        reports it."""
        with contextlib.suppress(LocalIndicatorsError), copy_of_store(self.settings.store, MAX_COPY_BYTES) as store:
            if store is not None and not night_in_progress(self):
                return {loss.part: loss for loss in find_losses(gather_evidence(self.settings, self.ledger, store))}
        return {}

    def diagnose_loss(self, part: Part) -> Diagnosis | None:
        """Return what a part has lost as a diagnosis, or None."""
        loss = self.losses.get(part)
        return None if loss is None else ("wrong" if loss.blocks_writing else "look", loss.reason, loss.remedy)


def require(what: str, load: Callable[[], Any]) -> Any:
    """Return what `load` returns. Raises PrerequisiteError, which points to the check `what`, where it fails."""
    try:
        return load()
    except LocalIndicatorsError:
        raise PrerequisiteError(f"see {what}") from None


def read_dotenv() -> dict[str, str]:
    """Return the settings in .env by name; nothing where it cannot be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        pairs = re.findall(r"(?m)^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$", Path(".env").read_text(encoding="utf-8"))
        return {name: value.strip("'\"") for name, value in pairs}
    return {}


def night_times(context: DoctorContext) -> dict[str, datetime]:
    """Return when the last night began and ended (UTC), as far as nights noted it."""
    with contextlib.suppress(FileNotFoundError, ValueError, AttributeError):
        times = orjson.loads((context.settings.archive / "nights.json").read_bytes())
        return {name: datetime.fromisoformat(times[name]) for name in ("began", "ended") if name in times}
    return {}


def night_in_progress(context: DoctorContext) -> bool:
    """Return whether a night has begun and not ended."""
    times = night_times(context)
    return "began" in times and times["began"] > times.get("ended", datetime.min.replace(tzinfo=UTC))


def shortened(names: list[str]) -> str:
    """Return the first four names and how many more there are."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
