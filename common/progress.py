"""Who is told what a night is doing. The night speaks; a command line or nobody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int], None]
_listeners: list[Listener] = []


def report_progress(step: str, done: int = 0, total: int = 0) -> None:
    """Tell listeners which step is at work, and how far it is."""
    for listener in _listeners:
        listener(step, done, total)


@contextmanager
def progress_listener(listener: Listener) -> Iterator[None]:
    """Have a listener told until the block ends."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
