"""Replay a ledger: load what was loaded and publish what was published, in the order and with the instants it had."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from local_indicators.common.config_files import build_record
from local_indicators.common.errors import DefinitionError, StorageError
from local_indicators.flows.pipeline.publishing import ProgressFunction, build_inputs
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import Ledger, read_lines, unread_ledger
from local_indicators.flows.records.ledger_entries import (
    AskedEntry,
    Attempt,
    DecisionEntry,
    Entry,
    LoadingEntry,
    NightEntry,
    OutcomesEntry,
    PastEntry,
    PublicationEntry,
    SetAsideEntry,
)
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import CollectionRecord, Partner, PartnerRecord
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.return_calendar import ExpectedPeriod
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import Outcome
from local_indicators.warehouse.mart.build_mart import build_candidate
from local_indicators.warehouse.publication.publish import (
    EVERY,
    NotApproved,
    republish_approved_candidate,
    republish_version,
    roll_back,
)
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.store import connection, loading, published_versions

AttemptName = tuple[str, datetime]
"""An attempt to publish, by its run and its time."""


@dataclass(frozen=True, eq=False)
class ReplayPlan:
    """What the whole ledger says of its lines, so that each can be replayed as what it turned out to be.

    `loading`: outcomes whose load is on record. `results`: state and data version that each attempt came to.
    `decisions`: what persons had published, by its time, and `asked`: the times of those that were announced.
    `waits_for`: the attempt whose candidate each approval published. `set_aside`: what each attempt left out.
    `begin`: the line from which on publications are made again; what is before, the archive keeps.
    """

    loading: frozenset[str]
    results: Mapping[AttemptName, tuple[str, int]]
    decisions: Mapping[datetime, DecisionEntry]
    asked: frozenset[datetime]
    waits_for: Mapping[datetime, AttemptName]
    set_aside: Mapping[AttemptName, Sequence[SetAside]]
    begin: int

    @property
    def rollback_targets(self) -> set[int | None]:
        """Return the versions that were rolled back to."""
        return {decision.to for decision in self.decisions.values() if decision.what == "rolled-back"}


def plan_replay(entries: Sequence[tuple[int, Entry]]) -> ReplayPlan:
    """Return the plan that a ledger's entries give, each with the number of its line."""
    publications = [entry for _, entry in entries if isinstance(entry, PublicationEntry)]
    results = {(entry.run, entry.at): (entry.state, entry.data_version) for entry in publications}
    decisions = {entry.at: entry for _, entry in entries if isinstance(entry, DecisionEntry)}
    asked = {entry.at: n for n, entry in entries if isinstance(entry, AskedEntry) and entry.at in decisions}
    decided_at = {entry.at: asked.get(entry.at, n) for n, entry in entries if isinstance(entry, DecisionEntry)}
    nights = {(e.attempt.run, e.attempt.at): n for n, e in entries if isinstance(e, NightEntry)}
    waits_for: dict[datetime, AttemptName] = {}
    for at, decision in decisions.items():
        if decision.what == "approved":
            before = [name for name in nights if name[0] == decision.run and nights[name] < decided_at[at]]
            waits_for |= {at: max(before, key=nights.__getitem__)} if before else {}
    return ReplayPlan(
        loading=frozenset(name for _, e in entries if isinstance(e, LoadingEntry) for name in e.outcomes),
        results=results,
        decisions=decisions,
        asked=frozenset(asked),
        waits_for=waits_for,
        set_aside={(e.run, e.at): e.left_out for _, e in entries if isinstance(e, SetAsideEntry)},
        begin=_first_line(entries, results, decisions, decided_at, nights, waits_for),
    )


def _first_line(
    entries: Sequence[tuple[int, Entry]],
    results: Mapping[AttemptName, tuple[str, int]],
    decisions: Mapping[datetime, DecisionEntry],
    decided_at: Mapping[datetime, int],
    nights: Mapping[AttemptName, int],
    waits_for: Mapping[datetime, AttemptName],
) -> int:
    """Return the line from which on publications are made again."""
    made_at = {v: nights[name] for name, (state, v) in results.items() if state == "published" and name in nights}
    made_at |= {decision.data_version: decided_at[at] for at, decision in decisions.items()}
    needs = {decided_at[at]: nights[name] for at, name in waits_for.items()}
    needs |= {decided_at[at]: made_at[decision.to] for at, decision in decisions.items() if decision.to in made_at}
    return _line_to_begin_at([n for n, entry in entries if isinstance(entry, PastEntry)], needs, made_at)


def _line_to_begin_at(pasts: Sequence[int], needs: Mapping[int, int], made_at: Mapping[int, int]) -> int:
    """Return the last line that archives the history from which the newest version, and all that it goes back to, can
    be made; -1 for the beginning. `needs` maps the line of each decision to that of what it published."""
    begin = max(pasts, default=-1)
    newest = [made_at[max(made_at)]] if made_at else []
    while True:
        first = min([*newest, *(of for decision, of in needs.items() if decision > begin)], default=begin + 1)
        if first > begin:
            return begin
        begin = max((n for n in pasts if n < first), default=-1)


@dataclass(eq=False)
class Replay:
    """A ledger as far as it has been replayed, and what has been made in a folder: the store behind `con`, and the
    published file at `live`, which is of version `version`."""

    settings: Settings
    archive: Archive
    plan: ReplayPlan
    con: connection.Connection
    live: Path
    ledger: Ledger
    version: int = 0
    loads: int = 0
    publications: int = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    candidates: dict[AttemptName, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _definitions: dict[str, Definitions] = field(default_factory=dict)

    @property
    def last_version(self) -> int:
        """Return the version that is live by the ledger, or was made for want of one."""
        return max(self.ledger.last_version, self.version)

    def definitions(self, digest: str) -> Definitions:
        """Return the definitions that were archived under a digest."""
        if digest not in self._definitions:
            self._definitions[digest] = _definitions(self.archive.read_definitions(digest), digest)
        return self._definitions[digest]


def replay_ledger(settings: Settings, con: connection.Connection, live: Path, step: ProgressFunction) -> Replay:
    """Replay an archive's ledger into an empty store and a folder without a published file.

    Raises StorageError where the archive lacks something that is needed.
    """
    ahead, ledger = unread_ledger(settings.archive), unread_ledger(settings.archive)
    lines = list(enumerate(read_lines(ledger.path), start=1))
    plan = plan_replay([(n, entry) for n, line in lines if isinstance(entry := ahead.read_line(n, line), PLANNED)])
    replay = Replay(settings, Archive(settings.archive), plan, con, live, ledger)
    for number, line in lines:
        _replay_entry(replay, number, ledger.read_line(number, line))
        step("Replaying the ledger", number, len(lines))
    _finish(replay)
    return replay


PLANNED = (LoadingEntry, NightEntry, PublicationEntry, SetAsideEntry, AskedEntry, DecisionEntry, PastEntry)
"""Entries that the plan of a replay is made from."""


def _replay_entry(replay: Replay, number: int, entry: Entry) -> None:
    """Do what an entry records, after the ledger has applied it."""
    after = number > replay.plan.begin
    match entry:
        case OutcomesEntry():
            _replay_outcomes(replay, entry.submission)
        case LoadingEntry():
            _replay_loads(replay, [replay.outcomes[name] for name in entry.outcomes])
        case PastEntry() if number >= replay.plan.begin:
            tables = {table: replay.archive.read_publication_history(name) for table, name in entry.tables.items()}
            published_versions.restore_publication_history(replay.con, tables)
        case NightEntry(attempt=attempt) if after:
            _replay_publication(replay, attempt, (attempt.run, attempt.at))
        case AskedEntry() if after and entry.at in replay.plan.asked:
            _replay_decision(replay, replay.plan.decisions[entry.at])
        case DecisionEntry() if after and entry.at not in replay.plan.asked:
            _replay_decision(replay, entry)


def _replay_outcomes(replay: Replay, submission: str) -> None:
    """Note the outcomes of a submission. Those of a release that did not record its loads are loaded as of their
    validation."""
    outcomes = replay.ledger.outcomes[submission]
    replay.outcomes |= {outcome.id: outcome for outcome in outcomes}
    if replay.ledger.version == 1:
        _replay_loads(
            replay,
            [outcome for outcome in outcomes if outcome.table is not None and outcome.id not in replay.plan.loading],
        )


def _replay_loads(replay: Replay, outcomes: Sequence[Outcome]) -> None:
    """Load outcomes at the times they had."""
    for outcome in outcomes:
        frame = replay.archive.read_table(outcome.table or "")
        at = replay.ledger.loaded_at.get(outcome.id, outcome.validated_at)
        loading.load(replay.con, replay.ledger.submissions[outcome.submission], outcome, frame, at)
        replay.loads += 1


# -- publications -----------------------------------------------------------------------------------------------------


def _replay_publication(replay: Replay, attempt: Attempt, name: AttemptName) -> None:
    """Make what a night's attempt came to."""
    state, version = replay.plan.results.get(name, ("", 0))
    left_out: dict[str, Any] = {"set_aside": replay.plan.set_aside.get(name, ())}
    if state == "published":
        republish_version(replay.con, replay.live, version, _archived_build_inputs(replay, attempt) | left_out)
        _note_version(replay, version)
    elif state == "refused" and name in replay.plan.waits_for.values():
        replay.candidates[name] = replay.live.parent / f"waiting-{len(replay.candidates)}.duckdb"
        number = published_versions.last_published_version(replay.con) + 1
        build_candidate(
            replay.con, replay.candidates[name], version=number, **_archived_build_inputs(replay, attempt), **left_out
        )
    elif state == "unchanged" and version != replay.version:
        _publish_unchanged(replay, attempt, version, left_out)


def _publish_unchanged(replay: Replay, attempt: Attempt, version: int, left_out: Mapping[str, Any]) -> None:
    """Make a version of which only the store knew when it was published, from what a later night found to differ from
    it in no row."""
    past = published_versions.publication_history(replay.con)
    (about,) = past["publication"].filter(data_version=version).rows(named=True)
    published_versions.undo_last_publication(replay.con, version)
    same = _archived_build_inputs(replay, attempt) | {
        "run": about["run"],
        "published_at": about["published_at"],
        **left_out,
    }
    republish_version(replay.con, replay.live, version, same)
    published_versions.restore_publication_history(replay.con, past)
    _note_version(replay, version)


def _replay_decision(replay: Replay, decision: DecisionEntry) -> None:
    """Make what a person had published."""
    version, at = decision.data_version, decision.at
    if decision.what == "approved":
        candidate = replay.candidates.get(replay.plan.waits_for.get(at, ("", at)))
        if candidate is None:
            return
        republish_approved_candidate(replay.con, replay.live, candidate, version, at)
    else:
        try:
            used = decision.definitions  # an earlier release told no more than the past of that version
            definitions = replay.definitions(used) if used else None
            roll_back(replay.con, replay.live, decision.to or 0, decision.by, at, EVERY, definitions)
        except NotApproved:
            return
    _note_version(replay, version)


def _note_version(replay: Replay, version: int) -> None:
    """Note the version of the published file, and delete those that nobody goes back to."""
    replay.version = version
    replay.publications += 1
    kept = VersionArchive.beside(replay.live).versions()
    for number in list(kept)[: -replay.settings.keep_versions]:
        if number not in replay.plan.rollback_targets:
            kept[number].unlink()


def _finish(replay: Replay) -> None:
    """Publish what was loaded where no night is recorded; note what of the past could not be made."""
    ledger = replay.ledger
    guessed = not ledger.attempts and not ledger.unreproducible_versions and bool(ledger.recorded_outcomes)
    if guessed:
        version = max(ledger.last_version, 1)
        republish_version(replay.con, replay.live, version, _guess_build_inputs(replay))
        _note_version(replay, version)
        replay.notes.append(
            "The ledger was written by a release that did not record its nights. The values are made again; earlier"
            " versions, revisions and the instants of loading and publishing are not on record. A night of this release"
            " keeps what the store knows of them, if it runs before the store is lost."
        )
    elif replay.version != ledger.last_version:
        replay.live.unlink(missing_ok=True)
        replay.notes.append(
            f"Version {ledger.last_version}, which is live by the ledger, cannot be made again: a release published it"
            " that did not record what it was made from. The next night that publishes puts that right."
        )


def _guess_build_inputs(replay: Replay) -> dict[str, Any]:
    """Return what the last night of a release that recorded none published from: what its returns were validated by."""
    ledger, validated = replay.ledger, replay.ledger.recorded_outcomes
    partners = {outcome.partner: outcome.layouts for outcome in validated}
    at = max([outcome.validated_at for outcome in validated] + list(ledger.published_versions.values()))
    today = max(submission.night for submission in ledger.submissions.values())
    attempt = Attempt("rebuild", today, at, validated[-1].definitions, partners, has_examples=False, release="")
    try:
        return _archived_build_inputs(replay, attempt)
    except StorageError as fault:
        definitions = load_definitions(replay.settings.definitions)
        replay.notes.append(f"Today's definitions stand in for those of then: {fault}.")
        return _archived_build_inputs(replay, replace(attempt, definitions=definitions.digest), definitions)


def _archived_build_inputs(replay: Replay, attempt: Attempt, definitions: Definitions | None = None) -> dict[str, Any]:
    """Return what a version is built from besides the store, from the archive and the ledger so far."""
    partners = {
        name: archived_partner(replay.archive.read_definitions(digest), name, digest)
        for name, digest in attempt.partners.items()
    }
    return build_inputs(attempt, definitions or replay.definitions(attempt.definitions), partners, replay.ledger)


def _definitions(files: Mapping[str, bytes], digest: str) -> Definitions:
    """Load archived definitions. Raises StorageError where they are damaged, or of no use to this release."""
    with tempfile.TemporaryDirectory(prefix="indicators-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            definitions = load_definitions(Path(folder))
        except DefinitionError as fault:
            where = Path(fault.thing).name
            raise StorageError(f"definitions {digest[:12]}…", f"{where}: {fault.reason}", key=fault.key) from None
    if definitions.digest != digest:
        raise StorageError(f"definitions {digest[:12]}…", "are damaged in the archive; restore them from a backup")
    return definitions


def archived_partner(files: Mapping[str, bytes], name: str, digest: str) -> Partner:
    """Return what the register needs of an archived TOML file: the returns and when they are due. Its layouts are left
    out, because this release need not understand them."""
    (toml,) = files.values()
    record = tomllib.loads(toml.decode())
    collections = []
    for collection in record.get("collection", ()):
        collection_id = collection["id"]
        periods = [
            build_record(ExpectedPeriod, period, f"{name}.toml", collection_id)
            for period in collection.get("expect", ())
        ]
        collections.append(CollectionRecord(collection_id, collection.get("title", ""), (), (), expect=tuple(periods)))
    example = bool(record.get("example", False))
    return Partner(PartnerRecord(name, record.get("name", ""), "", tuple(collections), example), (), digest, toml)
