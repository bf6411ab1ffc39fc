"""The ledger: what arrived, what became of it and what was sent about it, one line each, on disk before it counts,
never changed.

It lies in the archive folder beside the files and outlives the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from local_indicators.common.atomic_files import append_lines
from local_indicators.common.errors import StorageError
from local_indicators.flows.records.hash_chain import (
    FIRST_CHAINED_VERSION,
    RESTORE_ADVICE,
    BrokenChainError,
    Chain,
    describe_breach,
)
from local_indicators.flows.records.ledger_entries import (
    KINDS,
    AgainEntry,
    AskedEntry,
    Attempt,
    Decision,
    DecisionEntry,
    DeliveryEntry,
    Entry,
    LapseEntry,
    LoadingEntry,
    MessageEntry,
    NightEntry,
    OutcomesEntry,
    PastEntry,
    PublicationEntry,
    PublicationState,
    RebuiltEntry,
    ReleaseEntry,
    SetAsideEntry,
    SubmissionEntry,
    VersionEntry,
    WaiverEntry,
    read_entry,
)
from local_indicators.schemas.file_precedence import takes_precedence_over
from local_indicators.schemas.notifications import Message, State
from local_indicators.schemas.observations import Waiver
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import Outcome, Submission, WaiverGrant

LEDGER_VERSION = FIRST_CHAINED_VERSION
"""Version 1 did not record loads, nights and publications, and version 2 had no chain. An entry marks from where on a
ledger is of a later version, so an older ledger is read as it is and continued as a newer one."""


@dataclass
class Ledger:
    """The ledger as read from its file, and the methods that add to it. One run writes at a time (see
    `sole_writer`)."""

    path: Path
    submissions: dict[str, Submission] = field(default_factory=dict)
    outcomes: dict[str, tuple[Outcome, ...]] = field(default_factory=dict)
    recorded_outcomes: list[Outcome] = field(default_factory=list)
    """Every outcome in the order of the ledger, including those of submissions that were validated again later."""
    waivers: dict[str, WaiverGrant] = field(default_factory=dict)
    lapsed_waivers: dict[str, str] = field(default_factory=dict)
    """Waivers that ended because the value changed, and the submission that changed it."""
    reopened_submissions: set[str] = field(default_factory=set)
    """Submissions for which a waiver was given after they were last validated."""
    messages: dict[str, Message] = field(default_factory=dict)
    told_keys: set[str] = field(default_factory=set)
    """Keys of the notifications that were sent."""
    version: int = 1
    loaded_at: dict[str, datetime] = field(default_factory=dict)
    """Outcomes that are in the store or about to be, and the time (UTC) of their load."""
    attempts: list[Attempt] = field(default_factory=list)
    published_versions: dict[int, datetime] = field(default_factory=dict)
    """Every version whose publication is recorded, and its time (UTC)."""
    unreproducible_versions: set[int] = field(default_factory=set)
    """Versions that the ledger cannot reproduce, because an earlier release did not record what they were made from."""
    announced_decisions: dict[datetime, AskedEntry] = field(default_factory=dict)
    """What a person was about to have published, by the time that it would bear."""
    set_aside: dict[str, SetAside] = field(default_factory=dict)
    """What the newest attempt to publish left out, by outcome."""
    released_outcomes: dict[str, str] = field(default_factory=dict)
    """Outcomes that a person let through the gate, and who did."""
    settled_loads: int = 0
    """How many of the first loads were in the store when the last attempt to publish began."""
    last_rollback: DecisionEntry | None = None
    """The rollback that was decided last, unless something has been published since."""
    chain: Chain = field(default_factory=Chain)
    newly_adopted: int = 0
    """How many lines of an earlier release this run has adopted into the chain."""

    @property
    def last_version(self) -> int:
        """Return the newest published version that the ledger knows; 0 if there is none."""
        return max(self.published_versions, default=0)

    @property
    def composed_keys(self) -> set[str]:
        """Return the keys of the notifications that some message contains, sent or not."""
        return self.told_keys | {key for message in self.messages.values() for key in message.notification_keys}

    @property
    def all_outcomes(self) -> Iterator[Outcome]:
        """Return the newest outcomes of each submission, in the order of the ledger."""
        return (outcome for group in self.outcomes.values() for outcome in group)

    def newest_at(self, path: str) -> Submission | None:
        """Return the last submission whose bytes lay at a path."""
        return self._by_path.get(path)

    def next_sequence(self) -> int:
        """Return the sequence number of the next submission."""
        return max((s.sequence for s in self.submissions.values()), default=0) + 1

    def awaiting_validation(self) -> list[Submission]:
        """Return the submissions to validate: those that never were, and those that a waiver was granted for since,
        unless something that came later has replaced them."""
        return [
            s
            for s in self.submissions.values()
            if s.id not in self.outcomes or (s.id in self.reopened_submissions and self.is_current(s))
        ]

    def is_current(self, submission: Submission) -> bool:
        """Return whether a validated submission is the last at its path, and no accepted one is used in its place for
        the same return and any of its periods."""
        newest = self.newest_at(submission.path)
        own_outcomes = {(o.collection, period): o for o in self.outcomes[submission.id] for period in o.periods}
        others = (o for o in self.all_outcomes if o.submission != submission.id and o.accepted)
        replaced = any(
            takes_precedence_over(other, own_outcomes[other.collection, period], self.submissions)
            for other in others
            for period in other.periods
            if (other.collection, period) in own_outcomes
        )
        return newest is not None and newest.id == submission.id and not replaced

    def grants_in_force(self) -> tuple[WaiverGrant, ...]:
        """Return the waivers that no changed value has ended; the check decides whether their last day has passed."""
        return tuple(grant for grant in self.waivers.values() if grant.id not in self.lapsed_waivers)

    def waivers_in_force(self) -> tuple[Waiver, ...]:
        """Return what the grants in force let through."""
        return tuple(grant.waiver for grant in self.grants_in_force())

    def next_validation_number(self, submission: str) -> int:
        """Return the number of the next validation of a submission, counted from 1."""
        return max((outcome.validation_number for outcome in self.outcomes.get(submission, ())), default=0) + 1

    def record_submission(self, submission: Submission) -> None:
        """Record that a submission has arrived."""
        self._append(SubmissionEntry(submission=submission))

    def record_repeated_path(self, path: str, submission: str, at: datetime) -> None:
        """Record that the bytes of a submission also lie at another path, where they are no arrival."""
        self._append(AgainEntry(path=path, submission=submission, at=at))

    def record_outcomes(self, submission: str, outcomes: Sequence[Outcome]) -> None:
        """Record all outcomes of one submission on one line: they become known together or not at all."""
        self._append(OutcomesEntry(submission=submission, outcomes=tuple(outcomes)))

    def record_waivers(self, grants: Sequence[WaiverGrant]) -> None:
        """Record the waivers of all values that one cell stands for on one line."""
        self._append(WaiverEntry(waivers=tuple(grants)))

    def record_lapse(self, waiver: str, submission: str, at: datetime) -> None:
        """Record that a waiver has ended, because a submission changed the value."""
        self._append(LapseEntry(waiver=waiver, submission=submission, at=at))

    def record_message(self, message: Message, at: datetime) -> None:
        """Record a message before its file is written, so that the ledger knows every message in the outbox."""
        self._append(MessageEntry(message=message, at=at))

    def record_delivery(
        self, message: str, state: State, at: datetime, *, detail: str = "", dropped: Sequence[str] = ()
    ) -> None:
        """Record how far a message has come. `dropped` are the keys of a superseded message that no longer hold."""
        self._append(DeliveryEntry(message=message, state=state, at=at, detail=detail, superseded=tuple(dropped)))

    def record_intention(self, what: Decision, about: Mapping[str, Any], by: str, at: datetime) -> None:
        """Record what a person is about to have published, before it is, so that the decision is never lost."""
        self._append(AskedEntry(what=what, **about, by=by, at=at))

    def record_decision(self, what: Decision, about: Mapping[str, Any], by: str, at: datetime) -> None:
        """Record what a person had published: a run that was approved, or a version that was rolled back to."""
        self._append(DecisionEntry(what=what, **about, by=by, at=at))

    def record_loading(self, outcomes: Sequence[str], at: datetime) -> None:
        """Record which outcomes are about to be loaded, in this order, and the time that their loads bear."""
        self._append(LoadingEntry(outcomes=tuple(outcomes), at=at))

    def record_attempt(self, attempt: Attempt) -> None:
        """Record what a night sets out to publish from, before it does."""
        self._append(NightEntry(attempt=attempt))

    def record_publication(self, attempt: Attempt, state: PublicationState, data_version: int) -> None:
        """Record what became of a night's attempt, and the version that is live after it."""
        self._append(PublicationEntry(run=attempt.run, at=attempt.at, state=state, data_version=data_version))

    def record_set_aside(self, attempt: Attempt, left_out: Sequence[SetAside]) -> None:
        """Record what an attempt leaves out of what it publishes, before it publishes anything."""
        self._append(SetAsideEntry(run=attempt.run, at=attempt.at, left_out=tuple(left_out)))

    def record_release(self, outcome: str, by: str, at: datetime) -> None:
        """Record that a person lets an outcome that was set aside through the gate, from the next attempt on."""
        self._append(ReleaseEntry(outcome=outcome, by=by, at=at))

    def record_publication_history(self, tables: Mapping[str, str], versions: Mapping[int, datetime]) -> None:
        """Record that the archive keeps the publication history of the store: the file of each of its tables, and the
        versions published so far."""
        self._append(PastEntry(tables=dict(tables), versions=dict(versions)))

    def record_rebuilt(self, data_version: int, differing: int, at: datetime) -> None:
        """Record that store and published file were put in place as the ledger makes them."""
        self._append(RebuiltEntry(data_version=data_version, differing_rows=differing, at=at))

    @property
    def adoption_notice(self) -> str:
        """Return what to tell once about a ledger of an earlier release; "" if this run has not adopted one."""
        notice = (
            f"The ledger is protected from now on: its {self.newly_adopted} lines were written by an earlier release."
        )
        return notice if self.newly_adopted else ""

    def __post_init__(self) -> None:
        """Prepare the index by path."""
        self._by_path: dict[str, Submission] = {}

    def _append(self, entry: Entry) -> None:
        """Write an entry to the file, then apply it. Raises StorageError."""
        record = entry.as_record()
        records = [record] if self.version >= LEDGER_VERSION else [self.chain.adoption_record(), record]
        if len(records) > 1:
            self.newly_adopted = self.chain.count
        lines = self.chain.seal(records)
        try:
            append_lines(self.path, lines)
        except OSError as error:
            raise StorageError(self.path, f"the ledger cannot be written ({error.strerror})") from None
        for line in lines:
            self.chain.append(line, orjson.loads(line))
        self.version = max(self.version, LEDGER_VERSION)
        self.apply(entry)

    def read_line(self, number: int, line: bytes) -> Entry:
        """Apply a line of the file and return its entry. Raises StorageError, naming the line, for one that is damaged,
        is of a kind or version that this release does not know, or does not follow from the lines before it."""
        try:
            record: dict[str, Any] = orjson.loads(line)
            if self.chain.adopted_lines is None:  # else the chain comes first: the line may have been changed
                self._refuse_newer(number, record)
            self.chain.append(line, record)
            self._refuse_newer(number, record)
            entry = read_entry(record)
            self.apply(entry)
        except BrokenChainError:
            where, what = describe_breach(read_lines(self.path), number)
            raise StorageError(self.path, f"{what}; {RESTORE_ADVICE}", key=where) from None
        except (ValueError, KeyError, TypeError) as error:
            reason = f"is damaged ({type(error).__name__}); {RESTORE_ADVICE}"
            raise StorageError(self.path, reason, key=f"line {number}") from None
        return entry

    def _refuse_newer(self, number: int, record: Mapping[str, Any]) -> None:
        """Raise StorageError for an entry whose version or kind only a newer release knows."""
        reason = ""
        if record["kind"] == "ledger" and record["version"] > LEDGER_VERSION:
            reason = f"it is of version {record['version']}, and this release reads up to {LEDGER_VERSION}"
        elif record["kind"] not in KINDS:
            reason = f"this release knows no entry of the kind {record['kind']!r}"
        if reason:
            reason = f"was written by a newer release: {reason}; use the newer release"
            raise StorageError(self.path, reason, key=f"line {number}")

    def apply(self, entry: Entry) -> None:
        """Take an entry into account."""
        match entry:
            case SubmissionEntry(submission=submission):
                self.submissions[submission.id] = self._by_path[submission.path] = submission
            case AgainEntry():
                self._by_path[entry.path] = self.submissions[entry.submission]
            case OutcomesEntry():
                self._apply_outcomes(entry)
            case WaiverEntry(waivers=grants):
                self.waivers.update((grant.id, grant) for grant in grants)
                self.reopened_submissions.update(grant.submission for grant in grants)
            case LapseEntry():
                self.lapsed_waivers[entry.waiver] = entry.submission
            case MessageEntry(message=message):
                self.messages[message.id] = message
            case DeliveryEntry():
                self._apply_delivery(entry)
            case VersionEntry():
                self.version = entry.version
            case LoadingEntry():
                self.loaded_at |= dict.fromkeys(entry.outcomes, entry.at)
            case _:
                self._apply_publication(entry)

    def _apply_publication(self, entry: Entry) -> None:
        """Take an entry about the published file into account."""
        match entry:
            case SetAsideEntry():
                self.set_aside = {returned.outcome: returned for returned in entry.left_out}
            case ReleaseEntry():
                self.released_outcomes[entry.outcome] = entry.by
            case NightEntry():
                self.attempts.append(entry.attempt)
                self.settled_loads = len(self.loaded_at)
            case AskedEntry():
                self.announced_decisions[entry.at] = entry
            case PublicationEntry(state="published"):
                self.published_versions[entry.data_version] = entry.at
                self.last_rollback = None
            case DecisionEntry():
                self.published_versions[entry.data_version] = entry.at
                self.last_rollback = entry if entry.what == "rolled-back" else None
                if not self._is_reproducible(entry):
                    self.unreproducible_versions.add(entry.data_version)
            case PastEntry(versions=versions):
                self.unreproducible_versions |= versions.keys() - self.published_versions.keys()
                self.published_versions |= versions

    def _is_reproducible(self, decision: DecisionEntry) -> bool:
        """Return whether the ledger can tell what a person had published."""
        if decision.what == "approved":
            return any(attempt.run == decision.run for attempt in self.attempts)
        return decision.to in self.published_versions and decision.to not in self.unreproducible_versions

    def _apply_delivery(self, entry: DeliveryEntry) -> None:
        """Take into account how far a message has come."""
        if entry.state is None:  # the first release, which answered each submission by a message of its own
            outcomes = self.outcomes[entry.submission or ""]
            self.told_keys |= {f"{kind}/{outcome.id}" for outcome in outcomes for kind in ("receipt", "findings")}
            return
        message = self.messages[entry.message]
        self.messages[message.id] = replace(message, state=entry.state, detail=entry.detail)
        if entry.state == "sent":
            self.told_keys |= set(message.notification_keys)

    def _apply_outcomes(self, entry: OutcomesEntry) -> None:
        """Put the outcomes of a submission that is validated again after those that were recorded meanwhile."""
        self.outcomes.pop(entry.submission, None)
        self.outcomes[entry.submission] = entry.outcomes
        self.recorded_outcomes += entry.outcomes
        self.reopened_submissions.discard(entry.submission)


def read_ledger(archive: Path) -> Ledger:
    """Return the ledger of an archive; it is empty where there is none yet. A last line that a crash cut off never
    counted. Raises StorageError for a ledger that cannot be read or has a damaged line."""
    ledger = unread_ledger(archive)
    for number, line in enumerate(read_lines(ledger.path), start=1):
        ledger.read_line(number, line)
    return ledger


def unread_ledger(archive: Path) -> Ledger:
    """Return the ledger of an archive, of which nothing has been read yet."""
    return Ledger(archive / "ledger.jsonl")


def read_lines(path: Path) -> list[bytes]:
    """Return the whole lines of a ledger's file; none where there is no file. Raises StorageError."""
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise StorageError(path, f"the ledger cannot be read ({error.strerror})") from None
    return content.split(b"\n")[:-1]  # no other sign ends a line, or a changed one might look like the one it was
