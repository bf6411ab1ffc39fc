"""The ledger: what arrived, what became of it and what was said, a line each, never changed, on disk before it counts.

It lies in the archive folder beside the files and outlives the warehouse.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.faults import StorageFault
from schemas.news import Message, State
from schemas.outcomes import Grant, Outcome, Submission
from schemas.tables import Waiver


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
        """Whether a judged submission is the last by its path, and no later one was accepted for the same return and
        any of its periods."""
        newest = self.newest_at(one.path)
        mine = {(o.collection, period) for o in self.outcomes[one.id] for period in o.periods}
        later = (o for o in self.all_outcomes if self.submissions[o.submission].sequence > one.sequence and o.accepted)
        replaced = any((o.collection, period) in mine for o in later for period in o.periods)
        return newest is not None and newest.id == one.id and not replaced

    def waivers_in_force(self) -> tuple[Waiver, ...]:
        """The waivers that no changed value has ended; whether their day has passed is for the check to see."""
        return tuple(grant.waiver for grant in self.waivers.values() if grant.id not in self.lapsed)

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

    def record_decision(self, what: str, about: dict[str, Any], by: str, at: datetime) -> None:
        """What a person decided about publication: approved, or rolled-back."""
        self._append({"kind": "decision", "what": what, **about, "by": by, "at": at.isoformat()})

    def __post_init__(self) -> None:
        self._by_path: dict[str, Submission] = {}

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            _append_line(self.path, orjson.dumps(entry) + b"\n")
        except OSError as error:
            raise StorageFault(self.path, f"the ledger cannot be written ({error.strerror})") from None
        self.take(entry)

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
    StorageFault for a ledger that cannot be read or has a damaged line."""
    ledger = Ledger(archive / "ledger.jsonl")
    try:
        content = ledger.path.read_bytes() if ledger.path.exists() else b""
    except OSError as error:
        raise StorageFault(ledger.path, f"the ledger cannot be read ({error.strerror})") from None
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            ledger.take(orjson.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"is damaged ({type(error).__name__}); restore the ledger from a backup"
            raise StorageFault(ledger.path, reason, key=f"line {number}") from None
    return ledger


def _append_line(path: Path, line: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = os.lseek(file, 0, os.SEEK_END)
        whole = _whole_lines(file, end)
        if whole < end:
            os.ftruncate(file, whole)
        os.lseek(file, whole, os.SEEK_SET)
        try:
            written = os.write(file, line)
            if written < len(line):
                raise OSError(28, "No space left on device")
            os.fsync(file)
        except OSError:
            os.ftruncate(file, whole)
            raise
    finally:
        os.close(file)


def _whole_lines(file: int, end: int) -> int:
    """Where the last whole line ends; what a crash left after it is cut off."""
    at = end
    while at > 0:
        begin = max(at - 65_536, 0)
        cut = os.pread(file, at - begin, begin).rfind(b"\n")
        if cut >= 0:
            return begin + cut + 1
        at = begin
    return 0


@contextmanager
def sole_writer(archive: Path) -> Iterator[None]:
    """Hold the archive's lock, so that two nights never interleave. Raises StorageFault if another night holds it."""
    try:
        archive.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(archive / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageFault(archive, f"the archive cannot be written ({error.strerror})") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageFault(archive, "another night is at work here; try again when it has ended") from None
        yield
    finally:
        os.close(file)
