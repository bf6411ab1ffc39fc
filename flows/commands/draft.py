"""`indicators draft`: propose a layout for a workbook that nobody has described, and show what it would read."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.config_files import read_toml
from local_indicators.common.errors import DefinitionError, DefinitionErrors, UsageError
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.commands.options import OutputOption, WorkspaceOption
from local_indicators.flows.settings import Settings, london_today, now, settings
from local_indicators.inputs.drafting.draft_layout import Draft, draft_layout, layout_of_collections
from local_indicators.inputs.drafting.draft_preview import Preview, preview, where
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.personal_data import refuse_person_level_data
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox.reader_processes import Limits, read_in_child
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding

SHOWN = 10
"""Findings, and lists of unread numbers, that are shown."""


def draft(
    workbook: Annotated[Path, Parameter(help="The workbook to propose a layout for.")],
    *,
    output: OutputOption = None,
    indicators: Annotated[
        Path | None,
        Parameter(help="File for the entries of indicators that do not exist yet; with --layout it is read."),
    ] = None,
    layout: Annotated[
        Path | None, Parameter(help="Show what this TOML would read, such as a proposal that was corrected.")
    ] = None,
    partner: Annotated[str | None, Parameter(help="The partner that sends it.")] = None,
    workspace: WorkspaceOption = None,
) -> int:
    """Propose a layout for a workbook, and show what it would read; exit code 1 if nothing can be proposed or read."""
    given = settings(workspace=workspace)
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners) if any(given.partners.glob("*.toml")) else {}
    _require(workbook, output, indicators, layout, partner, partners)
    cells = _cells(workbook, given.limits)
    if cells is None:
        return 1
    if layout is not None:
        return _try_layout(_Trial(workbook, cells, layout, indicators, partner or "", given, definitions))
    return _propose(workbook, cells, definitions, partners, _Request(output, indicators, partner or "", given))


def _require(
    workbook: Path,
    output: Path | None,
    indicators: Path | None,
    layout: Path | None,
    partner: str | None,
    partners: Mapping[str, Partner],
) -> None:
    """Raise UsageError for what is not there, and for files that would be written over."""
    if not workbook.is_file():
        raise UsageError(workbook, "is not a file")
    if partner is not None and partner not in partners:
        raise UsageError(partner, f"is not a partner; there are {', '.join(partners) or 'none yet'}")
    if layout is not None:
        if output is not None:
            raise UsageError("--output", "does not go with --layout, which only shows what a TOML reads")
        for path in (layout, *([indicators] if indicators else [])):
            if not path.is_file():
                raise UsageError(path, "is not a file")
        return
    for path in filter(None, (output, indicators)):
        if path.exists():
            raise UsageError(path, "is there already and may hold your corrections; name another file, or delete it")
        if not path.parent.is_dir():
            raise UsageError(path.parent, "is not a folder")
    if output is not None and indicators is not None and output.absolute() == indicators.absolute():
        raise UsageError(output, "cannot hold both the layout and the indicators; name another file for one of them")


def _cells(workbook: Path, limits: Limits) -> Cells | None:
    """The cells of a workbook; None, and a line that says why, where it cannot be read or holds records of people."""
    with workbook.open("rb") as file:
        content = file.read(limits.file_bytes + 1)
    read = read_in_child(content, limits)
    return None if _is_refused(workbook, read) or isinstance(read, Finding) else read


def _is_refused(workbook: Path, read: Cells | Finding, *, searched: bool = False) -> bool:
    finding = read if isinstance(read, Finding) or searched else refuse_person_level_data(read)
    if not isinstance(finding, Finding):
        return False
    if finding.rule == "return.person-level":
        reason = (
            "holds records of single people, so nothing of it is shown, and no return may hold them"
            f" ({as_typed(finding.found)}). Ask for totals only."
        )
    else:
        reason = f"{finding.says} {finding.fix}"
    print(f"indicators: {as_typed(workbook)}: {' '.join(reason.split())}", file=sys.stderr)
    return True


# -- a proposal


@dataclass(frozen=True)
class _Request:
    """What was asked for."""

    output: Path | None
    indicators: Path | None
    partner: str
    given: Settings


def _propose(
    workbook: Path, cells: Cells, definitions: Definitions, partners: Mapping[str, Partner], request: _Request
) -> int:
    """Propose a layout and show what it would read."""
    taken = {collection.id for one in partners.values() for collection in one.says.collection}
    proposed = draft_layout(cells, workbook.name, definitions, partner=request.partner, taken=taken)
    if proposed is None:
        print(
            f"indicators: {as_typed(workbook)}: no table of figures was seen on any sheet (headings over rows of"
            f" numbers)",
            file=sys.stderr,
        )
        return 1
    _hand_over(proposed, request)
    _show(preview(cells, proposed.layout, workbook.name))
    _say_what_next(workbook, proposed, request)
    return 0


def _hand_over(proposed: Draft, request: _Request) -> None:
    """Write or print the TOML of the collection, and the entries of new indicators."""
    folder = request.given.definitions / "indicators"
    entries = (
        f"# New indicators, for a file of {as_typed(folder)}.\n\n{proposed.indicators}" if proposed.indicators else ""
    )
    if request.output is None:
        print(proposed.toml)
    else:
        write_whole(request.output, proposed.toml.encode())
        print(f"layout written to {request.output}")
    if request.indicators is not None:
        write_whole(request.indicators, (entries or "# No new indicators are needed.\n").encode())
        print(f"new indicators written to {request.indicators}")
    elif entries:
        print(f"{'# ' + '-' * 70}\n{entries}")


def _say_what_next(workbook: Path, proposed: Draft, request: _Request) -> None:
    """Say how a proposal is corrected, and where it goes."""
    if proposed.questions:
        print(
            f"{proposed.questions} QUESTIONs are left: each says what to change, and to what. Then see what that reads:"
        )
    layout = request.output or "LAYOUT.toml"
    entries = f" --indicators {_shell(request.indicators or 'NEW.toml')}" if proposed.indicators else ""
    print(f"  indicators draft {_shell(workbook)} --layout {_shell(layout)}{entries}")
    home = request.given.partners / f"{request.partner or 'PARTNER'}.toml"
    print(
        f"When it is right, add the layout to {home}"
        + (
            f" and the indicators to a file of {request.given.definitions / 'indicators'}."
            if proposed.indicators
            else "."
        )
    )


def _shell(path: str | Path) -> str:
    """A path as it can be pasted into a shell."""
    return shlex.quote("".join(sign if sign.isprintable() else "?" for sign in str(path)))


# -- a correction


@dataclass(frozen=True)
class _Trial:
    """A TOML to be tried on a workbook."""

    workbook: Path
    cells: Cells
    layout: Path
    indicators: Path | None
    partner: str
    given: Settings
    definitions: Definitions


def _try_layout(trial: _Trial) -> int:
    """Show what a TOML would read of a workbook; exit code 1 if it reads nothing or something that is refused, 2 if the
    TOML or the entries of indicators are wrong."""
    try:
        definitions = trial.definitions if trial.indicators is None else _with_entries(trial.given, trial.indicators)
        tables = read_toml(trial.layout)
        partner = trial.partner or str(tables.get("id", "partner"))
        layout = layout_of_collections(tables, partner, definitions, trial.layout, trial.workbook.name)
    except DefinitionError as error:
        for line in str(error).splitlines():
            print(f"indicators: {line}", file=sys.stderr)
        if trial.indicators is None:
            print("indicators: entries of indicators that are new are given by --indicators FILE", file=sys.stderr)
        return UsageError.exit_code
    origin = Origin(layout.partner, trial.workbook.name, london_today(now()), layout.collection)
    answer = identify(trial.cells, origin, [layout])
    if isinstance(answer, Finding) and answer.rule == "return.person-level":
        return int(_is_refused(trial.workbook, answer))
    read = preview(trial.cells, layout, trial.workbook.name)
    _show(read)
    return 0 if read.rows and not read.errors else 1


def _with_entries(given: Settings, entries: Path) -> Definitions:
    """The workspace's definitions with the entries of a file added. Raises DefinitionError naming the file."""
    with TemporaryDirectory() as folder:
        copied = Path(folder) / "definitions"
        shutil.copytree(given.definitions, copied)
        place = copied / "indicators" / f"{entries.stem}-draft.toml"
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(entries, place)
        try:
            return load_definitions(copied)
        except DefinitionError as error:
            names = ((str(place), str(entries)), (place.name, entries.name), (str(copied), str(given.definitions)))
            raise DefinitionErrors([_renamed(problem, names) for problem in error.problems]) from None


def _renamed(problem: DefinitionError, names: Sequence[tuple[str, str]]) -> DefinitionError:
    """A problem of a copied file in the name of the file itself."""
    thing, reason = problem.thing, problem.reason
    for copied, own in names:
        thing, reason = thing.replace(copied, own), reason.replace(copied, own)
    return DefinitionError(thing, reason, key=problem.key)


# -- what it would read


def _show(read: Preview) -> None:
    """Print what a layout reads: its first figures, counts, findings, and numbers that stay unread."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(Text(f"What this would read: {read.rows} figures"), style="bold")
    if read.figures:
        rows = [(f.where, f.indicator, f.area, f.period, f.breakdown, f.value) for f in read.figures[:40]]
        console.print(_table(("Cell", "Indicator", "Area", "Period", "Group", "Value"), rows))
        counts = [
            (c.indicator, str(c.figures), str(c.areas), str(c.periods), str(c.incomplete or ""))
            for c in read.counts[:40]
        ]
        console.print(_table(("Indicator", "Figures", "Areas", "Periods", "Incomplete"), counts))
    if read.findings:
        said = [(_place(f), f.rule, f.found, f.expected) for f in read.findings[:SHOWN]]
        console.print(Text(f"What the night would say of it: {_numbered(len(read.findings), 'finding')}"), style="bold")
        console.print(_table(("Where", "Rule", "Found", "Expected"), said))
    if read.unread:
        unread = [
            (as_typed(u.sheet), ", ".join(u.cells[:4]) + (" ..." if len(u.cells) > 4 else ""), str(u.count), u.why)
            for u in read.unread[: SHOWN * 2]
        ]
        console.print(Text("Numbers that it would leave unread"), style="bold")
        console.print(_table(("Sheet", "Cells", "Numbers", "Why"), unread))


def _numbered(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _place(finding: Finding) -> str:
    return where(finding.sheet or "", finding.cells[0]) if finding.cells else "whole file"


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(as_typed(word)) for word in row))
    return table
