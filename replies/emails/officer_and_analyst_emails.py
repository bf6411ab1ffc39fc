"""The words of what is sent to accountable officers and to the performance analyst."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from replies.emails.email_message import Block, Envelope, Facts, Heading, Words, compose
from replies.emails.owner_emails import Names, counted, day_of, expected, file_of, time_of, told_of
from replies.emails.size_limit import MOST_LISTED, NO_FILES, Files
from schemas.findings import as_typed
from schemas.notifications import News


def to_officer(
    news: Sequence[News], names: Names, envelope: Envelope, files: Files = NO_FILES, most: int = MOST_LISTED[0]
) -> EmailMessage:
    """The message to an accountable officer: returns that are overdue beyond the days of grace, and a quarter's report
    with its files. `most` returns are listed."""
    late, reports = told_of(news, "escalated"), told_of(news, "report")
    blocks: list[Block] = [Words(f"To the {names.reader}."), *_reported(reports, files)]
    if late:
        blocks += [
            *([Heading("Overdue beyond the days of grace")] if reports else []),
            Words("You are accountable for indicators that need these returns. Their owners were reminded."),
            *_escalated(late[:most], names),
            *_and_more(late, most),
        ]
    overdue = counted("Overdue beyond the days of grace", late, names) if late else ""
    subject = "; ".join(filter(None, (overdue, *(one.says[0] for one in reports))))
    return compose(subject, blocks, envelope, files.attached)


def to_analyst(
    news: Sequence[News], names: Names, envelope: Envelope, files: Files = NO_FILES, most: int = MOST_LISTED[0]
) -> EmailMessage:
    """The message to the performance analyst: what a person has to look into, and a quarter's report with its files.
    `most` things of each kind are listed."""
    blocks: list[Block] = [Words("To the performance analyst.")]
    for one in told_of(news, "gate"):
        blocks += _gate(one, most)
    strange, bounced = told_of(news, "wrong-folder"), told_of(news, "bounced")
    for one in strange[:most]:
        blocks += [Heading("A file in the wrong folder"), *_strange_file(one, names)]
    blocks += _and_more(strange, most, "files in a wrong folder")
    differing = told_of(news, "differs")
    for one in differing[:most]:
        blocks += _differing(one, names, most)
    blocks += _and_more(differing, most, "pairs of returns that disagree")
    left_out = told_of(news, "set-aside")
    for one in left_out[:most]:
        blocks += _left_out(one, names)
    blocks += _and_more(left_out, most, "returns that were set aside")
    for one in bounced[:most]:
        *facts, to_do = one.says
        blocks += [
            Heading("A message that was refused for good"),
            Facts(tuple(zip(("To", "Address", "Message", "The mail server said"), facts, strict=True))),
            Words(to_do),
        ]
    blocks += _and_more(bounced, most, "messages that were refused for good")
    late = told_of(news, "escalated")
    if late:
        blocks += [
            Heading("Overdue, and nobody is accountable"),
            Words(
                "These returns are overdue beyond the days of grace, and their indicators have no officer in office."
            ),
            *_escalated(late[:most], names),
            *_and_more(late, most),
        ]
    blocks += _reported(reports := told_of(news, "report"), files)
    kinds = {"gate": "publication refused", "set-aside": "a return set aside",
             "wrong-folder": "a file in the wrong folder",
             "differs": "returns that disagree", "bounced": "mail refused", "escalated": "overdue returns"}  # fmt: skip
    told = ", ".join(words for kind, words in kinds.items() if any(n.kind == kind for n in news))
    subject = "; ".join(filter(None, (f"To look into: {told}" if told else "", *(one.says[0] for one in reports))))
    return compose(subject, blocks, envelope, files.attached)


def _gate(one: News, most: int) -> list[Block]:
    return [
        Heading("The gate refused what would have been published"),
        Words("What was accepted is in the store. The published file stays as it was, because:"),
        *(Words(f"- {as_typed(reason)}") for reason in one.says[:most]),
        *_and_more(one.says, most, "reasons"),
        Words(
            "Open the page that the night's report names: it shows every row. Correct the definition, the layout "
            "or the return. If it is right all the same, approve it with the command in the report. You hear of "
            "the same reasons again only after something has been published."
        ),
    ]


def _left_out(one: News, names: Names) -> list[Block]:
    """A return that was set aside: what the gate found, in which cells, and how it can be let through."""
    if one.submission is None or one.outcome is None:
        return []
    facts = (
        ("Return", names.title(one.outcome.collection)),
        ("Partner", names.partners.get(one.submission.partner, one.submission.partner)),
        ("File", file_of(one)),
        ("Submission", one.submission.id),
    )
    return [
        Heading("A return was set aside, and the rest published"),
        Facts(facts),
        Words("What was published of it before stays. What must hold, and its cells:"),
        *(Words(f"- {as_typed(reason)}") for reason in one.says),
        Words(
            "Its owner is told the same. Every night tries it again. If it is right all the same: "
            f"indicators approve {one.submission.id} --by ROLE"
        ),
    ]


def _and_more(things: Sequence[object], most: int, what: str = "returns") -> list[Block]:
    """How many more there are than a message of this length lists."""
    return [Words(f"... and {len(things) - most} more {what} that are not listed here.")] if len(things) > most else []


def to_analyst_of_fault(said: str, flows: Sequence[str], run: str, since: datetime, envelope: Envelope) -> EmailMessage:
    """The message to the performance analyst about a fault of our own, which no return is to blame for."""
    blocks: list[Block] = [
        Words("To the performance analyst."),
        Heading("A run failed, and no return is to blame"),
        Facts((("What", said), ("Runs", ", ".join(flows)), ("First run", run), ("Since", time_of(since)))),
        Words(
            "Nothing that was sent is lost, and the published file is whole. Put the cause right: 'When a night fails' "
            "in docs/operations.md lists what to do. The next run then goes on from where this one stopped. You are "
            "written to once about this fault, until a run has ended well and it comes back."
        ),
    ]
    return compose("Local Indicators: a run failed", blocks, envelope)


def _reported(reports: Sequence[News], files: Files) -> list[Block]:
    """That reports of a quarter were filed."""
    blocks: list[Block] = []
    for one in reports:
        title, name, version = one.says
        attached = [file.name for file in files.attached if file.name.startswith(f"scorecard-{name}-")]
        where = f"Attached: {', '.join(attached)}. " if attached else ""
        blocks += [
            Heading(title),
            Words(
                f"The scorecard as it was published, data version {version}, filed as {name}. {where}The page opens "
                "in any browser and can be printed. It does not change; newer figures are on the dashboards."
            ),
        ]
    return blocks + files.those_left_out("Ask us for it.")


def _escalated(news: Sequence[News], names: Names) -> list[Block]:
    blocks: list[Block] = []
    for one in news:
        if one.slot is None:
            continue
        last = one.slot.outcomes[-1] if one.slot.outcomes else None
        stands = f"{last.submission} was not accepted" if last else "nothing has come"
        facts = (
            ("Return", expected(one, names)),
            ("Expected of", names.partners.get(one.slot.partner, one.slot.partner)),
            ("Due", day_of(one.slot.expected.due)),
            ("Where it stands", stands),
        )
        blocks.append(Facts(facts))
    return blocks


def _differing(one: News, names: Names, most: int) -> list[Block]:
    """Two returns that disagree: who sent what, and the cells to set beside each other. Nothing of what they hold."""
    sides, places = (one.says[:4], one.says[4:8]), one.says[8:]

    def facts(side: Sequence[str]) -> Facts:
        partner, collection, path, submission = side
        return Facts(
            (
                ("Partner", names.partners.get(partner, partner)),
                ("Return", names.title(collection)),
                ("File", as_typed(path)),
                ("Submission", submission),
            )
        )

    return [
        Heading("Two returns give the same figure with different values"),
        Words(
            "The value of the return that is the authority for the figure is used, otherwise the one that came last. A "
            "partner is told of such a difference only beside what is published, and never what another sent. Open "
            "both files, find out which is right, and have the other corrected."
        ),
        *map(facts, sides),
        *(Words(f"- {as_typed(place)}") for place in places[:most]),
        *_and_more(places, most, "figures"),
    ]


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
                ("File", file_of(one)),
                ("Submission", one.submission.id),
                ("Digest (SHA-256)", one.submission.digest),
                ("Received", time_of(one.submission.first_seen)),
            )
        ),
    ]
