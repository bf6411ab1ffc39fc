"""A message no larger than mail servers take it: files that do not fit stay out of it, then its lists grow shorter.

A size is that of the whole message as it is sent: headers, text, HTML, and files in base64, which makes them larger by
more than a third (RFC 1870 counts the same).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from local_indicators.replies.emails.email_message import Attachment

LIST_LENGTHS = (200, 40, 8, 0)
"""Findings shown of each return; fewer where the message would be too large. How many more there are is said."""
MAX_MESSAGE_BYTES = 10_000_000
"""Of a message as it is sent, unless the settings say otherwise. Many mail servers refuse more."""
LINE, ENCODED = 76, 78
"""Characters of a line of base64, without and with its end."""
HEADERS_BYTES = 400
"""More than the headers of an attached file come to, whose names are ours."""


@dataclass(frozen=True)
class MessageFiles:
    """What goes with a message, and what is too large to."""

    attached: tuple[Attachment, ...] = ()
    left_out: tuple[Attachment, ...] = ()


NO_FILES = MessageFiles()
MessageWriter = Callable[[MessageFiles, int], EmailMessage]
"""The message with these files, and so many of each list."""


def size_in_words(size: int) -> str:
    """Return a size for people: 0.3 MB, 12.5 MB."""
    return f"{max(size / 1_000_000, 0.1):,.1f} MB"


def size_as_sent(message: EmailMessage) -> int:
    """Return how many bytes a message has as it is sent."""
    return len(message.as_bytes())


def fit_to_size(
    write: MessageWriter, files: Sequence[Attachment], most_bytes: int, *, lists: bool = True
) -> tuple[EmailMessage, tuple[Attachment, ...]]:
    """Return the message with as many of the files as fit, and the files that do not.

    `lists` may be shortened too where the message is too large without any file. One that is too large even then is
    returned all the same.
    """
    everything = tuple(files)
    for most in LIST_LENGTHS if lists else LIST_LENGTHS[:1]:
        bare = write(MessageFiles((), everything), most)
        room = most_bytes - size_as_sent(bare)
        if room >= 0:
            break
    chosen = _smallest(everything, room)
    while chosen:
        attached = tuple(file for file in everything if file in chosen)
        left_out = tuple(file for file in everything if file not in chosen)
        message = write(MessageFiles(attached, left_out), most)
        if size_as_sent(message) <= most_bytes:
            return message, left_out
        chosen.pop()
    return bare, everything


def _smallest(files: Sequence[Attachment], room: int) -> list[Attachment]:
    """Return as many files as there is room for, the smallest first."""
    chosen = []
    for file in sorted(files, key=lambda file: len(file.content)):
        base64 = (len(file.content) + 2) // 3 * 4
        room -= base64 // LINE * ENCODED + ENCODED + HEADERS_BYTES
        if room < 0:
            break
        chosen.append(file)
    return chosen
