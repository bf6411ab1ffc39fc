"""Settings: one class, read from options, the environment (INDICATORS_...), or the .env and indicators.toml of the
workspace, in that order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import NoDecode

from local_indicators.common.config_errors import what_is_allowed
from local_indicators.common.errors import UsageError
from local_indicators.common.jinja_templates import Branding
from local_indicators.flows.inboxes import Address, inbox_at
from local_indicators.flows.settings_sources import MAY_HOLD_SECRETS, PATHS, WorkspaceSettings
from local_indicators.flows.workspace import find_workspace
from local_indicators.inputs.sandbox.reader_processes import Limits
from local_indicators.replies.emails.size_limit import MAX_MESSAGE_BYTES

LONDON = ZoneInfo("Europe/London")


class Settings(WorkspaceSettings):
    """Where things are, and who is written to. `grace_days` are the days after a due date before the officer is told.
    `on_fault`: whether a return that the gate finds at fault is set aside and the rest published, or nothing is."""

    knows_every_setting: ClassVar[bool] = True
    inbox: Annotated[Path | Address, NoDecode, BeforeValidator(inbox_at)] = Path("inbox")
    warehouse: Path = Path("warehouse/indicators.duckdb")
    outbox: Path = Path("outbox")
    archive: Path = Path("archive")
    reports: Path = Path("reports")
    definitions: Path = Path("definitions")
    partners: Path = Path("partners")
    claims: Path = Path("claims")
    today: date | None = None
    sender: str = "indicators@example.org"
    change_limit_pct: float = Field(25.0, ge=0)
    on_fault: Literal["set-aside", "refuse"] = "set-aside"
    keep_versions: int = Field(10, ge=1)
    max_file_mb: int = Field(100, ge=1)
    max_memory_mb: int = Field(1000, ge=200)
    max_seconds: int = Field(25, ge=1)
    max_cells: int = Field(5_000_000, ge=1000)
    analyst: str = "analyst@example.org"
    grace_days: int = Field(7, ge=0)
    smtp_url: SecretStr | None = None
    max_mail_mb: float = Field(MAX_MESSAGE_BYTES / 1_000_000, gt=0)
    runner: Literal["threads", "dask"] = "threads"
    dask_address: str | None = None
    templates: Path | None = None
    organisation: str = ""
    inbox_seconds: float = Field(60.0, gt=0)
    reread_days: float = Field(1.0, ge=0)

    @property
    def store(self) -> Path:
        """Return the path of the private store, which lies beside the published file."""
        return self.warehouse.parent / "store.duckdb"

    @property
    def branding(self) -> Branding:
        """The organisation's own templates and name, for messages and pages."""
        return Branding(self.templates, self.organisation)

    @property
    def limits(self) -> Limits:
        """Return what reading one file may cost."""
        return Limits(self.max_file_mb * 1_000_000, self.max_memory_mb * 1_000_000, self.max_seconds, self.max_cells)


def settings(**given: Any) -> Settings:
    """Return the settings of a workspace, which is found as flows.workspace says; what is `given` and not None comes
    before the environment. Raises UsageError naming the setting."""
    try:
        asked = {name: value for name, value in given.items() if value is not None}
        settings_found = Settings(**{**asked, "workspace": find_workspace(asked.get("workspace"))})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        found_there = "" if name in MAY_HOLD_SECRETS else f"; found {first['input']!r}"
        raise UsageError(f"setting {name}", f"{what_is_allowed(first)}{found_there}") from None
    if (
        isinstance(settings_found.inbox, Address)
        and given.get("inbox") is not None
        and settings_found.inbox.password.get_secret_value()
    ):
        reason = "a password must not be an option or a parameter, which others can read; set INDICATORS_INBOX instead"
        raise UsageError("setting inbox", reason)
    paths = {name: value for name in PATHS if isinstance(value := getattr(settings_found, name, None), Path)}
    return settings_found.model_copy(update={name: path.expanduser().absolute() for name, path in paths.items()})


def needs_extra(given: Settings) -> None:
    """Raise UsageError where the runner that is asked for is not installed."""
    if given.runner == "dask" and find_spec("prefect_dask") is None:
        reason = "'dask' needs the extra of that name: pip install 'local-indicators[dask]'; or set it to 'threads'"
        raise UsageError("setting runner", reason)


def london_today(now: datetime) -> date:
    """Return the date in London at a time."""
    return now.astimezone(LONDON).date()


def now() -> datetime:
    """Return the current time in UTC; only here is the clock read."""
    return datetime.now(UTC)
