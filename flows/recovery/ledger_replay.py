"""Replay a ledger: load what was loaded and publish what was published, in the order and with the instants it had."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from common.config_files import build_record
from common.errors import DefinitionError, StorageError
from flows.pipeline.publishing import ProgressFunction, build_inputs
from flows.records.archive import Archive
from flows.records.ledger import Ledger, read_lines, unread_ledger
from flows.records.ledger_entries import (
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
from flows.settings import Settings
from inputs.layouts.partner_layouts import CollectionRecord, Partner, PartnerRecord
from schemas.definitions.loader import load_definitions
from schemas.definitions.models import Definitions
from schemas.return_calendar import ExpectedPeriod
from schemas.set_aside_returns import SetAside
from schemas.submissions import Outcome
from warehouse.mart.build_mart import build_candidate
from warehouse.publication.publish import EVERY, NotApproved, republish_approved_candidate, republish_version, roll_back
from warehouse.publication.version_archive import VersionArchive
from warehouse.store import connection, loading, published_versions

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
    needs |= {decided_at[at]: made_at[one.to] for at, one in decisions.items() if one.to in made_at}
    return _line_to_begin_at([n for n, entry in entries if isinstance(entry, PastEntry)], needs, made_at)


def _line_to_begin_at(pasts: Sequence[int], needs: Mapping[int, int], made_at: Mapping[int, int]) -> int:
    """The last line that keeps the past from which the newest version, and all that it goes back to, can be made; -1
    for the beginning. `needs` are decisions and the line of what each of them published."""
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
        """The version that is live by the ledger, or was made for want of one."""
        return max(self.ledger.last_version, self.version)

    def definitions(self, digest: str) -> Definitions:
        """The definitions that were archived under a digest."""
        if digest not in self._definitions:
            self._definitions[digest] = _definitions(self.archive.read_definitions(digest), digest)
        return self._definitions[digest]


def replay_ledger(given: Settings, con: connection.Connection, live: Path, step: ProgressFunction) -> Replay:
    """Replay an archive's ledger into an empty store and a folder without a published file.

    Raises StorageError where the archive lacks something that is needed.
    """
    ahead, ledger = unread_ledger(given.archive), unread_ledger(given.archive)
    lines = list(enumerate(read_lines(ledger.path), start=1))
    plan = plan_replay([(n, entry) for n, line in lines if isinstance(entry := ahead.read_line(n, line), PLANNED)])
    made = Replay(given, Archive(given.archive), plan, con, live, ledger)
    for number, line in lines:
        _replay_entry(made, number, ledger.read_line(number, line))
        step("Replaying the ledger", number, len(lines))
    _finish(made)
    return made


PLANNED = (LoadingEntry, NightEntry, PublicationEntry, SetAsideEntry, AskedEntry, DecisionEntry, PastEntry)
"""Entries that the plan of a replay is made from."""


def _replay_entry(made: Replay, number: int, entry: Entry) -> None:
    """Do what an entry records, after the ledger has applied it."""
    after = number > made.plan.begin
    match entry:
        case OutcomesEntry():
            _replay_outcomes(made, entry.submission)
        case LoadingEntry():
            _replay_loads(made, [made.outcomes[name] for name in entry.outcomes])
        case PastEntry() if number >= made.plan.begin:
            tables = {table: made.archive.read_publication_history(name) for table, name in entry.tables.items()}
            published_versions.restore_publication_history(made.con, tables)
        case NightEntry(attempt=attempt) if after:
            _replay_publication(made, attempt, (attempt.run, attempt.at))
        case AskedEntry() if after and entry.at in made.plan.asked:
            _replay_decision(made, made.plan.decisions[entry.at])
        case DecisionEntry() if after and entry.at not in made.plan.asked:
            _replay_decision(made, entry)


def _replay_outcomes(made: Replay, submission: str) -> None:
    """Outcomes of a release that did not say when it loaded them are taken as loaded when they were judged."""
    mine = made.ledger.outcomes[submission]
    made.outcomes |= {one.id: one for one in mine}
    if made.ledger.version == 1:
        _replay_loads(made, [one for one in mine if one.table is not None and one.id not in made.plan.loading])


def _replay_loads(made: Replay, outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        frame = made.archive.read_table(one.table or "")
        at = made.ledger.loaded_at.get(one.id, one.judged_at)
        loading.load(made.con, made.ledger.submissions[one.submission], one, frame, at)
        made.loads += 1


# -- publications -----------------------------------------------------------------------------------------------------


def _replay_publication(made: Replay, attempt: Attempt, name: AttemptName) -> None:
    """Make what a night's attempt came to."""
    state, version = made.plan.results.get(name, ("", 0))
    left_out: dict[str, Any] = {"set_aside": made.plan.set_aside.get(name, ())}
    if state == "published":
        republish_version(made.con, made.live, version, _archived_build_inputs(made, attempt) | left_out)
        _note_version(made, version)
    elif state == "refused" and name in made.plan.waits_for.values():
        made.candidates[name] = made.live.parent / f"waiting-{len(made.candidates)}.duckdb"
        number = published_versions.last_published_version(made.con) + 1
        build_candidate(
            made.con, made.candidates[name], version=number, **_archived_build_inputs(made, attempt), **left_out
        )
    elif state == "unchanged" and version != made.version:
        _publish_unchanged(made, attempt, version, left_out)


def _publish_unchanged(made: Replay, attempt: Attempt, version: int, left_out: Mapping[str, Any]) -> None:
    """Make a version of which only the store knew when it was published, from what a later night found to differ in no
    row from it."""
    past = published_versions.publication_history(made.con)
    (about,) = past["publication"].filter(data_version=version).rows(named=True)
    published_versions.undo_last_publication(made.con, version)
    same = _archived_build_inputs(made, attempt) | {
        "run": about["run"],
        "published_at": about["published_at"],
        **left_out,
    }
    republish_version(made.con, made.live, version, same)
    published_versions.restore_publication_history(made.con, past)
    _note_version(made, version)


def _replay_decision(made: Replay, decision: DecisionEntry) -> None:
    """Make what a person had published."""
    version, at = decision.data_version, decision.at
    if decision.what == "approved":
        candidate = made.candidates.get(made.plan.waits_for.get(at, ("", at)))
        if candidate is None:
            return
        republish_approved_candidate(made.con, made.live, candidate, version, at)
    else:
        try:
            used = decision.definitions  # an earlier release told no more than the past of that version
            definitions = made.definitions(used) if used else None
            roll_back(made.con, made.live, decision.to or 0, decision.by, at, EVERY, definitions)
        except NotApproved:
            return
    _note_version(made, version)


def _note_version(made: Replay, version: int) -> None:
    """Note that the published file is of a version, and let go of those that nobody goes back to."""
    made.version = version
    made.publications += 1
    kept = VersionArchive.beside(made.live).versions()
    for number in list(kept)[: -made.settings.keep_versions]:
        if number not in made.plan.rollback_targets:
            kept[number].unlink()


def _finish(made: Replay) -> None:
    """Where no night is on record, publish what was loaded; say what of the past could not be made."""
    ledger = made.ledger
    guessed = not ledger.attempts and not ledger.unreproducible_versions and bool(ledger.recorded_outcomes)
    if guessed:
        version = max(ledger.last_version, 1)
        republish_version(made.con, made.live, version, _guess_build_inputs(made))
        _note_version(made, version)
        made.notes.append(
            "The ledger was written by a release that did not record its nights. The values are made again; earlier"
            " versions, revisions and the instants of loading and publishing are not on record. A night of this release"
            " keeps what the store knows of them, if it runs before the store is lost."
        )
    elif made.version != ledger.last_version:
        made.live.unlink(missing_ok=True)
        made.notes.append(
            f"Version {ledger.last_version}, which is live by the ledger, cannot be made again: a release published it"
            " that did not record what it was made from. The next night that publishes puts that right."
        )


def _guess_build_inputs(made: Replay) -> dict[str, Any]:
    """What the last night of a release that recorded none published from: by what its returns were judged."""
    ledger, judged = made.ledger, made.ledger.recorded_outcomes
    partners = {one.partner: one.layouts for one in judged}
    at = max([one.judged_at for one in judged] + list(ledger.published_versions.values()))
    today = max(one.night for one in ledger.submissions.values())
    attempt = Attempt("rebuild", today, at, judged[-1].definitions, partners, has_examples=False, release="")
    try:
        return _archived_build_inputs(made, attempt)
    except StorageError as fault:
        definitions = load_definitions(made.settings.definitions)
        made.notes.append(f"Today's definitions stand in for those of then: {fault}.")
        return _archived_build_inputs(made, replace(attempt, definitions=definitions.digest), definitions)


def _archived_build_inputs(made: Replay, attempt: Attempt, definitions: Definitions | None = None) -> dict[str, Any]:
    """What a version is built from beside the store, from the archive and the ledger up to here."""
    partners = {
        name: archived_partner(made.archive.read_definitions(digest), name, digest)
        for name, digest in attempt.partners.items()
    }
    return build_inputs(attempt, definitions or made.definitions(attempt.definitions), partners, made.ledger)


def _definitions(files: Mapping[str, bytes], digest: str) -> Definitions:
    """Archived definitions, loaded. Raises StorageError where they are damaged, or of no use to this release."""
    with tempfile.TemporaryDirectory(prefix="indicators-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            found = load_definitions(Path(folder))
        except DefinitionError as fault:
            where = Path(fault.thing).name
            raise StorageError(f"definitions {digest[:12]}…", f"{where}: {fault.reason}", key=fault.key) from None
    if found.digest != digest:
        raise StorageError(f"definitions {digest[:12]}…", "are damaged in the archive; restore them from a backup")
    return found


def archived_partner(files: Mapping[str, bytes], name: str, digest: str) -> Partner:
    """What the register needs of an archived TOML: the returns and when they are due. Its layouts are of no use here,
    and this release need not understand them."""
    (toml,) = files.values()
    says = tomllib.loads(toml.decode())
    collections = tuple(
        CollectionRecord(
            one["id"], one.get("title", ""), (), (),
            expect=tuple(
                build_record(ExpectedPeriod, period, f"{name}.toml", one["id"]) for period in one.get("expect", ())
            ),
        )
        for one in says.get("collection", ())
    )  # fmt: skip
    example = bool(says.get("example", False))
    return Partner(PartnerRecord(name, says.get("name", ""), "", collections, example), (), digest, toml)
