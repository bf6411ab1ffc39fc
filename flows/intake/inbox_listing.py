"""List the files of every partner's folder in the inbox, and leave out what is no return."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from local_indicators.common.errors import InboxError
from local_indicators.flows.inboxes import Entry, Parts, Share, share_at
from local_indicators.flows.intake.inbox_files import InboxFile, normalised_name, shown_name
from local_indicators.flows.run_context import RunContext

PAUSES_SECONDS = (0.0, 2.0, 8.0)
"""Pauses before each try to reach an inbox that does not answer."""

META = ".meta.csv"
NOT_RETURNS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon"}
"""Files that Windows and macOS leave in folders by themselves; they are ignored without a note."""
NOT_RETURN_STARTS = (".", "~$")
"""Beginnings of names of hidden files, and of the lock files of Office and LibreOffice."""
UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".upload", ".swp")
"""Endings of a file that a program has not finished writing."""
GIVEN_UP_SECONDS = 2 * 86_400
"""An upload that was last written to this long ago will not be finished, and no longer counts as a file still to
come."""
NOT_RETURN_FOLDERS = {
    "@eadir",
    "#recycle",
    "#snapshot",
    "~snapshot",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__macosx",
}
"""Folders in which servers and desktops keep copies, snapshots and what was deleted, besides those that are hidden."""


def reach_inbox(context: RunContext) -> tuple[Share, list[Entry]]:
    """Return the inbox and the entries at its top, after several tries. Raises InboxError where it cannot be
    reached."""
    inbox, why = context.settings.inbox, ""
    for pause in PAUSES_SECONDS:
        time.sleep(pause)
        try:
            share = share_at(inbox, context.settings.inbox_seconds)
            return share, share.entries(())
        except OSError as error:
            why = error.strerror or type(error).__name__
        if isinstance(inbox, Path):
            break
    raise InboxError(str(inbox), f"the inbox cannot be read ({why}); nothing was taken in")


def list_files(context: RunContext, share: Share, top: Sequence[Entry]) -> list[InboxFile]:
    """Return every file of every partner's folder, in the order in which they are recorded; note what lies
    elsewhere."""
    files: list[InboxFile] = []
    folders = [entry.name for entry in _sorted(top) if _is_partners(context, entry)]
    if not folders and context.ledger.submissions:
        context.notes.append(
            f"The inbox {share.shown} holds no partner's folder. Is the share mounted, the path right?"
        )
        context.unread_partners.update(context.partners)
    for number, name in enumerate(folders):
        try:
            partner_files = list(_files(context, share, name))
        except OSError as error:
            context.unread_partners.add(name)
            if not share.answers():
                context.unread_partners.update(folders[number:])
                context.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}) before the folders of "
                    f"{', '.join(folders[number:])} were seen; they are left for the next night."
                )
                break
            context.notes.append(f"The folder of {name} could not be read ({error.strerror}).")
            continue
        files += _deduplicate_paths(context, _with_metas(partner_files))
    return sorted(files, key=attrgetter("order"))


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by name."""
    return sorted(entries, key=attrgetter("name"))


def _is_partners(context: RunContext, entry: Entry) -> bool:
    """Return whether an entry is a partner's folder; note it if it is not."""
    if _is_left_out(entry):
        return False
    if entry.kind == "folder" and entry.name in context.partners:
        return True
    as_meant = normalised_name(entry.name).casefold()
    hint = f"; a folder named {as_meant} would be" if as_meant in context.partners and entry.kind == "folder" else ""
    link = " (it is a link)" if entry.kind == "link" else ""
    context.notes.append(
        f"{shown_name(entry.name)} in the inbox is no partner's folder{link} and was left alone{hint}."
    )
    return False


def _is_left_out(entry: Entry) -> bool:
    """Return whether no person gave this name to a return; nothing is noted about it."""
    name = entry.name.casefold().rstrip("\r")
    if entry.kind == "odd":
        return False
    if entry.kind == "folder":
        return name.startswith((".", "~$")) or name in NOT_RETURN_FOLDERS
    return name.startswith(NOT_RETURN_STARTS) or name in NOT_RETURNS


def _files(context: RunContext, share: Share, partner: str) -> Iterator[InboxFile]:
    """Yield the files of one partner, folder after folder. Links are followed only to files of the same partner."""
    folders: list[Parts] = [(partner,)]
    while folders:
        folder = folders.pop()
        for entry in _sorted(share.entries(folder)):
            parts = (*folder, entry.name)
            path = "/".join(map(normalised_name, parts))
            if _is_left_out(entry):
                continue
            if entry.kind == "folder":
                folders.append(parts)
            elif entry.name.casefold().endswith(UNFINISHED):
                if time.time() - entry.modified < GIVEN_UP_SECONDS:
                    context.unread_partners.add(partner)
                context.notes.append(f"{shown_name(path)} is an upload that is not finished and was left alone.")
            elif entry.kind == "file":
                yield InboxFile(partner, path, parts, entry)
            elif entry.kind == "link" and (real := share.follow(parts)) is not None:
                yield InboxFile(partner, path, real, share.look(real))
            elif entry.kind == "link":
                problem = "points outside the inbox, or out of its partner's folder, and was left alone"
                context.notes.append(f"{shown_name(entry.name)} of {partner} {problem}.")
            else:
                problem = "is no regular file, or its name leads elsewhere, and was left alone"
                context.notes.append(f"{shown_name(entry.name)} of {partner} {problem}.")


def _with_metas(files: Sequence[InboxFile]) -> list[InboxFile]:
    """Return each csv with the meta file beside it, which is no return of its own."""
    by_parts = {file.parts: file for file in files}

    def beside(file: InboxFile, ending: str, other: str) -> InboxFile | None:
        name = file.parts[-1]
        path = (*file.parts[:-1], f"{name[: -len(ending)]}{other}")
        return by_parts.get(path) if name.endswith(ending) and name != ending else None

    data = [file for file in files if beside(file, META, ".csv") is None]
    return [
        replace(file, meta=beside(file, file.parts[-1][-4:], META)) if file.path.lower().endswith(".csv") else file
        for file in data
    ]


def _deduplicate_paths(context: RunContext, files: Sequence[InboxFile]) -> list[InboxFile]:
    """Return one file for each normalised path. Where two names look the same, the file that was changed last
    counts."""
    chosen: dict[str, InboxFile] = {}
    for file in sorted(files, key=attrgetter("order")):
        if file.path in chosen:
            problem = (
                "is there twice, its name written in two ways that look the same; only the one changed last counts"
            )
            context.notes.append(f"{shown_name(file.path)} {problem}.")
        chosen[file.path] = file
    return list(chosen.values())


def note_names_differing_in_capitals(context: RunContext, listed: Sequence[InboxFile], arrived: set[str]) -> None:
    """Note files whose names differ in capitals only, on the night on which one of them arrives."""
    twins: dict[str, list[str]] = {}
    for file in listed:
        twins.setdefault(file.path.casefold(), []).append(file.path)
    for paths in twins.values():
        if len(paths) > 1 and arrived & set(paths):
            problem = "differ only in capital letters; each was taken in, and the one changed last counts"
            context.notes.append(f"{' and '.join(map(shown_name, paths))} {problem}.")
