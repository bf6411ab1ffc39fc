"""When a workbook was last saved, as it says itself: copying, sending and unpacking do not change that.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Sources: ECMA-376 part 2, 11 (core
properties), OpenDocument 1.3 part 3, 4.3.2.10, and [MS-OLEPS] 2.21 with [MS-OSHARED] 2.3.3.2.1 (summary information).
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta

MODIFIED = "modified"
"""The key among a file's properties: an instant in UTC as ISO 8601 writes it."""
PARTS = {
    "docprops/core.xml": re.compile(rb"<(?:\w+:)?modified\b[^>]*>([^<]{4,40})<"),
    "meta.xml": re.compile(rb"<(?:dc:)date\b[^>]*>([^<]{4,40})<"),
}
"""Where a package says it, and as what: Excel's workbooks and OpenDocument's."""
SUMMARY = "\x05summaryinformation"
"""The stream of an old workbook that says it."""
_LAST_SAVED, _FILETIME = 0x0D, 0x40
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_EARLIEST = 1990
"""No workbook is older: an earlier year is what programs write that know no date."""
MOST_BYTES = 200_000


def modified_in_part(part: str, xml: bytes) -> dict[str, str]:
    """The property that a part of a package says, if it says it."""
    found = PARTS[part].search(xml) if len(xml) <= MOST_BYTES else None
    if found is None:
        return {}
    try:
        said = datetime.fromisoformat(found[1].decode("ascii").strip())
    except ValueError:
        return {}
    return _told(said if said.tzinfo else said.replace(tzinfo=UTC))


def modified_in_flat_ods(text: str) -> dict[str, str]:
    """The property that a flat OpenDocument workbook says before its sheets."""
    head = text[: 4 * MOST_BYTES].partition("<office:body")[0].encode("utf-8", "replace")
    return modified_in_part("meta.xml", head[:MOST_BYTES])


def modified_in_summary(stream: bytes) -> dict[str, str]:
    """The property that the summary information of an old workbook says."""
    try:
        (begin,) = struct.unpack_from("<I", stream, 44)
        (count,) = struct.unpack_from("<I", stream, begin + 4)
        for number in range(min(count, 100)):
            name, offset = struct.unpack_from("<II", stream, begin + 8 + 8 * number)
            if name == _LAST_SAVED:
                kind, ticks = struct.unpack_from("<IQ", stream, begin + offset)
                return _told(_EPOCH + timedelta(microseconds=ticks // 10)) if kind == _FILETIME else {}
    except (struct.error, OverflowError):
        pass
    return {}


def _told(instant: datetime) -> dict[str, str]:
    try:
        utc = instant.astimezone(UTC)
    except (OverflowError, ValueError):
        return {}
    return {MODIFIED: utc.isoformat(timespec="seconds")} if utc.year >= _EARLIEST else {}
