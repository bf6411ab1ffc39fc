"""The words of what is sent by mail: to data owners, accountable officers and the analyst, as text and as HTML.

One message tells one recipient all the news of a night. Partner text appears in it, so all of it is made inert: escaped
in HTML, kept to one line, never in a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from textwrap import fill

from schemas.findings import Finding, as_typed
from schemas.news import News, has_errors, unshown
from schemas.outcomes import Outcome

Attachment = tuple[str, bytes]
"""A file's name, given by us, and its bytes."""
MOST_FINDINGS = 200
"""Findings shown of each return; how many more there are is said."""
MOST_CELLS = 40
"""Addresses shown of one finding."""
MOST_ATTACHED_BYTES = 10_000_000
"""More than this many mail servers refuse; the message then says that the copies are left out."""

STATUS_WORDS = {
    "accepted": "accepted",
    "accepted-with-warnings": "accepted, with something to look at",
    "partly-accepted": "accepted in part: the rows named below were left out",
    "rejected": "not accepted: nothing of it was used",
}
UNSEEN = {"awaiting": "awaiting publication", "tonight": "to be loaded tonight, awaiting publication"}
XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@dataclass(frozen=True)
class Envelope:
    """From whom to whom, and by what name: `id` is the message's own and never changes. `reply_to` reaches a person."""

    id: str
    to: str
    sender: str
    reply_to: str
    sent_at: datetime


@dataclass(frozen=True)
class Names:
    """What people call things: the partner or role that is written to, returns by collection, partners by id."""

    reader: str
    titles: Mapping[str, str]
    partners: Mapping[str, str]

    def title(self, collection: str | None) -> str:
        return self.titles.get(collection or "", "A file that answers none of your returns")


# -- what a message is made of ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Words:
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and what they are."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Findings:
    """What to put right, in the order in which an owner works through the workbook, and how many more there are."""

    shown: tuple[Finding, ...]
    more: int = 0


Block = Heading | Words | Facts | Findings


def to_owner(news: Sequence[News], names: Names, envelope: Envelope, attachments: Sequence[Attachment]) -> EmailMessage:
    """The one message of a night to a data owner: what to correct, what is overdue, what is resolved, and receipts.

    `attachments` are marked-up copies of workbooks of which findings are told, named by us.
    """
    attached = _small_enough(attachments)
    blocks: list[Block] = [Words(f"To the data owner of {names.reader}."), *_wrong(news, names, envelope)]
    if attached:
        files = ", ".join(name for name, _ in attached)
        blocks.append(Words(f"Attached: {files}. It is your own workbook with these cells marked."))
    elif attachments:
        blocks.append(Words("The marked-up copy is too large for a mail. Ask us for it and quote the submission."))
    blocks += [*_overdue(news, names), *_good_news(news, names), *_receipts(news, names)]
    blocks.append(Words("An unchanged file need not be sent again. Questions? Answer this message."))
    return _message(_subject_to_owner(news, names), blocks, envelope, attached)


def to_officer(
    news: Sequence[News], names: Names, envelope: Envelope, attachments: Sequence[Attachment] = ()
) -> EmailMessage:
    """The message to an accountable officer: returns that are overdue beyond the days of grace, and a quarter's report
    with its files."""
    late, reports = _told(news, "escalated"), _told(news, "report")
    attached = _small_enough(attachments)
    blocks: list[Block] = [Words(f"To the {names.reader}."), *_reported(reports, attached)]
    if late:
        blocks += [
            *([Heading("Overdue beyond the days of grace")] if reports else []),
            Words("You are accountable for indicators that need these returns. Their owners were reminded."),
            *_escalated(late, names),
        ]
    overdue = _counted("Overdue beyond the days of grace", late, names) if late else ""
    subject = "; ".join(filter(None, (overdue, *(one.says[0] for one in reports))))
    return _message(subject, blocks, envelope, attached)


def _small_enough(attachments: Sequence[Attachment]) -> list[Attachment]:
    """The attachments, or none where together they are more than mail servers take."""
    return list(attachments) if sum(len(content) for _, content in attachments) <= MOST_ATTACHED_BYTES else []


def _reported(reports: Sequence[News], attached: Sequence[Attachment]) -> list[Block]:
    """That reports of a quarter were filed."""
    blocks: list[Block] = []
    for one in reports:
        title, name, version = one.says
        files = [file for file, _ in attached if file.startswith(f"scorecard-{name}-")]
        where = f"Attached: {', '.join(files)}." if files else "It is too large for a mail: ask us for it."
        blocks += [
            Heading(title),
            Words(
                f"The scorecard as it was published, data version {version}, filed as {name}. {where} The page opens "
                "in any browser and can be printed. It does not change; newer figures are on the dashboards."
            ),
        ]
    return blocks


def to_analyst(
    news: Sequence[News], names: Names, envelope: Envelope, attachments: Sequence[Attachment] = ()
) -> EmailMessage:
    """The message to the performance analyst: what a person has to look into, and a quarter's report with its files."""
    blocks: list[Block] = [Words("To the performance analyst.")]
    for one in (n for n in news if n.kind == "gate"):
        blocks += [
            Heading("The gate refused what would have been published"),
            Words("What was accepted is in the store. The published file stays as it was, because:"),
            *(Words(f"- {as_typed(reason)}") for reason in one.says),
            Words(
                "Open the page that the night's report names: it shows every row. Correct the definition, the layout "
                "or the return. If it is right all the same, approve it with the command in the report. You hear of "
                "the same reasons again only after something has been published."
            ),
        ]
    for one in (n for n in news if n.kind == "wrong-folder"):
        blocks += [Heading("A file in the wrong folder"), *_strange_file(one, names)]
    for one in (n for n in news if n.kind == "bounced"):
        blocks += [
            Heading("A message that was refused for good"),
            Facts(tuple(zip(("To", "Address", "Message", "The mail server said"), one.says, strict=True))),
            Words("Correct the address in the partner's TOML or in officers.toml. What still holds is then sent."),
        ]
    late = [n for n in news if n.kind == "escalated"]
    if late:
        blocks += [
            Heading("Overdue, and nobody is accountable"),
            Words(
                "These returns are overdue beyond the days of grace, and their indicators have no officer in office."
            ),
            *_escalated(late, names),
        ]
    attached = _small_enough(attachments)
    blocks += _reported(reports := _told(news, "report"), attached)
    kinds = {"gate": "publication refused", "wrong-folder": "a file in the wrong folder", "bounced": "mail refused",
             "escalated": "overdue returns"}  # fmt: skip
    told = ", ".join(words for kind, words in kinds.items() if any(n.kind == kind for n in news))
    subject = "; ".join(filter(None, (f"To look into: {told}" if told else "", *(one.says[0] for one in reports))))
    return _message(subject, blocks, envelope, attached)


def to_analyst_of_fault(said: str, flows: Sequence[str], run: str, since: datetime, envelope: Envelope) -> EmailMessage:
    """The message to the performance analyst about a fault of our own, which no return is to blame for."""
    blocks: list[Block] = [
        Words("To the performance analyst."),
        Heading("A run failed, and no return is to blame"),
        Facts((("What", said), ("Runs", ", ".join(flows)), ("First run", run), ("Since", _time(since)))),
        Words(
            "Nothing that was sent is lost, and the published file is whole. Put the cause right: 'When a night fails' "
            "in docs/operations.md lists what to do. The next run then goes on from where this one stopped. You are "
            "written to once about this fault, until a run has ended well and it comes back."
        ),
    ]
    return _message("Local Indicators: a run failed", blocks, envelope)


# -- sections ---------------------------------------------------------------------------------------------------------


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _time(at: datetime) -> str:
    return f"{_day(at.date())} {at:%H:%M} UTC"


def _told(news: Iterable[News], *kinds: str) -> list[News]:
    return [one for one in news if one.kind in kinds]


def _expected(one: News, names: Names) -> str:
    """An expected return by its title and period."""
    if one.slot is None:
        return names.title(one.outcome.collection if one.outcome else None)
    return f"{names.title(one.slot.collection)}, {one.slot.expected.period}"


def _file(one: News) -> str:
    return as_typed(one.submission.path) if one.submission else ""


def _outcome(one: News) -> Outcome:
    if one.outcome is None:
        raise ValueError(f"{one.key} tells of no outcome")
    return one.outcome


def _rule_of(one: News) -> str:
    """The rule for which nothing of a file may be shown; empty for other files."""
    return unshown([one.outcome]) if one.outcome else ""


def _wrong(news: Sequence[News], names: Names, envelope: Envelope) -> list[Block]:
    blocks: list[Block] = []
    for one in _told(news, "findings"):
        if _rule_of(one) == "return.wrong-folder":
            blocks += _not_yours(one, envelope)
        elif _rule_of(one) == "return.person-level":
            blocks += _single_people(one)
        else:
            blocks += _to_correct(one, names)
    return blocks


def _not_yours(one: News, envelope: Envelope) -> list[Block]:
    """Nothing of the file, not even its name: it is somebody else's."""
    quoted = f" and quote {one.submission.id}" if one.submission else ""
    return [
        Heading("A file that is not one of your returns"),
        Words(
            "A file was put into your folder that is not one of your returns. Nothing of it was used, and nothing of "
            f"it is shown here. Please tell us: answer this message or write to {envelope.reply_to}{quoted}."
        ),
    ]


def _single_people(one: News) -> list[Block]:
    where = next((f.found for f in _outcome(one).findings if f.rule == "return.person-level"), "")
    places = f" Where they are: {where}." if where else ""
    return [
        Heading("Delete this file, and send totals only"),
        Words(
            f"{_file(one)} holds records of single people, which we must not receive. Nothing of it was used or kept "
            f"but its digest, its path and the time.{places} Delete it from your folder and wherever else it was sent, "
            "then send totals only."
        ),
    ]


def _to_correct(one: News, names: Names) -> list[Block]:
    outcome, errors = _outcome(one), has_errors(_outcome(one))
    count = sum(1 for f in outcome.findings if f.is_error) or len(outcome.findings)
    things = f"{count} thing{'' if count == 1 else 's'}"
    of = f"{_file(one)} (submission {outcome.submission})"
    title = names.title(outcome.collection)
    if one.repeats:
        return [
            Heading(f"Still to correct: {title}" if errors else f"Still to look at: {title}"),
            Words(
                f"{of} came, and what our message about submission {one.repeats} named is still there: {things}, and "
                "nothing new. They are not listed a second time."
            ),
        ]
    if not errors:
        opening = f"{of} is used. {things} in it deserve{'s' if count == 1 else ''} a look before the next return."
        return [Heading(f"To look at: {title}"), Words(opening), _findings(outcome)]
    used = "cannot be used yet" if outcome.status == "rejected" else "is used without the rows named here"
    due = f" Its due date is {_day(one.slot.expected.due)}." if one.slot else ""
    return [
        Heading(f"Please correct and send again: {title}"),
        Words(
            f"{of} {used}: {things} to put right.{due} Correct what is named in your workbook, save it under the same "
            "name and send it again."
        ),
        _findings(outcome),
    ]


def _findings(outcome: Outcome) -> Findings:
    return Findings(outcome.findings[:MOST_FINDINGS], max(len(outcome.findings) - MOST_FINDINGS, 0))


def _overdue(news: Sequence[News], names: Names) -> list[Block]:
    late = _told(news, "overdue")
    blocks: list[Block] = [Heading("Overdue")] if late else []
    for one in late:
        if one.slot is None:
            continue
        last = one.slot.outcomes[-1].submission if one.slot.outcomes else ""
        why = f"What came for it ({last}) was not accepted." if last else "Nothing has come for it."
        blocks.append(
            Words(
                f"{_expected(one, names)}: it was due on {_day(one.slot.expected.due)} and is overdue. {why} "
                f"Please {'correct it and send it again' if last else 'send it'} as soon as you can."
            )
        )
    return blocks


def _good_news(news: Sequence[News], names: Names) -> list[Block]:
    blocks: list[Block] = []
    for kind, heading, says in (
        ("resolved", "Resolved", "what was to put right is put right."),
        ("published", "Published", "it awaited publication, and readers can see it now."),
    ):
        told = _told(news, kind)
        blocks += [Heading(heading)] if told else []
        blocks += [
            Words(f"{_expected(one, names)}, {_file(one)} (submission {_outcome(one).submission}): {says}")
            for one in told
        ]
    return blocks


def _receipts(news: Sequence[News], names: Names) -> list[Block]:
    told = _told(news, "receipt")
    if not told:
        return []
    unseen = {one.about: UNSEEN[one.kind] for one in _told(news, *UNSEEN)}
    found = {one.about for one in _told(news, "findings")}
    blocks: list[Block] = [Heading("Receipts"), Words("Please keep this message: it is your proof of what came.")]
    return blocks + [_receipt(one, names, unseen.get(one.about, ""), told=one.about in found) for one in told]


def _receipt(one: News, names: Names, unseen: str, *, told: bool) -> Facts:
    """The proof of one arrival. `unseen`: why readers do not see it yet. `told`: what is wrong with it stands in the
    same message."""
    outcome = _outcome(one)
    status = STATUS_WORDS[outcome.status] + (f"; {unseen}" if unseen else "")
    if outcome.findings and not told:
        status = f"{status.partition(':')[0]}; replaced since, so its findings are not listed"
    facts = [("Submission", outcome.submission)]
    if one.submission is not None:
        facts += [
            ("Digest (SHA-256)", one.submission.digest),
            ("Received", _time(one.submission.first_seen)),
        ]
    facts.append(("Status", status))
    rule = _rule_of(one)
    if rule != "return.wrong-folder":
        facts.insert(0, ("File", _file(one)))
    if not rule:
        errors = sum(1 for f in outcome.findings if f.is_error)
        facts.insert(0, ("Return", names.title(outcome.collection)))
        facts += [
            ("Rows", str(outcome.rows)),
            ("To put right", str(errors)),
            ("To look at", str(len(outcome.findings) - errors)),
        ]
    return Facts(tuple(facts))


def _escalated(news: Sequence[News], names: Names) -> list[Block]:
    blocks: list[Block] = []
    for one in news:
        if one.slot is None:
            continue
        last = one.slot.outcomes[-1] if one.slot.outcomes else None
        stands = f"{last.submission} was not accepted" if last else "nothing has come"
        facts = (
            ("Return", _expected(one, names)),
            ("Expected of", names.partners.get(one.slot.partner, one.slot.partner)),
            ("Due", _day(one.slot.expected.due)),
            ("Where it stands", stands),
        )
        blocks.append(Facts(facts))
    return blocks


def _strange_file(one: News, names: Names) -> list[Block]:
    if one.submission is None:
        return []
    partner = names.partners.get(one.submission.partner, one.submission.partner)
    return [
        Words(
            f"A file in the folder of {partner} looks like a return of another partner. Nothing of it was used, and "
            f"neither partner was shown anything of it. {partner} was asked to tell us. Find out how it came there, "
            "move it to the folder it belongs to, and ask who has seen it."
        ),
        Facts(
            (
                ("File", _file(one)),
                ("Submission", one.submission.id),
                ("Digest (SHA-256)", one.submission.digest),
                ("Received", _time(one.submission.first_seen)),
            )
        ),
    ]


# -- subjects ---------------------------------------------------------------------------------------------------------


def _subject_to_owner(news: Sequence[News], names: Names) -> str:
    """What the message is about, the most urgent first; by name where it is about one thing only."""
    wrong = [one for one in _told(news, "findings") if one.outcome and has_errors(one.outcome)]
    of_rule: dict[str, list[News]] = {}
    for one in wrong:
        of_rule.setdefault(_rule_of(one), []).append(one)
    resolved = _told(news, "resolved")
    said = {one.about for one in [*wrong, *resolved]}
    received = [one for one in _told(news, "receipt") if one.about not in said]
    groups: list[tuple[str, str, list[News]]] = [
        ("Please delete and send totals only", "to delete", of_rule.get("return.person-level", [])),
        ("A file in your folder that is not yours", "not yours", of_rule.get("return.wrong-folder", [])),
        ("Please correct and send again", "to correct", of_rule.get("", [])),
        ("Overdue", "overdue", _told(news, "overdue")),
        ("Resolved", "resolved", resolved),
        ("Published", "published", _told(news, "published")),
        ("Received", "received", received),
    ]
    full = [group for group in groups if group[2]]
    if len(full) == 1 and not _rule_of(full[0][2][0]):
        return _counted(full[0][0], full[0][2], names)
    if len(full) == 1:
        return full[0][0]
    return "Your returns: " + ", ".join(f"{len(told)} {word}" for _, word, told in full)


def _counted(what: str, news: Sequence[News], names: Names) -> str:
    titles = list(dict.fromkeys(_expected(one, names) for one in news))
    return f"{what}: {titles[0] if len(titles) == 1 else f'{len(titles)} returns'}"


# -- a message --------------------------------------------------------------------------------------------------------


def _message(
    subject: str, blocks: Sequence[Block], envelope: Envelope, attachments: Sequence[Attachment] = ()
) -> EmailMessage:
    blocks = [_inert(block) for block in blocks]
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = as_typed(subject)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Reply-To"] = envelope.reply_to
    message["Date"] = format_datetime(envelope.sent_at)
    message["Message-ID"] = f"<{envelope.id}@{domain_of(envelope.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(line for block in blocks for line in _as_text(block)))
    message.add_alternative(_page(blocks), subtype="html")
    for name, content in attachments:
        kind = XLSX if name.endswith(".xlsx") else ("application", "octet-stream")
        message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
    return message


def _inert(block: Block) -> Block:
    """The block with each text on one line and without control characters, whoever wrote it."""
    if isinstance(block, Facts):
        return Facts(tuple((_line(name), _line(value)) for name, value in block.pairs))
    return block if isinstance(block, Findings) else replace(block, text=_line(block.text))


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def domain_of(sender: str) -> str:
    """The domain of an address, which may be given with a name before it."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _cells(one: Finding) -> tuple[str, ...]:
    """Where, what is wrong, found, expected, what to do, and the rule."""
    shown = ", ".join(as_typed(cell) for cell in one.cells[:MOST_CELLS])
    shown += f" and {len(one.cells) - MOST_CELLS} more" if len(one.cells) > MOST_CELLS else ""
    where = shown or ("whole sheet" if one.sheet else "whole file")
    where = f"{as_typed(one.sheet)}: {where}" if one.sheet else where
    kind = "" if one.is_error else "To look at. "
    return where, kind + one.says, as_typed(one.found), as_typed(one.expected), as_typed(one.fix), one.rule


def _more(findings: Findings) -> str:
    if not findings.more:
        return ""
    return f"... and {findings.more} more that are not listed here. The marked-up copy, where there is one, shows all."


def _as_text(block: Block) -> list[str]:
    if isinstance(block, Heading):
        return ["", block.text, "-" * min(len(block.text), 78), ""]
    if isinstance(block, Words):
        return [fill(block.text, 78, break_long_words=False, break_on_hyphens=False), ""]
    if isinstance(block, Facts):
        return [*(f"{name + ':':<18} {value}" for name, value in block.pairs), ""]
    lines: list[str] = []
    for number, one in enumerate(block.shown, start=1):
        where, says, found, expected, fix, rule = _cells(one)
        lines += [f"{number}. {where}", f"   {says}"]
        lines += [f"   Found: {found}"] if found else []
        lines += [f"   Expected: {expected}"] if expected else []
        lines += [f"   What to do: {fix}", f"   Rule: {rule}", ""]
    return [*lines, _more(block), ""] if block.more else lines


_CELL = 'style="border:1px solid #b1b4b6;padding:4px 8px;text-align:left;vertical-align:top"'
_COLUMNS = ("Where", "What is wrong", "Found", "Expected", "What to do", "Rule")


def _table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), *, named: bool = False) -> str:
    """A table of cells; with `named`, the first cell of each row is its heading."""

    def cell(text: str, tag: str) -> str:
        return f"<{tag} {_CELL}>{escape(text)}</{tag}>"

    lines = ["<tr>" + "".join(cell(name, "th") for name in head) + "</tr>"] if head else []
    for row in rows:
        tags = ["th" if named and not number else "td" for number in range(len(row))]
        lines.append("<tr>" + "".join(map(cell, row, tags)) + "</tr>")
    return '<table style="border-collapse:collapse">\n' + "\n".join(lines) + "\n</table>"


def _as_html(block: Block) -> str:
    if isinstance(block, Heading):
        return f'<h2 style="font-size:1.15em">{escape(block.text)}</h2>'
    if isinstance(block, Words):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Facts):
        return _table(block.pairs, named=True) + "<p></p>"
    more = f"<p>{escape(_more(block))}</p>" if block.more else ""
    return _table((_cells(one) for one in block.shown), _COLUMNS) + more


def _page(blocks: Sequence[Block]) -> str:
    style = "font-family:Arial,sans-serif;color:#0b0c0c"
    body = "\n".join(_as_html(block) for block in blocks)
    return f'<!doctype html>\n<html lang="en"><body style="{style}">\n{body}\n</body></html>\n'
