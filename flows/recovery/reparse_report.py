"""`indicators rebuild --reparse`: report what would have become of everything that was sent under today's layouts and
rules.

It is only a report: what was recorded stays as it was. The returns of each night are validated together against what
the nights before would have accepted, in a temporary store.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.progress import report_progress
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.checking.known_figures import rows_shown_to_owners
from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.flows.pipeline.publishing import ProgressFunction
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import KEY, PAYLOAD, CheckContext, Waiver
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.queries.published_figures import SEEN
from local_indicators.warehouse.store import connection, current_rows, loading, private_store

UNREADABLE = {
    "people": "held records of people, so nothing of it was kept; it cannot be read again",
    "missing": "is missing from the archive; restore it from a backup",
    "partner": "came from somebody who is no longer a partner",
}


@dataclass(frozen=True)
class Difference:
    """What would have been different for one submission and return. The statuses are None where the file did not answer
    the return; rules are counted by finding; the last three fields count rows with other values, rows only in what was
    recorded, and rows only in what would be accepted today."""

    submission: str
    partner: str
    path: str
    collection: str | None
    recorded: str | None
    today: str | None
    rules_only_recorded: dict[str, int]
    rules_only_today: dict[str, int]
    values_changed: int = 0
    rows_only_recorded: int = 0
    rows_only_today: int = 0

    @property
    def text(self) -> str:
        """Return the difference for people, a line and what explains it."""
        lines = [f"{self.submission} {as_typed(self.path)}: {self.collection or 'no return that we expect'}"]
        if self.recorded != self.today:
            lines.append(f"  was {self.recorded or 'not answered'}, would be {self.today or 'not answered'}")
        for name, rules in (("no longer found", self.rules_only_recorded), ("found today", self.rules_only_today)):
            if rules:
                lines.append(f"  {name}: {', '.join(f'{rule} ({count})' for rule, count in rules.items())}")
        rows = (self.values_changed, self.rows_only_recorded, self.rows_only_today)
        if any(rows):
            lines.append("  rows: {} would have other values, {} would be gone, {} would be new".format(*rows))
        return "\n".join(lines)


@dataclass(frozen=True)
class ReparseReport:
    """The result of a second reading. `unread` are submissions that could not be read again, and why."""

    submissions: int
    differences: tuple[Difference, ...]
    unread: tuple[tuple[Submission, str], ...]

    @property
    def text(self) -> str:
        """Return the report for people."""
        read = self.submissions - len(self.unread)
        lines = [f"Read {read} of {self.submissions} submission(s) again under today's layouts and rules."]
        lines += [item.text for item in self.differences] or ["Nothing would have been different."]
        lines += [f"{item.id} {as_typed(item.path)} {UNREADABLE[why]}." for item, why in self.unread]
        return "\n".join([*lines, "This is a report: nothing was loaded or replaced."])

    def as_dict(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        unread = [{"submission": item.id, "partner": item.partner, "path": item.path, "why": UNREADABLE[why]}
                  for item, why in self.unread]  # fmt: skip
        return {
            "submissions": self.submissions,
            "differences": [asdict(item) for item in self.differences],
            "unread": unread,
        }


def reparse_submissions(settings: Settings, step: ProgressFunction = report_progress) -> ReparseReport:
    """Validate everything that was sent again, in the order in which it came. Raises UsageError where there is no
    ledger, and the errors of definitions and layouts."""
    definitions = load_definitions(settings.definitions)
    partners = load_partners(definitions, settings.partners)
    archive, ledger = Archive(settings.archive), read_ledger(settings.archive)
    if not ledger.path.exists():
        raise UsageError(settings.archive, "holds no ledger; name the archive with --archive")
    unread = [
        (submission, why)
        for submission in ledger.submissions.values()
        if (why := _why_unreadable(submission, archive, ledger, partners))
    ]
    skipped = {submission.id for submission, _ in unread}
    sent = [
        submission
        for submission in ledger.submissions.values()
        if submission.id not in skipped and submission.id in ledger.outcomes
    ]
    differences: list[Difference] = []
    with (
        tempfile.TemporaryDirectory(prefix="indicators-") as folder,
        private_store.open_store(Path(folder, "store.duckdb")) as con,
    ):
        done = 0
        for _, night in groupby(sent, key=lambda submission: submission.night):
            submissions = list(night)
            results = _validated_today(settings, con, submissions, archive, ledger, definitions, partners)
            for submission, group in zip(submissions, results, strict=True):
                differences += _compare(submission, ledger.outcomes[submission.id], group, archive)
                _load(con, submission, group, definitions)
            done += len(submissions)
            step("Reading again what was sent", done, len(sent))
    return ReparseReport(len(ledger.submissions), tuple(differences), tuple(unread))


def _why_unreadable(submission: Submission, archive: Archive, ledger: Ledger, partners: Mapping[str, Partner]) -> str:
    """Return why a submission cannot be read again; "" if it can."""
    if any(f.rule == "return.person-level" for o in ledger.outcomes.get(submission.id, ()) for f in o.findings):
        return "people"
    try:
        archive.read_content(submission.digest, 0)
    except StorageError:
        return "missing"
    return "" if submission.partner in partners else "partner"


def _validated_today(
    settings: Settings,
    con: connection.Connection,
    sent: Sequence[Submission],
    archive: Archive,
    ledger: Ledger,
    definitions: Definitions,
    partners: Mapping[str, Partner],
) -> list[list[ValidationResult]]:
    """Validate the returns of one night, on its day, with the waivers that had been granted and had not ended by
    then."""
    day, most = sent[0].night, settings.limits.file_bytes + 1
    accepted = rows_shown_to_owners(current_rows.last_accepted_rows(con), pl.DataFrame(schema=SEEN), partners)
    context = CheckContext(day, accepted, None, _waivers(ledger, sent[0]))
    arrivals = [
        (
            Origin(submission.partner, submission.path, day),
            lambda digest=submission.digest: archive.read_content(digest, most),
        )
        for submission in sent
    ]
    return validate_files(arrivals, partners, definitions, context, limits=settings.limits)


def _waivers(ledger: Ledger, first: Submission) -> tuple[Waiver, ...]:
    """Return the waivers that had not ended before a submission came."""
    ended = {grant for grant, by in ledger.lapsed_waivers.items() if ledger.submissions[by].sequence < first.sequence}
    return tuple(grant.waiver for grant in ledger.waivers.values() if grant.id not in ended)


def _load(
    con: connection.Connection, submission: Submission, results: Sequence[ValidationResult], definitions: Definitions
) -> None:
    """Load what would be accepted of a submission."""
    for result in results:
        if result.status == "rejected" or result.table is None:
            continue
        outcome = Outcome(
            submission=submission.id,
            partner=submission.partner,
            collection=result.collection,
            status=result.status,
            rows=result.rows,
            findings=(),
            not_checked=(),
            periods=(),
            table=None,
            definitions=definitions.digest,
            layouts="",
            validated_at=submission.first_seen,
        )
        loading.load(con, submission, outcome, result.table.frame, submission.first_seen)


# -- what differs -----------------------------------------------------------------------------------------------------


def _compare(
    submission: Submission, recorded: Sequence[Outcome], results: Sequence[ValidationResult], archive: Archive
) -> Iterator[Difference]:
    """Yield what differs, for each return that the file answered then or would today."""
    then, now = {o.collection: o for o in recorded}, {j.collection: j for j in results}
    for collection in dict.fromkeys([*then, *now]):
        old, new = then.get(collection), now.get(collection)
        gone, added = _rules(old.findings if old else (), new.findings if new else ())
        rows = _rows(_accepted(old, archive), _today(new))
        before, after = (side.status if side else None for side in (old, new))
        if before != after or gone or added or any(rows):
            yield Difference(
                submission=submission.id,
                partner=submission.partner,
                path=submission.path,
                collection=collection,
                recorded=before,
                today=after,
                rules_only_recorded=gone,
                rules_only_today=added,
                values_changed=rows[0],
                rows_only_recorded=rows[1],
                rows_only_today=rows[2],
            )


def _rules(old: Sequence[Finding], new: Sequence[Finding]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the rules of findings that are on one side only, counted. Findings that compare with the published figures
    of that night are left out, because nothing is published here."""
    then, now = (
        Counter((f.rule, f.severity, f.sheet, f.cells) for f in side if f.rule != "key.differs") for side in (old, new)
    )
    return _by_rule(then - now), _by_rule(now - then)


def _by_rule(findings: Counter[tuple[Any, ...]]) -> dict[str, int]:
    """Return how often each rule is found."""
    counts: Counter[str] = Counter()
    for (rule, *_), count in findings.items():
        counts[rule] += count
    return dict(counts)


def _accepted(outcome: Outcome | None, archive: Archive) -> pl.DataFrame | None:
    """Return the rows of an outcome that were loaded."""
    if outcome is None or outcome.table is None:
        return None
    return archive.read_table(outcome.table).filter(~pl.col("faulty"))


def _today(result: ValidationResult | None) -> pl.DataFrame | None:
    """Return the rows that would be loaded today."""
    if result is None or result.table is None or result.status == "rejected":
        return None
    return result.table.frame.filter(~pl.col("faulty"))


def _rows(old: pl.DataFrame | None, new: pl.DataFrame | None) -> tuple[int, int, int]:
    """Return how many rows have other values, how many are gone and how many are new."""
    if old is None or new is None:
        return 0, 0 if old is None else old.height, 0 if new is None else new.height
    both = old.select(*KEY, pl.struct(PAYLOAD).alias("old")).join(
        new.select(*KEY, pl.struct(PAYLOAD).alias("new")), on=KEY, how="inner", nulls_equal=True
    )
    changed = both.filter(pl.col("old").ne_missing(pl.col("new"))).height
    gone = old.join(new, on=KEY, how="anti", nulls_equal=True).height
    return changed, gone, new.join(old, on=KEY, how="anti", nulls_equal=True).height
