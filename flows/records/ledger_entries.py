"""The entries of the ledger: a model for each kind of line, and one union of them by `kind`.

`as_record` gives the keys in the order in which every release has written them, because the hash chain covers the bytes
of each line. A line of an unknown kind, or with an unknown key, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.common.json_records import Instant, as_record
from local_indicators.schemas.notifications import Message, State
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import Outcome, Submission, WaiverGrant

PublicationState = Literal["published", "unchanged", "refused"]
Decision = Literal["approved", "rolled-back"]


@dataclass(frozen=True)
class Attempt:
    """What a night sets out to publish from: everything that the published file depends on besides the ledger so far.
    `definitions` and `partners` (each partner's TOML) are digests of files in the archive; `at` is the time (UTC) that
    the version bears if it is published, and together with `run` it names the attempt."""

    __pydantic_config__ = STRICT_KEYS
    run: str
    today: date
    at: Instant
    definitions: str
    partners: Mapping[str, str]
    has_examples: bool
    release: str


def _gathered(content: str, *own: str) -> Any:
    """A validator that gathers the keys of `content`, which stand on the line beside the entry's `own`."""

    def gather(line: Any) -> Any:
        if not isinstance(line, dict) or content in line:
            return line
        entry = {name: line.pop(name) for name in own if name in line}
        entry[content] = line
        return entry

    return model_validator(mode="before")(gather)


class LedgerEntry(BaseModel):
    """One line of the ledger without its place in the chain."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    content: ClassVar[str] = ""
    """The field whose own keys are written on the line itself, if there is one."""

    kind: str

    def as_record(self) -> dict[str, Any]:
        """Return what is written: `kind` first, optional keys only where they say something."""
        own = self.model_dump(mode="json", by_alias=True, exclude={"kind", self.content}, exclude_defaults=True)
        return {"kind": self.kind, **(as_record(getattr(self, self.content)) if self.content else {}), **own}


class SubmissionEntry(LedgerEntry):
    """A submission has arrived."""

    content = "submission"
    _gather = _gathered(content, "kind")
    kind: Literal["submission"] = "submission"
    submission: Submission


class AgainEntry(LedgerEntry):
    """The bytes of a submission also lie at another path, where they are no arrival."""

    kind: Literal["again"] = "again"
    path: str
    submission: str
    at: Instant


class OutcomesEntry(LedgerEntry):
    """All outcomes of one submission: they become known together or not at all."""

    kind: Literal["outcomes"] = "outcomes"
    submission: str
    outcomes: tuple[Outcome, ...]

    def as_record(self) -> dict[str, Any]:
        """Return what is written: every key of each outcome."""
        return self.model_dump(mode="json", by_alias=True)


class WaiverEntry(LedgerEntry):
    """The waivers of all values that one cell stands for."""

    kind: Literal["waiver"] = "waiver"
    waivers: tuple[WaiverGrant, ...]


class LapseEntry(LedgerEntry):
    """A waiver has ended, because a submission changed the value."""

    kind: Literal["lapse"] = "lapse"
    waiver: str
    submission: str
    at: Instant


class MessageEntry(LedgerEntry):
    """A message is about to be written to the outbox."""

    content = "message"
    _gather = _gathered(content, "kind", "at")
    kind: Literal["message"] = "message"
    message: Message
    at: Instant

    def as_record(self) -> dict[str, Any]:
        """Return what is written: how far the message has come is for `DeliveryEntry` to tell."""
        return {name: value for name, value in super().as_record().items() if name not in ("state", "detail")}


class DeliveryEntry(LedgerEntry):
    """How far a message has come. `superseded` are the keys of a superseded message that no longer held. The first
    release answered each submission by a message of its own, and named the submission and no state."""

    kind: Literal["delivery"] = "delivery"
    submission: str | None = None
    message: str
    state: State | None = None
    at: Instant
    detail: str = ""
    superseded: tuple[str, ...] = ()


class AskedEntry(LedgerEntry):
    """What a person is about to have published: the candidate of a `run`, or an earlier version `to` go back to."""

    kind: Literal["asked"] = "asked"
    what: Decision
    run: str | None = None
    to: int | None = None
    definitions: str | None = None
    by: str
    at: Instant

    @property
    def about(self) -> dict[str, Any]:
        """Return what the decision is about: the run, or the version and the definitions, where they are given."""
        about = {"run": self.run, "to": self.to, "definitions": self.definitions}
        return {name: value for name, value in about.items() if value is not None}


class DecisionEntry(LedgerEntry):
    """What a person has had published, and as which version."""

    kind: Literal["decision"] = "decision"
    what: Decision
    run: str | None = None
    to: int | None = None
    definitions: str | None = None
    data_version: int
    by: str
    at: Instant


class LoadingEntry(LedgerEntry):
    """Outcomes are about to be loaded, in this order, and the time that their loads bear."""

    kind: Literal["loading"] = "loading"
    outcomes: tuple[str, ...]
    at: Instant


class NightEntry(LedgerEntry):
    """A night is about to publish."""

    content = "attempt"
    _gather = _gathered(content, "kind")
    kind: Literal["night"] = "night"
    attempt: Attempt


class PublicationEntry(LedgerEntry):
    """What became of a night's attempt, and the version that is live after it."""

    kind: Literal["publication"] = "publication"
    run: str
    at: Instant
    state: PublicationState
    data_version: int


class SetAsideEntry(LedgerEntry):
    """What an attempt leaves out of what it publishes."""

    kind: Literal["set-aside"] = "set-aside"
    run: str
    at: Instant
    left_out: tuple[SetAside, ...]

    def as_record(self) -> dict[str, Any]:
        """Return what is written: every key of each return that is set aside."""
        return self.model_dump(mode="json", by_alias=True)


class ReleaseEntry(LedgerEntry):
    """A person lets an outcome that was set aside through the gate."""

    kind: Literal["release"] = "release"
    outcome: str
    by: str
    at: Instant


class PastEntry(LedgerEntry):
    """The archive keeps what the store knows of the past: the file of each table, and the versions published so far."""

    kind: Literal["past"] = "past"
    tables: dict[str, str]
    versions: dict[int, Instant]


class RebuiltEntry(LedgerEntry):
    """Store and published file were put in place as the ledger makes them."""

    kind: Literal["rebuilt"] = "rebuilt"
    data_version: int
    differing_rows: int
    at: Instant


class VersionEntry(LedgerEntry):
    """From here on the ledger is of a later version; `adopted` lines before it are taken into the chain by `digest`."""

    kind: Literal["ledger"] = "ledger"
    version: int
    adopted: int | None = None
    digest: str | None = None


Entry = Annotated[
    SubmissionEntry
    | AgainEntry
    | OutcomesEntry
    | WaiverEntry
    | LapseEntry
    | MessageEntry
    | DeliveryEntry
    | AskedEntry
    | DecisionEntry
    | LoadingEntry
    | NightEntry
    | PublicationEntry
    | SetAsideEntry
    | ReleaseEntry
    | PastEntry
    | RebuiltEntry
    | VersionEntry,
    Field(discriminator="kind"),
]
KINDS = frozenset(kind.model_fields["kind"].default for kind in LedgerEntry.__subclasses__())
_ENTRIES: TypeAdapter[Entry] = TypeAdapter(Entry)


def read_entry(line: dict[str, Any]) -> Entry:
    """Return the entry that a line holds, read from JSON and without its place in the chain. The line is taken apart.
    Raises pydantic's ValidationError, which is a ValueError."""
    return _ENTRIES.validate_python(line)
