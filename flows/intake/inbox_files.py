"""A file of the inbox as it is listed, and as it is landed in the archive."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from local_indicators.common.safe_text import as_typed
from local_indicators.flows.inboxes import Entry, Parts

SETTLED_SECONDS = 2.0
"""A file changed less than this long ago is looked at again after this time, and left for the next night if it
changed."""


@dataclass(frozen=True)
class LandedFile:
    """A file of the inbox whose bytes were read. `changed`: they are not those that last came at its path, and are
    landed."""

    file: InboxFile
    digest: str
    size: int
    meta: str | None
    changed: bool = True


def with_meta_file(file: InboxFile) -> list[InboxFile]:
    """Return a file and, if there is one, the meta file beside it."""
    return [file] if file.meta is None else [file, file.meta]


@dataclass(frozen=True)
class InboxFile:
    """A file of a partner's folder: its path as the ledger writes it, where to read it, and how it was listed. `meta`
    is the file beside a csv that describes its columns."""

    partner: str
    path: str
    parts: Parts
    entry: Entry
    meta: InboxFile | None = None

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Return the key by which files are recorded: whole seconds, which every kind of inbox gives, then the name."""
        return self.partner, int(self.entry.modified), self.path.casefold(), self.path


def normalised_name(name: str) -> str:
    """Return a name as it is recorded and shown: accents composed as on Windows, invisible characters as %XX."""

    def seen(character: str) -> str:
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            return character
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))

    return "".join(map(seen, unicodedata.normalize("NFC", name)))


def shown_name(name: str) -> str:
    """Return a name as a note shows it: short and inert."""
    shown = as_typed(normalised_name(name))
    return repr(shown if len(shown) <= 90 else f"{shown[:60]}…{shown[-29:]}")
