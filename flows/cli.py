"""The command line. Exit: 0 done; 1 the answer is no; 2 usage; 3 the gate refused; 4 our own fault, in one line."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.faults import Fault

if TYPE_CHECKING:
    from flows.inboxes import Address
    from flows.night import Report
    from flows.settings import Settings
    from warehouse.trace import Traced

PLAIN_WIDTH = 160

# What Prefect is told unless the environment says otherwise: never phone home, speak only of what is fatal, and take
# the time it needs to start on a slow machine.
PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    given = _parser().parse_args(arguments)
    try:
        with _ended_by_sigterm():
            return int(given.run(given))
    except Fault as fault:
        print(f"indicators: {fault}", file=sys.stderr)
        return fault.exit_code
    except BrokenPipeError:  # whoever was reading has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 0
    except OSError as error:
        said = f"{error.filename or 'the system'}: {error.strerror or error}"
        print(f"indicators: {said}", file=sys.stderr)
        return 4
    except Exception as error:
        if os.environ.get("INDICATORS_DEBUG"):
            raise
        said = " ".join(str(error).split())[:300]
        print(f"indicators: our own fault: {type(error).__name__}: {said}", file=sys.stderr)
        print("indicators: set INDICATORS_DEBUG=1 to see where it came from", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("indicators: stopped; the next night goes on from here", file=sys.stderr)
        return 4


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="indicators",
        description="Local Indicators: partners' spreadsheets in, quality-assured indicators out.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, says: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=says,
            description=says,
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    night = command("nightly", "Run one whole night.", "indicators nightly --inbox /srv/returns --today 2011-05-31")
    night.add_argument(
        "--inbox", metavar="D", help="folder with one folder a partner, or the URL of a server with such a folder"
    )
    night.add_argument("--warehouse", metavar="F", help="the published file; the private store lies beside it")
    night.add_argument("--outbox", metavar="D", help="folder for replies")
    night.add_argument("--archive", metavar="D", help="folder for the ledger and the files that were sent")
    night.add_argument("--today", metavar="DATE", type=_day, help="the day to take for today, as 2011-05-31")
    night.set_defaults(run=_nightly)

    check = command(
        "check",
        "Judge files as the night would; nothing is loaded.",
        "indicators check absence-2010.xlsx --partner schools-learning",
    )
    check.add_argument("files", metavar="FILE", nargs="+", type=Path)
    check.add_argument("--partner", metavar="ID", help="whose file it is; otherwise told by its folder or its contents")
    check.add_argument("--collection", metavar="ID", help="judge it as this return only")
    check.add_argument("--today", metavar="DATE", type=_day, help="the day to take for today")
    check.add_argument("--json", action="store_true", help="findings as JSON")
    check.add_argument("--explain", action="store_true", help="say of every cell of the file what became of it")
    check.add_argument(
        "--marked-up", metavar="OUT.xlsx", type=Path, help="also write a copy with what was found marked"
    )
    check.set_defaults(run=_check)

    template = command(
        "template",
        "Write the blank workbook of a return, to fill in.",
        "indicators template absence -o absence-2011.xlsx --today 2011-05-26",
    )
    template.add_argument("collection", metavar="COLLECTION", help="the return, such as absence")
    template.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="where to write it; its own name if left out"
    )
    template.add_argument("--period", metavar="P", help="the period it is for; otherwise the next that is due")
    template.add_argument("--today", metavar="DATE", type=_day, help="the day to take for today")
    template.set_defaults(run=_template)

    approve = command(
        "approve",
        "Publish what the gate refused in the newest run, or let through a return that it set aside.",
        "indicators approve 3f2c91d0 --by performance-analyst",
    )
    approve.add_argument(
        "name", metavar="RUN|SUBMISSION", help="the run, as the night and its page name it; or a submission, as S000012"
    )
    approve.add_argument("--by", metavar="ROLE", required=True, help="who answers for it")
    approve.add_argument("--warehouse", metavar="F", help="the published file")
    approve.add_argument("--archive", metavar="D", help="folder for the ledger and the files that were sent")
    approve.set_defaults(run=_approve)

    rollback = command(
        "rollback",
        "Publish an earlier version again, and hold publication until a run is approved.",
        "indicators rollback 12 --by performance-analyst",
    )
    rollback.add_argument("version", metavar="VERSION", type=int, help="the data_version to go back to")
    rollback.add_argument("--by", metavar="ROLE", required=True, help="who answers for it")
    rollback.add_argument("--warehouse", metavar="F", help="the published file")
    rollback.add_argument("--archive", metavar="D", help="folder for the ledger and the files that were sent")
    rollback.set_defaults(run=_rollback)

    rebuild = command(
        "rebuild",
        "Make store and published file again from ledger and archive, and compare them with what is live.",
        "indicators rebuild\n  indicators rebuild --replace\n  indicators rebuild --reparse --json",
    )
    which = rebuild.add_mutually_exclusive_group()
    which.add_argument("--replace", action="store_true", help="put them in place, also where what is live differs")
    which.add_argument(
        "--reparse",
        action="store_true",
        help="only report what today's layouts and rules would have made of all that was sent",
    )
    rebuild.add_argument("--json", action="store_true", help="the report as JSON")
    rebuild.add_argument("--warehouse", metavar="F", help="the published file; the private store lies beside it")
    rebuild.add_argument("--archive", metavar="D", help="folder for the ledger and the files that were sent")
    rebuild.set_defaults(run=_rebuild)

    trace = command(
        "trace",
        "Say where a published number came from.",
        "indicators trace eyfs-good-level Nottingham 2009/10",
    )
    trace.add_argument("indicator", metavar="INDICATOR", help="such as eyfs-good-level")
    trace.add_argument("area", metavar="AREA", help="code or name")
    trace.add_argument("period", metavar="PERIOD", help="such as 2009/10 or 200910")
    trace.add_argument("--breakdown", metavar="B", help="such as Total or FSM=Eligible; all if left out")
    trace.add_argument("--warehouse", metavar="F", help="the published file")
    trace.add_argument("--json", action="store_true", help="the answer as JSON")
    trace.set_defaults(run=_trace)

    waive = command(
        "waive",
        "Let one value through one rule that can be waived.",
        "indicators waive S000005 'Figures!E6' value.implausible \\\n"
        "    --reason 'Confirmed by letter of 3 May' --by 'Director of Schools' --until 2011-09-30",
    )
    waive.add_argument("submission", metavar="SUBMISSION", help="such as S000005")
    waive.add_argument("where", metavar="SHEET!CELL", help="the cell that the finding names")
    waive.add_argument("rule", metavar="RULE", help="the rule, such as value.implausible")
    waive.add_argument("--reason", required=True, help="why the value is right; readers can see it")
    waive.add_argument("--by", required=True, metavar="WHO", help="who answers for it, as a role")
    waive.add_argument("--until", required=True, metavar="DATE", type=_day, help="the last day on which it holds")
    waive.add_argument("--warehouse", metavar="F", help="the published file; the private store lies beside it")
    waive.add_argument("--archive", metavar="D", help="folder for the ledger and the files that were sent")
    waive.add_argument("--today", metavar="DATE", type=_day, help="the day to take for today")
    waive.set_defaults(run=_waive)
    register = command(
        "status",
        "Say where each expected return stands, and what nobody answers for.",
        "indicators status --today 2011-05-31",
    )
    register.add_argument("--archive", metavar="D", help="folder of the ledger")
    register.add_argument("--today", metavar="DATE", type=_day, help="the day to take for today, as 2011-05-31")
    register.add_argument("--json", action="store_true", help="the register as JSON")
    register.set_defaults(run=_status)

    claims = command(
        "claims",
        "Recompute every number of a written report from what is published.",
        "indicators claims docs/claims/review-2011.toml",
    )
    claims.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help="a claims file; the review of 2011 if left out"
    )
    claims.add_argument("--warehouse", metavar="F", help="the published file")
    claims.add_argument("--json", action="store_true", help="the verdicts as JSON")
    claims.set_defaults(run=_claims)

    doctor = command("doctor", "Look at all that a night depends on, and say what to do.", "indicators doctor")
    doctor.add_argument("--json", action="store_true", help="each check as JSON")
    doctor.set_defaults(run=_doctor)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2011-05-31") from None


# -- nightly ----------------------------------------------------------------------------------------------------------


def _nightly(given: argparse.Namespace) -> int:
    from rich.console import Console

    from flows.report import show
    from flows.settings import needs_extra, settings

    names = ("inbox", "warehouse", "outbox", "archive", "today")
    chosen = settings(**{name: getattr(given, name) for name in names})
    needs_extra(chosen)
    _before_prefect(chosen.definitions, chosen.partners, chosen.inbox)
    with _progress():
        report = _run_flow(_parameters(given.inbox, {name: getattr(chosen, name) for name in names}))
    show(report, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    return 3 if report.publication.state == "refused" else 0


def _parameters(inbox: str | None, chosen: dict[str, Any]) -> dict[str, Any]:
    """What the flow is given: paths in full, and an inbox on a server only as it was typed, for Prefect shows the
    parameters of a run and the URL in the settings may hold a password."""
    return chosen if isinstance(chosen["inbox"], Path) else {**chosen, "inbox": inbox}


def _before_prefect(definitions: Path, partners: Path, inbox: Path | Address) -> None:
    """Refuse at once, and in one line, what would otherwise fail only after Prefect has started."""
    from flows.inboxes import check_inbox
    from inputs.layouts import load_partners
    from schemas.definitions import load_definitions

    check_inbox(inbox)
    load_partners(load_definitions(definitions), partners)


def _run_flow(chosen: Mapping[str, Path | date | str | None]) -> Report:
    from flows.progress import say

    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)
    say("Starting Prefect")
    from flows.nightly import nightly

    parameters = {name: str(value) if isinstance(value, Path) else value for name, value in chosen.items()}
    return nightly(**parameters)  # type: ignore[arg-type]


@contextmanager
def _progress() -> Iterator[None]:
    """A display of the step at work: a moving one in a terminal, plain lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from flows.progress import told_to

    console = Console(stderr=True)
    if not console.is_terminal:
        told: set[str] = set()

        def tell_plainly(step: str, _done: int, _total: int) -> None:
            if step not in told:
                told.add(step)
                print(f"{step} ...", file=sys.stderr, flush=True)

        with told_to(tell_plainly):
            yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as display:
        work = display.add_task("Starting", total=None)

        def tell(step: str, done: int, total: int) -> None:
            display.update(work, description=step, completed=done, total=total or None)

        with told_to(tell):
            yield


# -- check ------------------------------------------------------------------------------------------------------------


def _check(given: argparse.Namespace) -> int:
    from flows.checking import check_files, show_judgements
    from flows.settings import settings

    results = check_files(
        given.files,
        settings(today=given.today),
        partner=given.partner,
        collection=given.collection,
        marked_up=given.marked_up,
        explain=given.explain,
    )
    if given.json:
        print(_as_json(results))
    else:
        show_judgements(results)
    return 1 if any(r["status"] == "rejected" for r in results) else 0


# -- template ---------------------------------------------------------------------------------------------------------


def _template(given: argparse.Namespace) -> int:
    from flows.settings import settings
    from flows.templates import write_template

    print(write_template(given.collection, settings(today=given.today), given.output, given.period))
    return 0


# -- approve, rollback -----------------------------------------------------------------------------------------------


def _approve(given: argparse.Namespace) -> int:
    from flows.deciding import approve_run, release

    decide = release if re.fullmatch(r"S[0-9]{6,}", given.name) else approve_run
    return _decided(given, lambda chosen: decide(chosen, given.name, given.by))


def _rollback(given: argparse.Namespace) -> int:
    from flows.deciding import roll_back_to

    return _decided(given, lambda chosen: roll_back_to(chosen, given.version, given.by))


def _decided(given: argparse.Namespace, decide: Callable[[Settings], str]) -> int:
    from flows.settings import settings
    from warehouse.publish import NotApproved

    try:
        print(decide(settings(warehouse=given.warehouse, archive=given.archive)))
    except NotApproved as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 1
    return 0


# -- trace ------------------------------------------------------------------------------------------------------------


def _trace(given: argparse.Namespace) -> int:
    from flows.settings import settings
    from schemas.definitions import load_definitions
    from warehouse.trace import trace

    chosen = settings(warehouse=given.warehouse)
    definitions = load_definitions(chosen.definitions)
    found = trace(chosen.warehouse, definitions, given.indicator, given.area, given.period, given.breakdown)
    if given.json:
        print(_as_json([_traced_record(one) for one in found]))
    elif not found:
        print(f"No value of {given.indicator} for {given.area}, {given.period} is published.")
    else:
        for one in found:
            print(_traced_words(one))
    return 0 if found else 1


# -- rebuild ----------------------------------------------------------------------------------------------------------


def _rebuild(given: argparse.Namespace) -> int:
    from flows.rebuilding import rebuild
    from flows.settings import settings

    chosen = settings(warehouse=given.warehouse, archive=given.archive)
    if given.reparse:
        from flows.reparsing import reparse

        with _progress():
            report = reparse(chosen)
        print(_as_json(report.as_dict()) if given.json else report.text)
        return 1 if report.differences else 0
    with _progress():
        done = rebuild(chosen, "by-hand", replace=given.replace)
    print(_as_json(done.as_dict()) if given.json else done.text)
    return 0 if done.done else 1


# -- waive ------------------------------------------------------------------------------------------------------------


def _waive(given: argparse.Namespace) -> int:
    from flows.settings import settings
    from flows.waiving import Asked, waive

    asked = Asked(given.submission, given.where, given.rule, given.reason, given.by, given.until)
    answer = waive(asked, settings(warehouse=given.warehouse, archive=given.archive, today=given.today))
    print(answer.says)
    return 0 if answer.granted else 1


# -- status -----------------------------------------------------------------------------------------------------------


def _status(given: argparse.Namespace) -> int:
    from flows.settings import settings
    from flows.standing import show, status

    found = status(settings(archive=given.archive, today=given.today))
    if given.json:
        print(_as_json(found))
    else:
        from rich.console import Console

        show(found, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    return 0


# -- claims -----------------------------------------------------------------------------------------------------------


def _claims(given: argparse.Namespace) -> int:
    from flows.settings import CLAIMS, settings
    from warehouse.claims import WORST_FIRST, judge_claims, load_claims

    judged = judge_claims(settings(warehouse=given.warehouse).warehouse, load_claims(given.file or CLAIMS))
    if given.json:
        print(_as_json([one.as_dict() for one in judged]))
    else:
        for one in judged:
            print(f"{one.id:6} {one.verdict:15} {' '.join(filter(None, (one.says, one.because)))}")
        counts = {verdict: sum(one.verdict == verdict for one in judged) for verdict in reversed(WORST_FIRST)}
        print(f"{len(judged)} claims: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + ".")
    return 1 if any(one.fails for one in judged) else 0


# -- doctor -----------------------------------------------------------------------------------------------------------


def _doctor(given: argparse.Namespace) -> int:
    from flows.doctor import examine, show

    found = examine()
    if given.json:
        print(_as_json([one.as_dict() for one in found]))
    else:
        show(found)
    return 1 if any(one.level == "wrong" for one in found) else 0


def _as_json(value: object) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC).decode()


def _traced_record(one: Traced) -> dict[str, object]:
    return {
        **one.row,
        "sender": one.sender,
        "received_at": one.received_at,
        "revisions": list(one.revisions),
        "set_aside": list(one.newer),
    }


def _traced_words(one: Traced) -> str:
    from schemas.findings import as_typed

    row = one.row
    value = row["value_text"] if row["value"] is None else f"{row['value']:g} {row['unit']}"
    if row["value"] is None and row["value_text"] is None:
        value = f"no value ({row['conf_status'] or row['obs_status'] or 'no reason given'})"
    lines = [
        f"{row['indicator']}: {row['area_name']}, {row['time_identifier']} {row['time_period']}, {row['breakdown']}",
        f"  value       {as_typed(value)} ({row['provenance']})",
        f"  file        {as_typed(row['source_file'])}",
        f"  cell        {as_typed(row['sheet'])}!{row['cell']}",
        f"  sender      {one.sender or 'not known'}",
        f"  submission  {row['submission']}, received {one.received_at} UTC, loaded {row['recorded_at']} UTC",
        f"  digest      {row['digest']}",
    ]
    if one.newer:
        lines.append(f"  set aside   a newer figure, of {', '.join(one.newer)}, which is not published")
    for change in one.revisions:
        old = change["old_value"] if change["old_value"] is not None else change["old_text"]
        lines.append(
            f"  before      {old} until {change['changed_at']} UTC ({change['old_submission']}). {change['why']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
