"""A night's report in the two forms people read: a table in the terminal, and Markdown for Prefect."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.night import Report, ReturnLine
from flows.replying import Replies
from schemas.findings import as_typed

STYLES = {
    "accepted": "green",
    "accepted-with-warnings": "yellow",
    "partly-accepted": "yellow",
    "rejected": "bold red",
}
SIGNS = {"accepted": "✓", "accepted-with-warnings": "!", "partly-accepted": "!", "rejected": "✗"}


def show(report: Report, console: Console) -> None:
    """Print the table that ends a night."""
    if report.lines:
        table = Table(title="Returns of this night", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("Return")
        table.add_column("File", overflow="fold")
        table.add_column("Status", no_wrap=True)
        table.add_column("Rows", justify="right", no_wrap=True)
        table.add_column("Findings", no_wrap=True)
        for line in report.lines:
            status = Text(f"{SIGNS[line.status]} {line.status}", style=STYLES[line.status])
            table.add_row(line.title, Text(as_typed(line.path)), status, str(line.rows), findings_of(line))
        console.print(table)
        console.print()
    for sentence in sentences(report):
        console.print(Text(sentence), soft_wrap=True)


def findings_of(line: ReturnLine) -> str:
    """Errors and warnings of a return, in a few words."""
    said = [f"{count} {name}" for count, name in ((line.errors, "to correct"), (line.warnings, "to look at")) if count]
    return ", ".join(said) or "none"


def sentences(report: Report) -> list[str]:
    """What the night came to, sentence by sentence."""
    published = report.publication
    said = [] if report.lines else ["No return has arrived or changed since the last night; nothing was loaded."]
    differs = published.difference
    counts = f"{differs.added} row(s) added, {differs.changed} changed, {differs.removed} removed"
    warnings = [one for one in published.verdict.broken if one.severity == "warning"]
    if published.state == "published":
        said.append(f"Published data version {published.data_version}: {counts}. Dashboards read {report.published}.")
    elif published.state == "unchanged":
        said.append(f"Nothing differs from data version {published.data_version}, which stays as it is.")
    else:
        said.append(f"The gate refused what would have been published ({counts}); the published file stays as it was:")
        said += [f"  {one.reason}" for one in published.verdict.broken if one.severity == "critical"]
        if published.verdict.approvable:
            said.append(f"If it is right all the same: indicators approve {report.run}")
    said += [f"The gate warns: {one.reason}." for one in warnings]
    if published.page:
        said.append(f"The verdict and every difference: {published.page}")
    if report.rejected:
        names = ", ".join(as_typed(line.path) for line in report.rejected)
        said.append(f"Rejected and sent back: {names}.")
    said += _of_mail(report.replies)
    said += [as_typed(note) for note in report.notes]
    if report.examples:
        said.append(f"Example partners are loaded ({', '.join(report.examples)}): this is a trial, not a real night.")
    return said


def _of_mail(replies: Replies) -> list[str]:
    def messages(count: int) -> str:
        return f"{count} message{'' if count == 1 else 's'}"

    said = []
    if replies.sent:
        are = "is" if replies.sent == 1 else "are"
        said.append(f"{messages(replies.sent)} {are} {'sent' if replies.by_mail else 'in the outbox'}.")
    if replies.waiting:
        said.append(f"Not sent, and kept for a later night: {messages(replies.waiting)}. {as_typed(replies.trouble)}.")
    if replies.refused:
        said.append(f"Refused for good by the mail server: {messages(replies.refused)}; the analyst is told.")
    return said


def as_markdown(report: Report) -> str:
    """The same report as Markdown, in which partner text is inert."""
    lines = ["| Return | File | Status | Rows | Findings |", "|---|---|---|---:|---|"]
    lines += [
        f"| {_plain(r.title)} | {_plain(r.path)} | {r.status} | {r.rows} | {findings_of(r)} |" for r in report.lines
    ]
    said = "\n".join(f"- {_plain(sentence.strip())}" for sentence in sentences(report))
    return "\n".join([*(lines if report.lines else []), "", said, ""])


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+!|<>~&" else c for c in as_typed(text))
