"""A night's report in the two forms people read: a table in the terminal, and Markdown for Prefect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from local_indicators.common.printed_commands import approve_command
from local_indicators.common.safe_text import as_typed, plain_markdown
from local_indicators.flows.delivery.quarterly_filing import FiledReport
from local_indicators.flows.pipeline.daytime_steps import DaytimeReport
from local_indicators.flows.pipeline.night_summary import NightReport, ReturnLine
from local_indicators.flows.pipeline.replying import ReplyReport
from local_indicators.flows.text_tables import print_table
from local_indicators.warehouse.publication.publish import Publication

STYLES = {
    "accepted": "green",
    "accepted-with-warnings": "yellow",
    "partly-accepted": "yellow",
    "rejected": "bold red",
    "set-aside": "bold yellow",
}
MOST_ROWS = 300
SIGNS = {"accepted": "✓", "accepted-with-warnings": "!", "partly-accepted": "!", "rejected": "✗", "set-aside": "‖"}


def print_report(report: NightReport, console: Console) -> None:
    """Print the table at the end of a night."""
    if report.returns:
        console.print("Returns of this night")
        rows = [
            (
                line.title,
                line.path,
                Text(f"{SIGNS[line.status]} {line.status}", style=STYLES[line.status]),
                str(line.rows),
                findings_of(line),
            )
            for line in report.returns
        ]
        print_table(("Return", "File", "Status", "Rows", "Findings"), rows, console)
        console.print()
    for sentence in sentences(report):
        console.print(Text(sentence), soft_wrap=True)


def findings_of(line: ReturnLine) -> str:
    """Return errors and warnings of a return, in a few words."""
    counts = [
        f"{count} {name}" for count, name in ((line.errors, "to correct"), (line.warnings, "to look at")) if count
    ]
    return ", ".join(counts) or "none"


def sentences(report: NightReport) -> list[str]:
    """Return what a night came to, in sentences."""
    published = report.publication
    lines = [] if report.returns else ["No return has arrived or changed since the last night; nothing was loaded."]
    differs = published.difference
    counts = f"{differs.added} row(s) added, {differs.changed} changed, {differs.removed} removed"
    warnings = [expectation for expectation in published.verdict.broken if expectation.severity == "warning"]
    if published.state == "published":
        lines.append(f"Published data version {published.data_version}: {counts}. Dashboards read {report.published}.")
    elif published.state == "unchanged":
        lines.append(f"Nothing differs from data version {published.data_version}, which stays as it is.")
    else:
        lines.append(f"The gate refused what would have been published ({counts}); the published file stays as it was:")
        lines += [
            f"  {expectation.reason}" for expectation in published.verdict.broken if expectation.severity == "critical"
        ]
        if published.verdict.approvable:
            lines.append(f"If it is right all the same: {approve_command(report.run)}")
    lines += _set_aside(published)
    lines += [f"The gate warns: {expectation.reason}." for expectation in warnings]
    if published.page:
        lines.append(f"The verdict and every difference: {published.page}")
    if report.rejected:
        names = ", ".join(as_typed(line.path) for line in report.rejected)
        lines.append(f"Rejected and sent back: {names}.")
    lines += _mail_sentences(report.replies)
    lines += [as_typed(note) for note in report.notes]
    if report.example_partners:
        lines.append(
            f"Example partners are loaded ({', '.join(report.example_partners)}): this is a trial, not a real night."
        )
    return lines


def _set_aside(published: Publication) -> list[str]:
    """Return which returns were set aside, and what to do."""
    at_fault = [item for item in published.set_aside if item.faults]
    lines = [
        f"Set aside: {item.submission}, {item.collection}. {'; '.join(as_typed(fault.text) for fault in item.faults)}."
        for item in at_fault
    ]
    if at_fault:
        lines.append(
            "What was published of these returns before stays; their owners are told. If a return is right all the "
            f"same: {approve_command(at_fault[0].submission)}"
        )
    return lines


def _mail_sentences(replies: ReplyReport) -> list[str]:
    """Return what became of messages, in sentences."""

    def messages(count: int) -> str:
        return f"{count} message{'' if count == 1 else 's'}"

    lines = []
    if replies.sent:
        are = "is" if replies.sent == 1 else "are"
        lines.append(f"{messages(replies.sent)} {are} {'sent' if replies.by_mail else 'in the outbox'}.")
    if replies.waiting:
        lines.append(
            f"Not sent, and kept for a later night: {messages(replies.waiting)}. {as_typed(replies.waiting_because)}."
        )
    if replies.refused:
        who = (
            "the analyst is told"
            if not replies.analyst_refused_because
            else f"the analyst's own: {as_typed(replies.analyst_refused_because)}"
        )
        lines.append(f"Refused for good by the mail server: {messages(replies.refused)}; {who}.")
    if replies.omitted_files:
        lines.append(f"Too large for mail, and so left out of messages: {', '.join(replies.omitted_files)}.")
    return lines


# -- for Prefect's page -----------------------------------------------------------------------------------------------


def as_markdown(report: NightReport) -> str:
    """Return a night's report as Markdown, in which partner text is inert: what came, what failed, what changed, the
    gate's verdict and who is late."""
    published = report.publication
    broken = [(result.severity, result.id, result.reason) for result in published.verdict.broken]
    changes = [
        (change.indicator_id, change.area_code, str(change.added), str(change.changed), str(change.removed))
        for change in published.difference.changes
    ]
    late = [(item.due.isoformat(), item.partner, item.title, item.period, item.progress) for item in report.overdue]
    parts = [
        _returns(report.returns),
        markdown_section(
            "What the night came to", [f"- {plain_markdown(sentence.strip())}" for sentence in sentences(report)]
        ),
        markdown_section(
            "The gate", _gate_verdict(published.state, bool(published.verdict.results)), _table(GATE, broken)
        ),
        markdown_section("What changed", _table(CHANGED, changes), often="Nothing that is published differs."),
        markdown_section("Who is late", _table(LATE, late), often="Nobody."),
    ]
    return "\n".join(parts)


def daytime_as_markdown(done: DaytimeReport) -> str:
    """Return the report of a run between two nights as Markdown."""
    lines = [*_mail_sentences(done.replies), *(as_typed(note) for note in done.notes)]
    lines += ["Nothing was loaded; the coming night loads what was accepted."] if done.returns else []
    return "\n".join(
        [_returns(done.returns), markdown_section("What it came to", [f"- {plain_markdown(line)}" for line in lines])]
    )


def quarterly_as_markdown(done: FiledReport, replies: ReplyReport) -> str:
    """Return as Markdown that a quarterly report was filed, or was there already."""
    lines = [
        f"{done.manifest['title']}: {'filed' if done.is_new else 'was filed before and is left as it is'}.",
        f"It is in {done.folder}, from data version {done.manifest['data_version']}.",
        f"For: {', '.join(done.manifest['to']) or 'nobody'}.",
        *_mail_sentences(replies),
    ]
    files = [(name, digest) for name, digest in done.manifest["files"].items()]
    return markdown_section(
        "The report", [f"- {plain_markdown(line)}" for line in lines], [""], _table(("File", "SHA-256"), files)
    )


CAME = ("Return", "File", "Status", "Rows", "Findings")
GATE = ("Severity", "Expectation", "Why it does not hold")
CHANGED = ("Indicator", "Area", "Added", "Changed", "Removed")
LATE = ("Due", "Partner", "Return", "Period", "Where it stands")


def _returns(lines: Sequence[ReturnLine]) -> str:
    """Return the sections of what came and what failed."""

    def rows(chosen: Iterable[ReturnLine]) -> list[Row]:
        return [(line.title, line.path, line.status, str(line.rows), findings_of(line)) for line in chosen]

    failed = rows(line for line in lines if line.status == "rejected")
    came = markdown_section("What came", _table(CAME, rows(lines)), often="Nothing has come or changed.")
    return came + ("\n" + markdown_section("What failed", _table(CAME, failed)) if failed else "")


def _gate_verdict(state: str, asked: bool) -> list[str]:
    """Return the gate's verdict in a sentence."""
    verdicts = {"published": "It let the night pass.", "refused": "**It refused; the published file is as it was.**"}
    return [verdicts[state] if asked and state in verdicts else "It was not asked, for nothing differs.", ""]


Row = tuple[str, ...]


def _table(heading: Row, rows: Sequence[Row]) -> list[str]:
    """A table of text that is made inert here; no more rows than a page can bear."""
    if not rows:
        return []
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}"]
    lines += [f"| {' | '.join(plain_markdown(cell) for cell in row)} |" for row in rows[:MOST_ROWS]]
    left = len(rows) - MOST_ROWS
    return lines + (["", f"... and {left} more."] if left > 0 else [])


def markdown_section(title: str, *parts: list[str], often: str = "") -> str:
    """Return a section of Markdown; `often` stands where the parts are empty."""
    lines = [line for part in parts for line in part] or [often]
    return "\n".join([f"## {title}", "", *lines, ""])
