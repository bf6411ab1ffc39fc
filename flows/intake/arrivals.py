"""What has arrived: every file of the inbox whose bytes are not those that last came by its path goes into holding and
the ledger.

A partner's folder alone says whose a file is. Files are taken in by the time at which they were last changed, then by
name; which of two files for one return counts is for schemas.file_precedence to say. What cannot be taken in
tonight is noted, and left for the next night.
"""

from __future__ import annotations

import hashlib
import time
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson

from common.errors import InboxError, StorageError
from common.progress import say
from common.readable_files import BLOCK, Readable
from flows.inboxes import Entry, Mounted, Parts, Share, check_inbox, share_at
from flows.records.archive import Archive, write_whole
from flows.records.ledger import Ledger
from flows.settings import now
from inputs.layouts.partner_layouts import Partner
from schemas.file_names import says_doubtful
from schemas.findings import as_typed
from schemas.submissions import Submission

if TYPE_CHECKING:
    from flows.run_context import Night

META = ".meta.csv"
SETTLED_SECONDS = 2.0
"""A file changed less than this long ago is looked at again after as long, and left for the next night if it moved."""
PAUSES_SECONDS = (0.0, 2.0, 8.0)
"""Before each try at reaching an inbox that does not answer."""
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


def collect(night: Night) -> list[Submission]:
    """Take in every file of the inbox whose bytes are not those that last came by its path.

    Raises UsageError where the inbox is not there, and InboxError where it cannot be read at all: it may be a share
    that is away for a moment, and nothing has been touched then. Where it stops answering half-way, what was read by
    then is taken in.
    """
    say("Collecting what has arrived")
    check_inbox(night.settings.inbox)
    share, top = _reached(night)
    memory = _Memory.read(night.archive, share)
    listed = _listed(night, share, top)
    changed = [one for one in listed if not _unchanged(night, share, memory, one)]
    taken = list(_taken(night, share, changed))
    arrived = _record(night, taken)
    _note_twins(night, listed, {one.path for one in arrived})
    waiting = night.ledger.unjudged()
    night.archive.forget_all_but({digest for one in waiting for digest in (one.digest, one.meta) if digest})
    memory.write(listed, taken, night.unseen)
    return arrived


# -- what lies in the inbox -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A file of a partner's folder: its path as the ledger spells it, where to read it, and how it was listed. `meta`
    is the file beside a csv that describes its columns."""

    partner: str
    path: str
    parts: Parts
    entry: Entry
    meta: Found | None = None

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Whole seconds, which every kind of share tells; those of one second come in the order of their names."""
        return self.partner, int(self.entry.modified), self.path.casefold(), self.path


def spelled(name: str) -> str:
    """A name as it is kept and shown: accents put together as on Windows, and characters that cannot be seen as %XX."""

    def seen(character: str) -> str:
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            return character
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))

    return "".join(map(seen, unicodedata.normalize("NFC", name)))


def _reached(night: Night) -> tuple[Share, list[Entry]]:
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


def _listed(night: Night, share: Share, top: Sequence[Entry]) -> list[Found]:
    """Every file of every partner's folder, in the order in which they are taken in; what lies elsewhere is noted."""
    found: list[Found] = []
    folders = [one.name for one in _sorted(top) if _is_partners(night, one)]
    if not folders and night.ledger.submissions:
        night.notes.append(f"The inbox {share.shown} holds no partner's folder. Is the share mounted, the path right?")
        night.unseen.update(night.partners)
    for number, name in enumerate(folders):
        try:
            mine = list(_files(night, share, name))
        except OSError as error:
            night.unseen.add(name)
            if not share.answers():
                night.unseen.update(folders[number:])
                night.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}) before the folders of "
                    f"{', '.join(folders[number:])} were seen; they are left for the next night."
                )
                break
            night.notes.append(f"The folder of {name} could not be read ({error.strerror}).")
            continue
        found += _one_a_path(night, _with_metas(mine))
    return sorted(found, key=attrgetter("order"))


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=attrgetter("name"))


def _is_partners(night: Night, entry: Entry) -> bool:
    if _is_left_out(entry):
        return False
    if entry.kind == "folder" and entry.name in night.partners:
        return True
    as_meant = spelled(entry.name).casefold()
    hint = f"; a folder named {as_meant} would be" if as_meant in night.partners and entry.kind == "folder" else ""
    link = " (it is a link)" if entry.kind == "link" else ""
    night.notes.append(f"{_shown(entry.name)} in the inbox is no partner's folder{link} and was left alone{hint}.")
    return False


def _is_left_out(entry: Entry) -> bool:
    """Whether a name is none that a person gave to a return; nothing is said of it."""
    name = entry.name.casefold().rstrip("\r")
    if entry.kind == "odd":
        return False
    if entry.kind == "folder":
        return name.startswith((".", "~$")) or name in NOT_RETURN_FOLDERS
    return name.startswith(NOT_RETURN_STARTS) or name in NOT_RETURNS


def _files(night: Night, share: Share, partner: str) -> Iterator[Found]:
    """The files of one partner, folder after folder. Links are followed only to files of the same partner."""
    folders: list[Parts] = [(partner,)]
    while folders:
        folder = folders.pop()
        for entry in _sorted(share.entries(folder)):
            parts = (*folder, entry.name)
            path = "/".join(map(spelled, parts))
            if _is_left_out(entry):
                continue
            if entry.kind == "folder":
                folders.append(parts)
            elif entry.name.casefold().endswith(UNFINISHED):
                if time.time() - entry.modified < GIVEN_UP_SECONDS:
                    night.unseen.add(partner)
                night.notes.append(f"{_shown(path)} is an upload that is not finished and was left alone.")
            elif entry.kind == "file":
                yield Found(partner, path, parts, entry)
            elif entry.kind == "link" and (real := share.follow(parts)) is not None:
                yield Found(partner, path, real, share.look(real))
            elif entry.kind == "link":
                says = "points outside the inbox, or out of its partner's folder, and was left alone"
                night.notes.append(f"{_shown(entry.name)} of {partner} {says}.")
            else:
                says = "is no regular file, or its name leads elsewhere, and was left alone"
                night.notes.append(f"{_shown(entry.name)} of {partner} {says}.")


def _with_metas(files: Sequence[Found]) -> list[Found]:
    """Each csv with the meta file beside it, which is no return of its own."""
    by_parts = {one.parts: one for one in files}

    def beside(one: Found, ending: str, other: str) -> Found | None:
        name = one.parts[-1]
        there = (*one.parts[:-1], f"{name[: -len(ending)]}{other}")
        return by_parts.get(there) if name.endswith(ending) and name != ending else None

    data = [one for one in files if beside(one, META, ".csv") is None]
    return [
        replace(one, meta=beside(one, one.parts[-1][-4:], META)) if one.path.lower().endswith(".csv") else one
        for one in data
    ]


def _one_a_path(night: Night, files: Sequence[Found]) -> list[Found]:
    """One file for each spelling of a path. Where two names look the same, the file that was changed last counts."""
    chosen: dict[str, Found] = {}
    for one in sorted(files, key=attrgetter("order")):
        if one.path in chosen:
            says = "is there twice, its name written in two ways that look the same; only the one changed last counts"
            night.notes.append(f"{_shown(one.path)} {says}.")
        chosen[one.path] = one
    return list(chosen.values())


def _note_twins(night: Night, listed: Sequence[Found], arrived: set[str]) -> None:
    """Tell of files whose names differ in capitals only, on the night on which one of them arrives."""
    twins: dict[str, list[str]] = {}
    for one in listed:
        twins.setdefault(one.path.casefold(), []).append(one.path)
    for paths in twins.values():
        if len(paths) > 1 and arrived & set(paths):
            says = "differ only in capital letters; each was taken in, and the one changed last counts"
            night.notes.append(f"{' and '.join(map(_shown, paths))} {says}.")


def _shown(name: str) -> str:
    """A name as a note shows it: short, and with nothing in it that acts."""
    shown = as_typed(spelled(name))
    return repr(shown if len(shown) <= 90 else f"{shown[:60]}…{shown[-29:]}")


# -- reading it -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """A file that lies in holding, whole or as far as it may be read, and has changed since it last came."""

    found: Found
    digest: str
    size: int
    meta: str | None
    changed: bool = True


def _unchanged(night: Night, share: Share, memory: _Memory, one: Found) -> bool:
    """Whether a file need not be read to know that its bytes are those that last came by its path."""
    before = night.ledger.newest_at(one.path)
    days = night.settings.reread_days
    return before is not None and not share.near and memory.knows(one, before, timedelta(days=days))


def _taken(night: Night, share: Share, changed: Sequence[Found]) -> Iterator[Taken]:
    """Read files, in order. What moves while it is read, or cannot be read, is noted and left."""
    _let_settle(share, changed)
    for number, one in enumerate(changed):
        try:
            taken = _read(night, share, one)
        except OSError as error:
            if not share.answers():
                left = changed[number:]
                night.unseen.update(found.partner for found in left)
                night.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}): {number} of {len(changed)} files "
                    f"were read, the other {len(left)} are left for the next night."
                )
                return
            night.unseen.add(one.partner)
            why = error.strerror or type(error).__name__
            night.notes.append(f"{_shown(one.path)} could not be read ({why}) and is left for the next night.")
            continue
        if taken is None:
            night.unseen.add(one.partner)
            night.notes.append(f"{_shown(one.path)} is still being written and is left for the next night.")
        else:
            yield taken
        say("Collecting what has arrived", number + 1, len(changed))


def _let_settle(share: Share, changed: Sequence[Found]) -> None:
    """Wait, once for all, so that a file that is being written shows it. The clock of a server need not be ours."""
    youngest = max((found.entry.modified for one in changed for found in _both(one)), default=0.0)
    if not share.whole and changed and (not share.near or time.time() - youngest < SETTLED_SECONDS):
        time.sleep(SETTLED_SECONDS)


def _both(one: Found) -> list[Found]:
    return [one] if one.meta is None else [one, one.meta]


def _read(night: Night, share: Share, one: Found) -> Taken | None:
    """Read a file and its meta file into holding; None if either moved meanwhile. A file that is near is held only if
    its bytes are not those that last came."""
    if share.near and (known := _digested(night, share, one)) is not None:
        return known
    digests = []
    for found in _both(one):
        with share.opened(found.parts) as stream:
            digest, size = night.archive.hold(stream, _most(night))
        if not _stood_still(share, found, size, _most(night)):
            return None
        digests.append(digest)
    meta = digests[1] if one.meta is not None else None
    before = night.ledger.newest_at(one.path)
    taken = Taken(one, digests[0], one.entry.size, meta)
    return replace(taken, changed=before is None or not _same_bytes(taken, before))


def _digested(night: Night, share: Share, one: Found) -> Taken | None:
    """A file whose bytes are those that last came by its path, without keeping a copy; None if they are not."""
    before = night.ledger.newest_at(one.path)
    if before is None:
        return None
    digests = []
    for found in _both(one):
        with share.opened(found.parts) as stream:
            digests.append(_digest(stream, _most(night)))
    taken = Taken(one, digests[0], one.entry.size, digests[1] if one.meta else None, changed=False)
    return taken if _same_bytes(taken, before) else None


def _digest(stream: Readable, most: int) -> str:
    digest, size = hashlib.sha256(), 0
    while size < most and (block := stream.read(min(BLOCK, most - size))):
        digest.update(block)
        size += len(block)
    return digest.hexdigest()


def _most(night: Night) -> int:
    """As much of a file as is read: one byte more than it may have, so that the reader sees that it is too many."""
    return night.settings.limits.file_bytes + 1


def _stood_still(share: Share, found: Found, size: int, most: int) -> bool:
    return size == min(found.entry.size, most) and found.entry.same_content(share.look(found.parts))


def _same_bytes(taken: Taken, before: Submission) -> bool:
    return (taken.digest, taken.size, taken.meta) == (before.digest, before.size, before.meta)


# -- recording it -----------------------------------------------------------------------------------------------------


def _record(night: Night, taken: Sequence[Taken]) -> list[Submission]:
    """Record what arrived, in order. Bytes at a new path that are already there as the last word on their return were
    moved, renamed or copied and are no arrival: of those the ledger keeps the path.

    What was moved is settled first, against what the ledger held before tonight: a partner who moves last month's file
    away and puts a new one in its place has sent one file.
    """
    new = [one for one in taken if one.changed]
    known = _Known(night)
    moved = {one.found.path for one in new if _is_again(night, known, one)}
    arrived: list[Submission] = []
    for one in new:
        if one.found.path in moved or _is_again(night, known, one):
            continue
        sequence = night.ledger.next_sequence() if not arrived else arrived[-1].sequence + 1
        submission = Submission(
            f"S{sequence:06d}",
            sequence,
            one.found.partner,
            one.found.path,
            one.digest,
            one.size,
            now(),
            night.counts_for,
            one.meta,
            _changed(one.found.entry.modified),
        )
        night.ledger.record_submission(submission)
        known.add(submission)
        arrived.append(submission)
    return arrived


def _changed(seconds: float) -> datetime | None:
    """An instant as an inbox lists it; None where it is none that a clock can show."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_again(night: Night, known: _Known, one: Taken) -> bool:
    """Whether a file is a submission over again under a new path; it is then recorded as such."""
    twin = known.last_word(one) if night.ledger.newest_at(one.found.path) is None else None
    if twin is None:
        return False
    night.ledger.record_again(one.found.path, twin.id, now())
    says = f"holds the same bytes as {_shown(twin.path)} ({twin.id}) and was not taken in again"
    night.notes.append(f"{_shown(one.found.path)} {says}.")
    return True


class _Known:
    """Each partner's submissions, to be found by their bytes."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._of: dict[str, list[Submission]] = {}
        self._by_bytes: dict[tuple[str, str], list[Submission]] = {}
        for one in night.ledger.submissions.values():
            self.add(one)

    def add(self, one: Submission) -> None:
        self._of.setdefault(one.partner, []).append(one)
        self._by_bytes.setdefault((one.partner, one.digest), []).append(one)

    def last_word(self, taken: Taken) -> Submission | None:
        """The submission of the same bytes, if the name says the same of it, if nothing that came later answers the
        same return, and if it would not be judged by other rules than those that rejected it. A name that no longer
        says that the file is old or a copy says something else of it."""
        partner = self._night.partners[taken.found.partner]
        answers = _named_like(partner, taken.found.path)
        same = self._by_bytes.get((partner.id, taken.digest), [])
        same = [one for one in same if _same_bytes(taken, one) and _named_like(partner, one.path) == answers]
        same = [one for one in same if says_doubtful(taken.found.path) or not says_doubtful(one.path)]
        if not same or self._came_later(same[-1]) or self._rejected_by_other_rules(same[-1], partner):
            return None
        return same[-1]

    def _came_later(self, one: Submission) -> bool:
        ledger = self._night.ledger
        mine = _returns_of(ledger, one)
        later = (s for s in reversed(self._of[one.partner]) if s.sequence > one.sequence)
        return any(mine is None or (its := _returns_of(ledger, s)) is None or mine & its for s in later)

    def _rejected_by_other_rules(self, one: Submission, partner: Partner) -> bool:
        rules = (self._night.definitions.digest, partner.digest)
        outcomes = self._night.ledger.outcomes.get(one.id, ())
        return any(o.status == "rejected" and (o.definitions, o.layouts) != rules for o in outcomes)


def _named_like(partner: Partner, path: str) -> frozenset[str]:
    """The returns of a partner that a file's name speaks of, by which a file is told before its contents are."""
    name = PurePosixPath(path).name.casefold()
    said = partner.says.collection
    return frozenset(c.id for c in said if any(fnmatchcase(name, pattern.casefold()) for pattern in c.files))


def _returns_of(ledger: Ledger, one: Submission) -> frozenset[str] | None:
    """The returns that a submission was found to answer; None if it was not judged yet."""
    outcomes = ledger.outcomes.get(one.id)
    return None if outcomes is None else frozenset(o.collection for o in outcomes if o.collection)


# -- what is remembered of a server -----------------------------------------------------------------------------------


@dataclass
class _Memory:
    """How files of a server were listed when they were last read, so that ten thousand that did not change are not
    fetched every night. It only spares reading: where it is lost, damaged or of another inbox, everything is read."""

    path: Path
    inbox: str | None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, archive: Archive, share: Share) -> _Memory:
        path = archive.root / "seen.json"
        if isinstance(share, Mounted):
            return cls(path, None)
        try:
            held = orjson.loads(path.read_bytes())
            files = held["files"] if held["inbox"] == share.shown else {}
            return cls(path, share.shown, files if isinstance(files, dict) else {})
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path, share.shown)

    def knows(self, one: Found, before: Submission, believed: timedelta) -> bool:
        """Whether a file is surely as it was when a submission was made of it. A mark of the store's own is sure. Size
        and time of change are believed for so long after the file was last read, and only if it had then lain still.
        """
        held = self.files.get(one.path)
        if not isinstance(held, dict) or (held.get("digest"), held.get("meta")) != (before.digest, before.meta):
            return False
        if held.get("listed") != _as_listed(one):
            return False
        if all(found.entry.version for found in _both(one)):
            return True
        try:
            read_at = datetime.fromisoformat(held["read_at"])
        except (KeyError, TypeError, ValueError):
            return False
        youngest = max(found.entry.modified for found in _both(one))
        return youngest + SETTLED_SECONDS < read_at.timestamp() and now() - read_at < believed

    def write(self, listed: Sequence[Found], taken: Sequence[Taken], unseen: Collection[str]) -> None:
        """Remember what was read tonight, and forget what is no longer listed. Raises StorageError."""
        if self.inbox is None:
            return
        there, read_at = {one.path for one in listed}, now().isoformat()
        files = {path: held for path, held in self.files.items() if path in there or path.partition("/")[0] in unseen}
        for one in taken:
            files[one.found.path] = {
                "digest": one.digest,
                "meta": one.meta,
                "listed": _as_listed(one.found),
                "read_at": read_at,
            }
        try:
            write_whole(self.path, orjson.dumps({"inbox": self.inbox, "files": files}))
        except OSError as error:
            raise StorageError(self.path, f"cannot be written ({error.strerror})") from None


def _as_listed(one: Found) -> list[list[Any]]:
    return [[found.path, found.entry.version, found.entry.size, found.entry.modified] for found in _both(one)]
