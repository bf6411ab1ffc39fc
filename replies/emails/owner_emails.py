"""The words of what is sent to data owners by mail.

One message tells one recipient all the news of a night. Partner text appears in it, so all of it is made inert: escaped
in HTML, kept to one line, never in a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage

from replies.emails.email_message import Block, Envelope, Facts, Findings, Heading, Words, compose
from replies.emails.size_limit import MOST_LISTED, NO_FILES, Files
from schemas.file_precedence import Rival
from schemas.findings import as_typed
from schemas.notifications import News, has_errors, unshown
from schemas.submissions import Outcome, Submission

STATUS_WORDS = {
    "accepted": "accepted",
    "accepted-with-warnings": "accepted, with something to look at",
    "partly-accepted": "accepted in part: the rows named below were left out",
    "rejected": "not accepted: nothing of it was used",
}
WHICH_COUNTS = (
    "Of two files of one return that come in one night, the one counts whose name does not say that it is old, a draft "
    "or a copy; of these the one that was changed last, by what it says itself or else by its date in your folder. If "
    "the other one is right, save it again under a plain name and send it again."
)
UNSEEN = {"awaiting": "awaiting publication", "tonight": "to be loaded tonight, awaiting publication"}


@dataclass(frozen=True)
class Names:
    """What people call things: the partner or role that is written to, returns by collection, partners by id."""

    reader: str
    titles: Mapping[str, str]
    partners: Mapping[str, str]

    def title(self, collection: str | None) -> str:
        return self.titles.get(collection or "", "A file that answers none of your returns")


def to_owner(
    news: Sequence[News], names: Names, envelope: Envelope, files: Files = NO_FILES, most: int = MOST_LISTED[0]
) -> EmailMessage:
    """The one message of a night to a data owner: what to correct, what is overdue, what is resolved, and receipts.

    `files` are marked-up copies of workbooks of which findings are told, named by us. `most` findings of each return
    are listed.
    """
    blocks: list[Block] = [Words(f"To the data owner of {names.reader}."), *_wrong(news, names, envelope, most)]
    if files.attached:
        attached = ", ".join(one.name for one in files.attached)
        blocks.append(Words(f"Attached: {attached}. It is your own workbook with these cells marked."))
    blocks += files.those_left_out("To have it, answer this message. It is your own workbook with these cells marked.")
    blocks += [*_set_aside(news, names), *_overdue(news, names), *_good_news(news, names), *_receipts(news, names)]
    blocks.append(Words("An unchanged file need not be sent again. Questions? Answer this message."))
    return compose(_subject_to_owner(news, names), blocks, envelope, files.attached)


# -- sections ---------------------------------------------------------------------------------------------------------


def day_of(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def time_of(at: datetime) -> str:
    return f"{day_of(at.date())} {at:%H:%M} UTC"


def told_of(news: Iterable[News], *kinds: str) -> list[News]:
    return [one for one in news if one.kind in kinds]


def expected(one: News, names: Names) -> str:
    """An expected return by its title and period."""
    if one.slot is None:
        return names.title(one.outcome.collection if one.outcome else None)
    return f"{names.title(one.slot.collection)}, {one.slot.expected.period}"


def file_of(one: News) -> str:
    return as_typed(one.submission.path) if one.submission else ""


def _outcome(one: News) -> Outcome:
    if one.outcome is None:
        raise ValueError(f"{one.key} tells of no outcome")
    return one.outcome


def _rule_of(one: News) -> str:
    """The rule for which nothing of a file may be shown; empty for other files."""
    return unshown([one.outcome]) if one.outcome else ""


def _wrong(news: Sequence[News], names: Names, envelope: Envelope, most: int) -> list[Block]:
    blocks: list[Block] = []
    for one in told_of(news, "findings"):
        if _rule_of(one) == "return.wrong-folder":
            blocks += _not_yours(one, envelope)
        elif _rule_of(one) == "return.person-level":
            blocks += _single_people(one)
        else:
            blocks += _to_correct(one, names, most)
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
            f"{file_of(one)} holds records of single people, which we must not receive. Nothing of it was used or kept "
            f"but its digest, its path and the time.{places} Delete it from your folder and wherever else it was sent, "
            "then send totals only."
        ),
    ]


def _to_correct(one: News, names: Names, most: int) -> list[Block]:
    outcome, errors = _outcome(one), has_errors(_outcome(one))
    count = sum(1 for f in outcome.findings if f.is_error) or len(outcome.findings)
    things = f"{count} thing{'' if count == 1 else 's'}"
    of = f"{file_of(one)} (submission {outcome.submission})"
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
        return [Heading(f"To look at: {title}"), Words(opening), _findings(outcome, most)]
    used = "cannot be used yet" if outcome.status == "rejected" else "is used without the rows named here"
    due = f" Its due date is {day_of(one.slot.expected.due)}." if one.slot else ""
    return [
        Heading(f"Please correct and send again: {title}"),
        Words(
            f"{of} {used}: {things} to put right.{due} Correct what is named in your workbook, save it under the same "
            "name and send it again."
        ),
        _findings(outcome, most),
    ]


def _findings(outcome: Outcome, most: int) -> Findings:
    return Findings(outcome.findings[:most], max(len(outcome.findings) - most, 0))


def _set_aside(news: Sequence[News], names: Names) -> list[Block]:
    blocks: list[Block] = []
    for one in told_of(news, "set-aside"):
        blocks += [
            Heading(f"Accepted, but not published: {names.title(_outcome(one).collection)}"),
            Words(
                f"{file_of(one)} (submission {_outcome(one).submission}) was accepted. Put together with what is "
                "published, not all of its figures can be right, so none of its new figures is shown yet. What was "
                "published before stays. What must hold, and the cells of yours that it is about:"
            ),
            *(Words(f"- {as_typed(reason)}") for reason in one.says),
            Words(
                "Correct what is wrong and send the file again. If it is right as it is, answer this message and say "
                "why: a person can let it through."
            ),
        ]
    return blocks


def _overdue(news: Sequence[News], names: Names) -> list[Block]:
    late = told_of(news, "overdue")
    blocks: list[Block] = [Heading("Overdue")] if late else []
    for one in late:
        if one.slot is None:
            continue
        last = one.slot.outcomes[-1].submission if one.slot.outcomes else ""
        why = f"What came for it ({last}) was not accepted." if last else "Nothing has come for it."
        blocks.append(
            Words(
                f"{expected(one, names)}: it was due on {day_of(one.slot.expected.due)} and is overdue. {why} "
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
        told = told_of(news, kind)
        blocks += [Heading(heading)] if told else []
        blocks += [
            Words(f"{expected(one, names)}, {file_of(one)} (submission {_outcome(one).submission}): {says}")
            for one in told
        ]
    return blocks


def _receipts(news: Sequence[News], names: Names) -> list[Block]:
    told = told_of(news, "receipt")
    if not told:
        return []
    unseen = {one.about: UNSEEN[one.kind] for one in told_of(news, *UNSEEN)}
    found = {one.about for one in told_of(news, "findings")}
    blocks: list[Block] = [Heading("Receipts"), Words("Please keep this message: it is your proof of what came.")]
    blocks += [_receipt(one, names, unseen.get(one.about, ""), told=one.about in found) for one in told]
    beside = any(rival.submission.path != _path(one) for one in told for rival in one.rivals)
    return [*blocks, Words(WHICH_COUNTS)] if beside else blocks


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
            ("Received", time_of(one.submission.first_seen)),
        ]
    facts.append(("Status", status))
    if one.rivals:
        facts.append(("Counts", _counts(one)))
    rule = _rule_of(one)
    if rule != "return.wrong-folder":
        facts.insert(0, ("File", file_of(one)))
    if not rule:
        errors = sum(1 for f in outcome.findings if f.is_error)
        facts.insert(0, ("Return", names.title(outcome.collection)))
        facts += [
            ("Rows", str(outcome.rows)),
            ("To put right", str(errors)),
            ("To look at", str(len(outcome.findings) - errors)),
        ]
    return Facts(tuple(facts))


def _counts(one: News) -> str:
    """Whether a file counts, beside which others of its return, and for which periods where it is not for all."""
    whole = set(_outcome(one).periods)

    def of(periods: Sequence[str]) -> str:
        return "" if set(periods) == whole else f" for {', '.join(periods)}"

    said = []
    if one.counts_for:
        taken = [rival for rival in one.rivals if not rival.counts]
        said.append(f"yes{of(one.counts_for)}")
        said += [f"in place of {_named(rival, one)}{of(rival.periods)}: {rival.why}" for rival in taken]
    for rival in (rival for rival in one.rivals if rival.counts):
        part = ", but for the rows that it leaves out" if rival.in_part else ""
        if _outcome(one).accepted:
            how = f"{_named(rival, one)}, for the same return, counts in its place{part}: {rival.why}"
        else:
            how = f"{_named(rival, one)} counts{part}"
        said.append(f"no{of(rival.periods)}: {how}")
    return "; ".join(said)


def _named(rival: Rival, one: News) -> str:
    """Another file of the same return. Of one that another partner sent, who answered for the return before, nothing is
    said."""
    if rival.submission.partner != _outcome(one).partner:
        return "a file that another partner sent"
    return _file_and_time(rival.submission)


def _file_and_time(one: Submission) -> str:
    return f"{as_typed(one.path)} (submission {one.id}, received {time_of(one.first_seen)})"


def _path(one: News) -> str:
    return one.submission.path if one.submission else ""


# -- subjects ---------------------------------------------------------------------------------------------------------


def _subject_to_owner(news: Sequence[News], names: Names) -> str:
    """What the message is about, the most urgent first; by name where it is about one thing only."""
    wrong = [one for one in told_of(news, "findings") if one.outcome and has_errors(one.outcome)]
    of_rule: dict[str, list[News]] = {}
    for one in wrong:
        of_rule.setdefault(_rule_of(one), []).append(one)
    resolved = told_of(news, "resolved")
    left_out = told_of(news, "set-aside")
    said = {one.about for one in [*wrong, *resolved]} | {_outcome(one).id for one in left_out}
    received = [one for one in told_of(news, "receipt") if one.about not in said]
    groups: list[tuple[str, str, list[News]]] = [
        ("Please delete and send totals only", "to delete", of_rule.get("return.person-level", [])),
        ("A file in your folder that is not yours", "not yours", of_rule.get("return.wrong-folder", [])),
        ("Please correct and send again", "to correct", of_rule.get("", [])),
        ("Please look at again, not published yet", "set aside", left_out),
        ("Overdue", "overdue", told_of(news, "overdue")),
        ("Resolved", "resolved", resolved),
        ("Published", "published", told_of(news, "published")),
        ("Received", "received", received),
    ]
    full = [group for group in groups if group[2]]
    if len(full) == 1 and not _rule_of(full[0][2][0]):
        return counted(full[0][0], full[0][2], names)
    if len(full) == 1:
        return full[0][0]
    return "Your returns: " + ", ".join(f"{len(told)} {word}" for _, word, told in full)


def counted(what: str, news: Sequence[News], names: Names) -> str:
    titles = list(dict.fromkeys(expected(one, names) for one in news))
    return f"{what}: {titles[0] if len(titles) == 1 else f'{len(titles)} returns'}"
