"""A file of the inbox as it is listed, and as it lies in holding."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from flows.inboxes import Entry, Parts
from schemas.findings import as_typed

SETTLED_SECONDS = 2.0
"""A file changed less than this long ago is looked at again after as long, and left for the next night if it moved."""


@dataclass(frozen=True)
class LandedFile:
    """A file that lies in holding, whole or as far as it may be read, and has changed since it last came."""

    file: InboxFile
    digest: str
    size: int
    meta: str | None
    changed: bool = True


def with_meta_file(one: InboxFile) -> list[InboxFile]:
    return [one] if one.meta is None else [one, one.meta]


@dataclass(frozen=True)
class InboxFile:
    """A file of a partner's folder: its path as the ledger spells it, where to read it, and how it was listed. `meta`
    is the file beside a csv that describes its columns."""

    partner: str
    path: str
    parts: Parts
    entry: Entry
    meta: InboxFile | None = None

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Whole seconds, which every kind of share tells; those of one second come in the order of their names."""
        return self.partner, int(self.entry.modified), self.path.casefold(), self.path


def normalised_name(name: str) -> str:
    """A name as it is kept and shown: accents put together as on Windows, and characters that cannot be seen as %XX."""

    def seen(character: str) -> str:
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            return character
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))

    return "".join(map(seen, unicodedata.normalize("NFC", name)))


def shown_name(name: str) -> str:
    """A name as a note shows it: short, and with nothing in it that acts."""
    shown = as_typed(normalised_name(name))
    return repr(shown if len(shown) <= 90 else f"{shown[:60]}…{shown[-29:]}")
