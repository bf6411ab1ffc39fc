"""The command line `indicators`: its commands, and the exit code of each end that one can come to.

Exit codes: 0 done; 1 the answer is no; 2 usage; 3 the gate refused; 4 our own fault, in one line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from cyclopts import App, CycloptsError, Parameter

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.commands.library_lines import without_library_lines


class Command(NamedTuple):
    """A command: the name of its module and function, what it does in a sentence, and an example."""

    name: str
    summary: str
    example: str


COMMANDS = (
    Command(
        "init",
        "Write a new workspace, which runs a first night at once.",
        "indicators init leicester --name 'Leicester partnership' --area Leicester \\\n"
        "    --sender indicators@example.org --analyst analyst@example.org",
    ),
    Command(
        "add",
        "Add a partner, collection, indicator, officer, objective or target to the workspace.",
        "indicators add indicator school-attendance title='School attendance' unit=% \\\n"
        "    time_identifier='Academic year' definition='Sessions attended as a percentage of those possible.'",
    ),
    Command("nightly", "Run one whole night.", "indicators nightly --inbox /srv/returns --today 2011-05-31"),
    Command(
        "check",
        "Judge files as the night would; nothing is loaded.",
        "indicators check absence-2010.xlsx --partner schools-learning",
    ),
    Command(
        "template",
        "Write the blank workbook of a return, to fill in.",
        "indicators template absence -o absence-2011.xlsx --today 2011-05-26",
    ),
    Command(
        "draft",
        "Propose a layout for a workbook that nobody has described, and show what it would read.",
        "indicators draft refuges.xlsx -o refuges.toml --indicators new.toml\n"
        "  indicators draft refuges.xlsx --layout refuges.toml --indicators new.toml",
    ),
    Command(
        "status",
        "Say where each expected return stands, and what nobody answers for.",
        "indicators status --today 2011-05-31",
    ),
    Command(
        "trace",
        "Say where a published number came from.",
        "indicators trace children-looked-after Leicester 2025/26",
    ),
    Command(
        "waive",
        "Let one value through one rule that can be waived.",
        "indicators waive S000005 'Figures!E6' value.implausible \\\n"
        "    --reason 'Confirmed by letter of 3 May' --by 'Director of Schools' --until 2011-09-30",
    ),
    Command(
        "claims",
        "Recompute every number of a written report from what is published.",
        "indicators claims claims/review-2010-11.toml",
    ),
    Command(
        "approve",
        "Publish what the gate refused in the newest run, or let through a return that it set aside.",
        "indicators approve 3f2c91d0 --by performance-analyst\n  indicators approve S000012 --by performance-analyst",
    ),
    Command(
        "resend",
        "Send the answer to a submission, or a message, again.",
        "indicators resend S000012",
    ),
    Command(
        "rollback",
        "Publish an earlier version again, and hold publication until a run is approved.",
        "indicators rollback 12 --by performance-analyst",
    ),
    Command(
        "rebuild",
        "Make store and published file again from ledger and archive, and compare them with what is live.",
        "indicators rebuild\n  indicators rebuild --replace\n  indicators rebuild --reparse --json",
    ),
    Command(
        "backup",
        "Save the whole workspace in one file, also while a night is at work.",
        "indicators backup /mnt/backup/leicester-2026-12-01.tar.gz",
    ),
    Command(
        "restore",
        "Restore a workspace from a backup, in a new folder.",
        "indicators restore /mnt/backup/leicester-2026-12-01.tar.gz /srv/leicester",
    ),
    Command(
        "upgrade",
        "Say what a new release needs of this workspace, and do what can be done.",
        "indicators upgrade --dry-run",
    ),
    Command(
        "deploy",
        "Make the schedule of this workspace on the Prefect server that PREFECT_API_URL names.",
        "indicators deploy",
    ),
    Command(
        "up",
        "Start a Prefect server, the schedule and a worker for a trial on this machine, until Ctrl-C.",
        "indicators up --port 4208",
    ),
    Command("doctor", "Look at all that a night depends on, and say what to do.", "indicators doctor"),
)


STOPPED = "stopped; the next night goes on from here"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. The module of a command is imported only when that command is asked
    for."""
    try:
        with _ended_by_sigterm(), without_library_lines():
            return _run(sys.argv[1:] if arguments is None else arguments)
    except CycloptsError as error:
        return _refused(2, " ".join(str(error).split()), "see `indicators --help`, or --help after a command")
    except LocalIndicatorsError as fault:
        return _refused(fault.exit_code, *str(fault).splitlines())
    except BrokenPipeError:  # whoever was reading has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 0
    except OSError as error:
        return _refused(4, f"{error.filename or 'the system'}: {error.strerror or error}")
    except Exception as error:
        if _came_of_being_stopped(error):
            return _refused(4, STOPPED)
        if os.environ.get("INDICATORS_DEBUG"):
            raise
        message = " ".join(str(error).split())[:300]
        return _refused(
            4,
            f"our own fault: {type(error).__name__}: {message}",
            "set INDICATORS_DEBUG=1 to see where it came from",
        )
    except KeyboardInterrupt:
        return _refused(4, STOPPED)


def _run(arguments: Sequence[str]) -> int:
    """Parse the arguments, run the command and return its exit code."""
    code = _application()(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
    if not arguments:
        return 2
    return int(code or 0)  # None of --help


def _application() -> App:
    """Return the command line with all commands."""
    application = App(
        name="indicators",
        help="Local Indicators: partners' spreadsheets in, quality-assured indicators out.",
        help_format="plaintext",
        version_flags=(),
        default_parameter=Parameter(show_default=False, negative=()),
        suppress_keyboard_interrupt=False,
    )
    for command in COMMANDS:
        application.command(
            f"local_indicators.flows.commands.{command.name}:{command.name}",
            name=command.name,
            help=command.summary,
            help_epilogue=f"example:\n  {command.example}",
        )
    return application


def _came_of_being_stopped(error: BaseException | None) -> bool:
    """Return whether an error was raised while a library dealt with the interruption of its work."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _refused(code: int, *lines: str) -> int:
    """Say in lines of their own why a command came to nothing; the exit code."""
    for line in lines:
        print(f"indicators: {line}", file=sys.stderr)
    return code


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Have a command that is told to end do so in good order and say so, as one that is interrupted at the keyboard."""

    def end(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there can signals be heard
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
