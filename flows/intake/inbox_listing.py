"""What lies in the inbox: every file of every partner's folder, and which of them are no returns."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from common.errors import InboxError
from flows.inboxes import Entry, Parts, Share, share_at
from flows.intake.inbox_files import InboxFile, normalised_name, shown_name
from flows.run_context import RunContext

PAUSES_SECONDS = (0.0, 2.0, 8.0)
"""Before each try at reaching an inbox that does not answer."""

META = ".meta.csv"
NOT_RETURNS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon"}
"""Files that Windows and macOS leave in folders by themselves. They say nothing and nothing is said of them."""
NOT_RETURN_STARTS = (".", "~$")
"""Names of hidden files, and of the files by which Office and LibreOffice say that a document is open."""
UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".upload", ".swp")
"""Endings of a file that a program has not finished writing."""
GIVEN_UP_SECONDS = 2 * 86_400
"""An upload that was last written to so long ago will not be finished, and no longer speaks for its partner."""
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


def reach_inbox(night: RunContext) -> tuple[Share, list[Entry]]:
    """The inbox and what lies at its top. Raises InboxError where it cannot be reached."""
    inbox, why = night.settings.inbox, ""
    for pause in PAUSES_SECONDS:
        time.sleep(pause)
        try:
            share = share_at(inbox, night.settings.inbox_seconds)
            return share, share.entries(())
        except OSError as error:
            why = error.strerror or type(error).__name__
        if isinstance(inbox, Path):
            break
    raise InboxError(str(inbox), f"the inbox cannot be read ({why}); nothing was taken in")


def list_files(night: RunContext, share: Share, top: Sequence[Entry]) -> list[InboxFile]:
    """Every file of every partner's folder, in the order in which they are taken in; what lies elsewhere is noted."""
    found: list[InboxFile] = []
    folders = [one.name for one in _sorted(top) if _is_partners(night, one)]
    if not folders and night.ledger.submissions:
        night.notes.append(f"The inbox {share.shown} holds no partner's folder. Is the share mounted, the path right?")
        night.unread_partners.update(night.partners)
    for number, name in enumerate(folders):
        try:
            mine = list(_files(night, share, name))
        except OSError as error:
            night.unread_partners.add(name)
            if not share.answers():
                night.unread_partners.update(folders[number:])
                night.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}) before the folders of "
                    f"{', '.join(folders[number:])} were seen; they are left for the next night."
                )
                break
            night.notes.append(f"The folder of {name} could not be read ({error.strerror}).")
            continue
        found += _deduplicate_paths(night, _with_metas(mine))
    return sorted(found, key=attrgetter("order"))


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=attrgetter("name"))


def _is_partners(night: RunContext, entry: Entry) -> bool:
    if _is_left_out(entry):
        return False
    if entry.kind == "folder" and entry.name in night.partners:
        return True
    as_meant = normalised_name(entry.name).casefold()
    hint = f"; a folder named {as_meant} would be" if as_meant in night.partners and entry.kind == "folder" else ""
    link = " (it is a link)" if entry.kind == "link" else ""
    night.notes.append(f"{shown_name(entry.name)} in the inbox is no partner's folder{link} and was left alone{hint}.")
    return False


def _is_left_out(entry: Entry) -> bool:
    """Whether a name is none that a person gave to a return; nothing is said of it."""
    name = entry.name.casefold().rstrip("\r")
    if entry.kind == "odd":
        return False
    if entry.kind == "folder":
        return name.startswith((".", "~$")) or name in NOT_RETURN_FOLDERS
    return name.startswith(NOT_RETURN_STARTS) or name in NOT_RETURNS


def _files(night: RunContext, share: Share, partner: str) -> Iterator[InboxFile]:
    """The files of one partner, folder after folder. Links are followed only to files of the same partner."""
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
                    night.unread_partners.add(partner)
                night.notes.append(f"{shown_name(path)} is an upload that is not finished and was left alone.")
            elif entry.kind == "file":
                yield InboxFile(partner, path, parts, entry)
            elif entry.kind == "link" and (real := share.follow(parts)) is not None:
                yield InboxFile(partner, path, real, share.look(real))
            elif entry.kind == "link":
                says = "points outside the inbox, or out of its partner's folder, and was left alone"
                night.notes.append(f"{shown_name(entry.name)} of {partner} {says}.")
            else:
                says = "is no regular file, or its name leads elsewhere, and was left alone"
                night.notes.append(f"{shown_name(entry.name)} of {partner} {says}.")


def _with_metas(files: Sequence[InboxFile]) -> list[InboxFile]:
    """Each csv with the meta file beside it, which is no return of its own."""
    by_parts = {one.parts: one for one in files}

    def beside(one: InboxFile, ending: str, other: str) -> InboxFile | None:
        name = one.parts[-1]
        there = (*one.parts[:-1], f"{name[: -len(ending)]}{other}")
        return by_parts.get(there) if name.endswith(ending) and name != ending else None

    data = [one for one in files if beside(one, META, ".csv") is None]
    return [
        replace(one, meta=beside(one, one.parts[-1][-4:], META)) if one.path.lower().endswith(".csv") else one
        for one in data
    ]


def _deduplicate_paths(night: RunContext, files: Sequence[InboxFile]) -> list[InboxFile]:
    """One file for each spelling of a path. Where two names look the same, the file that was changed last counts."""
    chosen: dict[str, InboxFile] = {}
    for one in sorted(files, key=attrgetter("order")):
        if one.path in chosen:
            says = "is there twice, its name written in two ways that look the same; only the one changed last counts"
            night.notes.append(f"{shown_name(one.path)} {says}.")
        chosen[one.path] = one
    return list(chosen.values())


def note_names_differing_in_capitals(night: RunContext, listed: Sequence[InboxFile], arrived: set[str]) -> None:
    """Tell of files whose names differ in capitals only, on the night on which one of them arrives."""
    twins: dict[str, list[str]] = {}
    for one in listed:
        twins.setdefault(one.path.casefold(), []).append(one.path)
    for paths in twins.values():
        if len(paths) > 1 and arrived & set(paths):
            says = "differ only in capital letters; each was taken in, and the one changed last counts"
            night.notes.append(f"{' and '.join(map(shown_name, paths))} {says}.")
