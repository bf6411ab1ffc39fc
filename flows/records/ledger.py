"""The ledger: what arrived, what became of it and what was said, a line each, never changed, on disk before it counts.

It lies in the archive folder beside the files and outlives the warehouse.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from common.atomic_files import append_lines
from common.errors import BusyError, StorageError
from common.progress import say
from flows.records.hash_chain import CHAINED, RESTORE, Broken, Chain, breach
from schemas.file_precedence import comes_after
from schemas.notifications import Message, State
from schemas.observations import Waiver
from schemas.set_aside_returns import SetAside
from schemas.submissions import Grant, Outcome, Submission

LEDGER_VERSION = CHAINED
"""Version 1 knew nothing of loading, nights and publications, version 2 nothing of the chain. A line says from where on
a ledger is of a later version, so an older ledger is read as it is and goes on as a newer one."""

LOOK_AGAIN_SECONDS = 0.5
PublicationState = Literal["published", "unchanged", "refused"]


@dataclass(frozen=True)
class Attempt:
    """What a night sets out to publish from: all that the published file depends on beside the ledger up to here.
    `definitions` and `partners` (each partner's TOML) are digests of what the archive keeps; `at` is the instant (UTC)
    that the version bears if it is published, and with `run` the name of the attempt."""

    run: str
    today: date
    at: datetime
    definitions: str
    partners: Mapping[str, str]
    has_examples: bool
    release: str

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "today": self.today.isoformat(), "at": self.at.isoformat()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Attempt:
        at = datetime.fromisoformat(record["at"])
        return cls(**{**record, "at": at, "today": date.fromisoformat(record["today"])})


@dataclass
class Ledger:
    """The ledger as read from its file, and the way to add to it. One writer at a time (see `sole_writer`)."""

    path: Path
    submissions: dict[str, Submission] = field(default_factory=dict)
    outcomes: dict[str, tuple[Outcome, ...]] = field(default_factory=dict)
    recorded: list[Outcome] = field(default_factory=list)
    """Every outcome in the order of the ledger, also those of a submission that was judged again later."""
    waivers: dict[str, Grant] = field(default_factory=dict)
    lapsed: dict[str, str] = field(default_factory=dict)
    """Waivers that ended because the value changed, and the submission that changed it."""
    reopened: set[str] = field(default_factory=set)
    """Submissions for which a waiver was given after they were last judged."""
    messages: dict[str, Message] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """Keys of the news that some message has told."""
    version: int = 1
    loading: dict[str, datetime] = field(default_factory=dict)
    """Outcomes that are in the store or are to be put there, and the instant that their load bears."""
    attempts: list[Attempt] = field(default_factory=list)
    published: dict[int, datetime] = field(default_factory=dict)
    """Every version whose publication is recorded here, and when it was."""
    taken_over: set[int] = field(default_factory=set)
    """Versions of which the ledger cannot tell what they were: a release published them that did not record it."""
    asked: dict[datetime, dict[str, Any]] = field(default_factory=dict)
    """What a person was about to have published, by the instant that it would bear."""
    set_aside: dict[str, SetAside] = field(default_factory=dict)
    """What the newest attempt to publish left out, by outcome."""
    released: dict[str, str] = field(default_factory=dict)
    """Outcomes that a person let through the gate, and who did."""
    settled: int = 0
    """How many of `loading`, the first, were in the store when the last attempt to publish began."""
    held: dict[str, Any] | None = None
    """The rollback that was decided last, unless something has been published since."""
    chain: Chain = field(default_factory=Chain)
    adopted_now: int = 0
    """How many lines of an earlier release this run has adopted into the chain."""

    @property
    def last_version(self) -> int:
        """The newest version that the ledger knows to have been published; 0 if none."""
        return max(self.published, default=0)

    @property
    def composed(self) -> set[str]:
        """Keys of the news that some message holds, whether or not it has been sent."""
        return self.told | {key for message in self.messages.values() for key in message.news}

    @property
    def all_outcomes(self) -> Iterator[Outcome]:
        """The outcomes that count, the newest of each submission, in the order of the ledger."""
        return (one for group in self.outcomes.values() for one in group)

    def newest_at(self, path: str) -> Submission | None:
        """The last submission whose bytes lay at a path."""
        return self._by_path.get(path)

    def next_sequence(self) -> int:
        return max((s.sequence for s in self.submissions.values()), default=0) + 1

    def unjudged(self) -> list[Submission]:
        """Submissions to be judged: those that never were, and those that a waiver was given for since, as long as
        nothing that came later has taken their place."""
        return [
            s
            for s in self.submissions.values()
            if s.id not in self.outcomes or (s.id in self.reopened and self.stands(s))
        ]

    def stands(self, one: Submission) -> bool:
        """Whether a judged submission is the last by its path, and none was accepted for the same return and any of its
        periods that is used in its place."""
        newest = self.newest_at(one.path)
        mine = {(o.collection, period): o for o in self.outcomes[one.id] for period in o.periods}
        others = (o for o in self.all_outcomes if o.submission != one.id and o.accepted)
        replaced = any(
            comes_after(other, mine[other.collection, period], self.submissions)
            for other in others
            for period in other.periods
            if (other.collection, period) in mine
        )
        return newest is not None and newest.id == one.id and not replaced

    def grants_in_force(self) -> tuple[Grant, ...]:
        """The waivers that no changed value has ended; whether their day has passed is for the check to see."""
        return tuple(grant for grant in self.waivers.values() if grant.id not in self.lapsed)

    def waivers_in_force(self) -> tuple[Waiver, ...]:
        """What the grants in force let through."""
        return tuple(grant.waiver for grant in self.grants_in_force())

    def next_judgement(self, submission: str) -> int:
        return max((one.judgement for one in self.outcomes.get(submission, ())), default=0) + 1

    def record_submission(self, one: Submission) -> None:
        self._append({"kind": "submission", **one.as_dict()})

    def record_again(self, path: str, submission: str, at: datetime) -> None:
        """That the bytes of a submission also lie at another path, where they are no arrival."""
        self._append({"kind": "again", "path": path, "submission": submission, "at": at.isoformat()})

    def record_outcomes(self, submission: str, outcomes: Sequence[Outcome]) -> None:
        """All outcomes of one submission, as one line: they become known together or not at all."""
        self._append({"kind": "outcomes", "submission": submission, "outcomes": [o.as_dict() for o in outcomes]})

    def record_waivers(self, grants: Sequence[Grant]) -> None:
        """The waivers of all values that one cell stands for, as one line."""
        self._append({"kind": "waiver", "waivers": [one.as_dict() for one in grants]})

    def record_lapse(self, waiver: str, submission: str, at: datetime) -> None:
        self._append({"kind": "lapse", "waiver": waiver, "submission": submission, "at": at.isoformat()})

    def record_message(self, one: Message, at: datetime) -> None:
        """Before its file is written, so that no message is in the outbox that the ledger does not know."""
        self._append({"kind": "message", **one.as_dict(), "at": at.isoformat()})

    def record_delivery(
        self, message: str, state: State, at: datetime, *, detail: str = "", dropped: Sequence[str] = ()
    ) -> None:
        """How far a message has come. `dropped` are the keys of a superseded message that no longer held."""
        entry = {"kind": "delivery", "message": message, "state": state, "at": at.isoformat()}
        more = {"detail": detail, "superseded": list(dropped)}
        self._append(entry | {name: value for name, value in more.items() if value})

    def record_asked(self, what: str, about: dict[str, Any], by: str, at: datetime) -> None:
        """What a person is about to have published; before it is, so that who decided it is never lost."""
        self._append({"kind": "asked", "what": what, **about, "by": by, "at": at.isoformat()})

    def record_decision(self, what: str, about: dict[str, Any], by: str, at: datetime) -> None:
        """What a person decided about publication: approved, or rolled-back."""
        self._append({"kind": "decision", "what": what, **about, "by": by, "at": at.isoformat()})

    def record_loading(self, outcomes: Sequence[str], at: datetime) -> None:
        """That outcomes are to be loaded, in this order, and the instant that their loads bear; before they are."""
        self._append({"kind": "loading", "outcomes": list(outcomes), "at": at.isoformat()})

    def record_attempt(self, one: Attempt) -> None:
        """What a night sets out to publish from; before it does."""
        self._append({"kind": "night", **one.as_dict()})

    def record_publication(self, one: Attempt, state: PublicationState, data_version: int) -> None:
        """What became of a night's attempt, and the version that is live after it."""
        said = {"run": one.run, "at": one.at.isoformat(), "state": state, "data_version": data_version}
        self._append({"kind": "publication", **said})

    def record_set_aside(self, one: Attempt, left_out: Sequence[SetAside]) -> None:
        """What an attempt leaves out of what it publishes; before it publishes anything."""
        said = {"run": one.run, "at": one.at.isoformat(), "left_out": [each.as_dict() for each in left_out]}
        self._append({"kind": "set-aside", **said})

    def record_release(self, outcome: str, by: str, at: datetime) -> None:
        """That a person lets an outcome that was set aside through the gate, from the next attempt on."""
        self._append({"kind": "release", "outcome": outcome, "by": by, "at": at.isoformat()})

    def record_past(self, tables: Mapping[str, str], versions: Mapping[int, datetime]) -> None:
        """That the archive keeps what the store knows of the past: the file of each of its tables, and the versions
        published until here."""
        said = {str(number): when.isoformat() for number, when in versions.items()}
        self._append({"kind": "past", "tables": dict(tables), "versions": said})

    def record_rebuilt(self, data_version: int, differing: int, at: datetime) -> None:
        """That store and published file were put in place as the ledger makes them."""
        said = {"data_version": data_version, "differing_rows": differing, "at": at.isoformat()}
        self._append({"kind": "rebuilt", **said})

    @property
    def adoption_in_words(self) -> str:
        """What to tell once of a ledger of an earlier release; nothing if this run has not adopted one."""
        told = f"The ledger is protected from now on: its {self.adopted_now} lines were written by an earlier release."
        return told if self.adopted_now else ""

    def __post_init__(self) -> None:
        self._by_path: dict[str, Submission] = {}

    def _append(self, entry: dict[str, Any]) -> None:
        entries = [entry] if self.version >= LEDGER_VERSION else [self.chain.adoption(), entry]
        if len(entries) > 1:
            self.adopted_now = self.chain.count
        lines = self.chain.sealed(entries)
        try:
            append_lines(self.path, lines)
        except OSError as error:
            raise StorageError(self.path, f"the ledger cannot be written ({error.strerror})") from None
        for line in lines:
            self.chain.take(line, orjson.loads(line))
        self.version = max(self.version, LEDGER_VERSION)
        self.take(entry)

    def read(self, number: int, line: bytes) -> dict[str, Any]:
        """Take in a line of the file; what it says. Raises StorageError for one that is damaged, or does not follow
        from those before it."""
        try:
            entry: dict[str, Any] = orjson.loads(line)
            if self.chain.adopted is None and entry["kind"] == "ledger":
                self._be_of(entry["version"])
            self.chain.take(line, entry)
            self.take(dict(entry))
        except Broken:
            where, what = breach(lines_of(self), number)
            raise StorageError(self.path, f"{what}; {RESTORE}", key=where) from None
        except (ValueError, KeyError, TypeError) as error:
            reason = f"is damaged ({type(error).__name__}); {RESTORE}"
            raise StorageError(self.path, reason, key=f"line {number}") from None
        return entry

    def take(self, entry: dict[str, Any]) -> None:
        """Take in one line of the ledger."""
        kind = entry.pop("kind")
        if kind == "submission":
            one = Submission.from_dict(entry)
            self.submissions[one.id] = self._by_path[one.path] = one
        elif kind == "again":
            self._by_path[entry["path"]] = self.submissions[entry["submission"]]
        elif kind == "outcomes":
            self._take_outcomes(entry["submission"], tuple(Outcome.from_dict(o) for o in entry["outcomes"]))
        elif kind == "waiver":
            grants = [Grant.from_dict(one) for one in entry["waivers"]]
            self.waivers.update((one.id, one) for one in grants)
            self.reopened.update(one.submission for one in grants)
        elif kind == "lapse":
            self.lapsed[entry["waiver"]] = entry["submission"]
        elif kind == "message":
            one_message = Message.from_dict({name: value for name, value in entry.items() if name != "at"})
            self.messages[one_message.id] = one_message
        elif kind == "delivery":
            self._take_delivery(entry)
        else:
            self._take_publication(kind, entry)

    def _take_publication(self, kind: str, entry: dict[str, Any]) -> None:
        """Take in a line about the ledger itself, the store or the published file."""
        at = datetime.fromisoformat(entry["at"]) if "at" in entry else None
        if kind == "ledger":
            self._be_of(entry["version"])
        elif kind == "loading" and at is not None:
            self.loading |= dict.fromkeys(entry["outcomes"], at)
        elif kind == "set-aside":
            found = [SetAside.from_dict(one) for one in entry["left_out"]]
            self.set_aside = {one.outcome: one for one in found}
        elif kind == "release":
            self.released[entry["outcome"]] = entry["by"]
        elif kind == "night":
            self.attempts.append(Attempt.from_dict(entry))
            self.settled = len(self.loading)
        elif kind == "asked" and at is not None:
            self.asked[at] = {name: value for name, value in entry.items() if name != "at"}
        elif at is not None and (kind == "decision" or (kind == "publication" and entry["state"] == "published")):
            self.published[entry["data_version"]] = at
            self.held = {**entry, "at": at.isoformat()} if entry.get("what") == "rolled-back" else None
            if kind == "decision" and not self._can_tell(entry):
                self.taken_over.add(entry["data_version"])
        elif kind == "past":
            versions = {int(n): datetime.fromisoformat(when) for n, when in entry["versions"].items()}
            self.taken_over |= versions.keys() - self.published.keys()
            self.published |= versions

    def _can_tell(self, decision: dict[str, Any]) -> bool:
        """Whether the ledger can tell what a person had published."""
        if decision["what"] == "approved":
            return any(one.run == decision["run"] for one in self.attempts)
        return decision["to"] in self.published and decision["to"] not in self.taken_over

    def _be_of(self, version: int) -> None:
        if version > LEDGER_VERSION:
            reason = f"was written by a newer release: it is of version {version}, and this release reads up to"
            raise StorageError(self.path, f"{reason} {LEDGER_VERSION}; use the newer release")
        self.version = version

    def _take_delivery(self, entry: dict[str, Any]) -> None:
        if "submission" in entry:  # as ledgers said it while each submission was answered by a message of its own
            outcomes = self.outcomes[entry["submission"]]
            self.told |= {f"{kind}/{one.id}" for one in outcomes for kind in ("receipt", "findings")}
            return
        message = self.messages[entry["message"]]
        self.messages[message.id] = replace(message, state=entry["state"], detail=entry.get("detail", ""))
        if entry["state"] == "sent":
            self.told |= set(message.news)

    def _take_outcomes(self, submission: str, outcomes: tuple[Outcome, ...]) -> None:
        """A submission that is judged again takes its place after those that were judged meanwhile."""
        self.outcomes.pop(submission, None)
        self.outcomes[submission] = outcomes
        self.recorded += outcomes
        self.reopened.discard(submission)


def read_ledger(archive: Path) -> Ledger:
    """The ledger of an archive; empty where there is none yet. A last line that a crash cut off never counted. Raises
    StorageError for a ledger that cannot be read or has a damaged line."""
    ledger = ledger_at(archive)
    for number, line in enumerate(lines_of(ledger), start=1):
        ledger.read(number, line)
    return ledger


def ledger_at(archive: Path) -> Ledger:
    """An archive's ledger, of which nothing has been read yet."""
    return Ledger(archive / "ledger.jsonl")


def lines_of(ledger: Ledger) -> list[bytes]:
    """The whole lines of a ledger's file; none where there is no file. Raises StorageError."""
    try:
        content = ledger.path.read_bytes() if ledger.path.exists() else b""
    except OSError as error:
        raise StorageError(ledger.path, f"the ledger cannot be read ({error.strerror})") from None
    return content.split(b"\n")[:-1]  # no other sign ends a line, or a changed one might look like the one it was


@contextmanager
def sole_writer(archive: Path, patience_seconds: float = 0.0) -> Iterator[None]:
    """Hold the archive's lock, so that two runs never interleave. Raises BusyError if another still holds it when
    patience is at an end."""
    try:
        archive.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(archive / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(archive, f"the archive cannot be written ({error.strerror})") from None
    try:
        while not _locked(file):
            if patience_seconds <= 0:
                raise BusyError(archive, "another run is at work here; try again when it has ended")
            say("Waiting for another run to end")
            time.sleep(LOOK_AGAIN_SECONDS)
            patience_seconds -= LOOK_AGAIN_SECONDS
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
