"""`indicators check`: validate files as a night would, and load nothing."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.cell_references import cell_in_words
from local_indicators.common.errors import UsageError
from local_indicators.common.safe_text import as_typed
from local_indicators.common.suggestions import did_you_mean
from local_indicators.flows.checking.validate_files import ValidationResult, for_annotation, validate_files
from local_indicators.flows.commands.options import JsonOption, TodayOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json
from local_indicators.flows.commands.terminal import console as terminal_console
from local_indicators.flows.settings import Settings, london_today, now, settings
from local_indicators.flows.text_tables import print_table
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.explain_cells import explain_cells as explain_cells
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox.reader_processes import Limits, read_in_child
from local_indicators.replies.annotation.marked_up_copy import NoCopy, mark_up
from local_indicators.replies.emails.owner_emails import STATUS_WORDS
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.observations import CheckContext

Result = dict[str, Any]


def check(
    *files: Annotated[Path, Parameter(help="Files to judge.")],
    partner: Annotated[
        str | None, Parameter(help="Whose file it is; otherwise told by its folder or its contents.")
    ] = None,
    collection: Annotated[str | None, Parameter(help="Judge it as this return only.")] = None,
    today: TodayOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    explain: Annotated[bool, Parameter(help="Say of every cell of the file what became of it.")] = False,
    marked_up: Annotated[
        Path | None, Parameter(help="Also write a copy with what was found marked, as OUT.xlsx.")
    ] = None,
) -> int:
    """Judge files as the night would, and load nothing; exit code 1 if one is rejected."""
    if not files:
        raise UsageError("FILE", "is missing; name at least one file to judge")
    results = check_files(
        files,
        settings(workspace=workspace, today=today),
        partner=partner,
        collection=collection,
        marked_up=marked_up,
        explain=explain,
    )
    if json:
        print(as_json(results))
    else:
        print_results(results)
    return 1 if any(result["status"] == "rejected" for result in results) else 0


def check_files(
    files: Sequence[Path],
    given: Settings,
    *,
    partner: str | None = None,
    collection: str | None = None,
    marked_up: Path | None = None,
    explain: bool = False,
) -> list[Result]:
    """Return one record for each file and return, as `indicators check --json` prints them; with `explain` also what
    became of every cell. `marked_up` is where to write the marked-up copy of a single file.

    Raises UsageError for a file that is not there, an unknown partner or return, and a copy that would be of several
    files or replace one.
    """
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners)
    if partner is not None and partner not in partners:
        raise UsageError(partner, f"is not a partner; there are {', '.join(partners)}{did_you_mean(partner, partners)}")
    if collection is not None:
        partner = _owning_partner(collection, partner, partners)
    _require_files(files, marked_up)
    today = given.today or london_today(now())
    results: list[Result] = []
    origins = [Origin(partner or _partner_of_folder(path, partners), path.name, today, collection) for path in files]
    validated = validate_files(
        [(origin, partial(_read_start, path, given.limits)) for origin, path in zip(origins, files, strict=True)],
        partners,
        definitions,
        CheckContext(today),
        limits=given.limits,
    )
    for path, group in zip(files, validated, strict=True):
        records = [_record(path, _digest(path), result) for result in group]
        if explain:
            _explain(path, group, records, given.limits)
        results += records
        if marked_up is not None:
            _write_copy(path, group, marked_up)
    return results


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_files(files: Sequence[Path], marked_up: Path | None) -> None:
    """Raise UsageError for a file that is not there, or a marked-up copy that cannot be written."""
    for path in files:
        if not path.is_file():
            raise UsageError(path, "is not a file")
    if marked_up is not None:
        _require_writable_copy(marked_up, files)


def _explain(path: Path, group: Sequence[ValidationResult], records: Sequence[Result], limits: Limits) -> None:
    """Add what became of every cell of a file to the record of each return that it answers."""
    if all(validated.layout is None for validated in group):
        return
    cells = read_in_child(_read_start(path, limits), limits)
    for validated, result in zip(group, records, strict=True):
        if validated.layout is not None and isinstance(cells, Cells):
            explanations = explain_cells(cells, validated.layout, path.name, validated.findings)
            result["explained"] = [part.as_dict() for part in explanations]


def _require_writable_copy(copy: Path, files: Sequence[Path]) -> None:
    """Raise UsageError for a marked-up copy that cannot be written."""
    if len(files) != 1:
        raise UsageError(copy, "a marked-up copy is of one file; name one")
    if copy.suffix.lower() != ".xlsx":
        raise UsageError(copy, "a marked-up copy is an Excel workbook; give it a name that ends in .xlsx")
    if not copy.parent.is_dir():
        raise UsageError(copy.parent, "is not a folder")
    if copy.exists() and copy.samefile(files[0]):
        raise UsageError(copy, "is the file itself; give the copy another name")


def _write_copy(path: Path, group: Sequence[ValidationResult], copy: Path) -> None:
    """Write the marked-up copy of a file, or print why there is none."""
    made = mark_up(path.read_bytes(), path.name, [for_annotation(result) for result in group])
    if isinstance(made, NoCopy):
        print(f"indicators: no marked-up copy: {made.reason}", file=sys.stderr)
    else:
        write_whole(copy, made.content)


def _read_start(path: Path, limits: Limits) -> bytes:
    """Return as much of a file as may be read, and one byte more, so that the reader sees that it is too large."""
    with path.open("rb") as file:
        return file.read(limits.file_bytes + 1)


def _owning_partner(collection: str, partner: str | None, partners: Mapping[str, Partner]) -> str:
    """Return the partner of a return. Raises UsageError."""
    known = {c.id: p.id for p in partners.values() for c in p.says.collection}
    if collection not in known:
        raise UsageError(collection, f"is not a return; there are {', '.join(sorted(known))}")
    if partner not in (None, known[collection]):
        raise UsageError(collection, f"is a return of {known[collection]}, not of {partner}")
    return known[collection]


def _partner_of_folder(path: Path, partners: Mapping[str, Partner]) -> str:
    """Return the partner in whose folder a file lies; "" for none, and then the file itself must tell."""
    folders = [parent.name for parent in path.resolve().parents]
    return next((name for name in folders[:3] if name in partners), "")


def _record(path: Path, digest: str, result: ValidationResult) -> Result:
    """Return the record of a result."""
    return {
        "file": str(path),
        "digest": digest,
        "partner": result.layout.partner if result.layout else result.origin.partner or None,
        "collection": result.collection,
        "status": result.status,
        "rows": result.rows,
        "findings": [f.as_dict() for f in result.findings],
        "not_checked": list(result.not_checked),
    }


MOST_CELLS = 4
"""Cells of a finding that are printed."""


def print_results(results: Sequence[Result]) -> None:
    """Print results for people."""
    console = terminal_console()
    for result in results:
        name = result["collection"] or "no return we expect"
        console.print(Text(f"{as_typed(result['file'])}: {name}: {STATUS_WORDS[result['status']]}"), style="bold")
        if result["findings"]:
            rows = [
                (_where(finding), *(finding[name] for name in ("rule", "found", "expected", "fix")))
                for finding in result["findings"]
            ]
            print_table(("Where", "Rule", "Found", "Expected", "What to do"), rows, console)
        _show_explained(console, result.get("explained", ()))
        console.print()


def _where(finding: Result) -> str:
    """Return the cells of a finding, each as it may be copied."""
    cells = [as_typed(cell_in_words(finding["sheet"], cell)) for cell in finding["cells"]]
    more = f" and {len(cells) - MOST_CELLS} more" if len(cells) > MOST_CELLS else ""
    whole = f"{as_typed(finding['sheet'])}, the whole sheet" if finding["sheet"] else "the whole file"
    return f"{', '.join(cells[:MOST_CELLS])}{more}" if cells else whole


def _show_explained(console: Console, explained: Sequence[Result]) -> None:
    """Print what became of every cell, sheet by sheet."""
    for sheet in dict.fromkeys(part["sheet"] for part in explained):
        table = Table(show_edge=False, pad_edge=False, title=Text(as_typed(sheet)), title_justify="left")
        table.add_column("Cells", overflow="fold")
        table.add_column("What became of them", overflow="fold")
        for part in explained:
            if part["sheet"] == sheet:
                table.add_row(Text(", ".join(part["cells"])), Text(part["became"]))
        console.print(table)
