"""What the name of a file says of its standing: that it is old, a draft or a copy, and which version it is."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath

_OLD = re.compile(
    r"\b(?:do not use|don ?t use|not for use|not to be used|no longer used|superseded|supersede|obsolete|outdated|"
    r"out of date|older version|(?<!year )(?<!years )(?<!yr )(?<!yrs )(?<!month )(?<!months )old|previous|"
    r"prev|backup|back up|bak|archived?|not final|wrong version|to delete|ignore|discard(?:ed)?)\b",
    re.IGNORECASE,
)
"""Words that say that a file does not count any more."""
_UNSURE = re.compile(
    r"\b(?:drafts?|wip|work in progress|cop(?:y|ies)|kopie|copie|duplicate|conflicted|untitled|test only)\b",
    re.IGNORECASE,
)
"""Words that say that it may not be the one that counts."""
_SIGNS = re.compile(r"\(\d{1,2}\)\s*$|~\s*$|^\s*~")
"""What programs add to the name of a second file: (1), and a tilde."""
_VERSION = re.compile(r"(?<![A-Za-z])(?:v|ver|version|rev|revision)[ ._-]?(\d{1,3}(?:\.\d{1,3})*)(?!\d)", re.IGNORECASE)


def words_meaning_old(path: str, usual: Collection[str] = ()) -> str:
    """The words of a path, which begins with the partner's folder, that say that the file no longer counts; blank where
    none do. Words of the names that a return `usual`ly has say nothing."""
    return _said(path, _OLD, usual)


def words_meaning_draft_or_copy(path: str, usual: Collection[str] = ()) -> str:
    """The words or signs of a path that say that the file may not be the one that counts; blank where none do."""
    if found := words_meaning_old(path, usual) or _said(path, _UNSURE, usual):
        return found
    sign = _SIGNS.search(PurePosixPath(path).stem)
    return sign[0].strip() if sign else ""


def split_version(path: str) -> tuple[str, tuple[int, ...]] | None:
    """The name of a file without its version, as it is compared, and the version; None where it says none."""
    stem = PurePosixPath(path).stem
    if not (found := _VERSION.search(stem)):
        return None
    rest = f"{stem[: found.start()]} {stem[found.end() :]}"
    return _plain(rest), tuple(int(part) for part in found[1].split("."))


def _said(path: str, words: re.Pattern[str], usual: Collection[str]) -> str:
    _, *folders, name = ("", *PurePosixPath(path).parts) if "/" not in path else PurePosixPath(path).parts
    known = " | ".join(_plain(one) for one in usual)
    for text in (PurePosixPath(name).stem, *folders):
        found = next((m[0] for m in words.finditer(_spaced(text)) if m[0].casefold() not in known), "")
        if found:
            return found
    return ""


def _spaced(text: str) -> str:
    """A name as words: doNotUse and do_not_use are both do not use."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text.replace("’", " ").replace("'", " "))
    return " ".join(re.sub(r"[\W_]+|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", apart).split())


def _plain(text: str) -> str:
    return _spaced(text).casefold()
