"""What commands show in a terminal: a console, the progress of a step, and answers as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from local_indicators.common.progress import progress_listener

PLAIN_WIDTH = 160
"""Width of a table in columns where there is no terminal."""


def console() -> Console:
    """Return the console for tables: as wide as the terminal, or PLAIN_WIDTH columns in a file or pipe."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def as_json(value: object) -> str:
    """Return a value as indented JSON, with times in UTC."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC).decode()


@contextmanager
def progress_shown() -> Iterator[None]:
    """Show the step at work on standard error: a moving bar in a terminal, a line for each step elsewhere."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        with _plain_lines():
            yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as display:
        task = display.add_task("Starting", total=None)

        def update(step: str, done: int, total: int) -> None:
            display.update(task, description=step, completed=done, total=total or None)

        with progress_listener(update):
            yield


@contextmanager
def _plain_lines() -> Iterator[None]:
    """Print a line for each step."""
    printed: set[str] = set()

    def print_once(step: str, _done: int, _total: int) -> None:
        if step not in printed:
            printed.add(step)
            print(f"{step} ...", file=sys.stderr, flush=True)

    with progress_listener(print_once):
        yield
