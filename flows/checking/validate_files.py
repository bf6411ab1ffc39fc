"""Validate files: read, identify, parse and check many of them together. Nights and `indicators check` both use
this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from local_indicators.common.cell_references import COLUMNS, position_of_address
from local_indicators.inputs.layouts.partner_layouts import Layout, Partner
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.readers.last_modified import MODIFIED
from local_indicators.inputs.sandbox.reader_processes import Limits, ReaderPool
from local_indicators.replies.annotation.marked_up_copy import CheckedReturn
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.file_precedence import modification_time
from local_indicators.schemas.findings import Finding, cells_of_finding, merge_findings
from local_indicators.schemas.observations import KEY_CELLS, MEASURES, CheckContext, TidyTable, empty_table
from local_indicators.schemas.reference.periods import read_period
from local_indicators.schemas.submissions import Status, status_from_findings
from local_indicators.schemas.validation.check_tables import check
from local_indicators.schemas.validation.older_files import check_for_older_file


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """What became of one file for one return. `layout` and `table` are None if the file answers none; `modified` is
    when the file says it was last saved."""

    origin: Origin
    layout: Layout | None
    table: TidyTable | None
    findings: tuple[Finding, ...]
    status: Status
    not_checked: tuple[str, ...]
    modified: datetime | None = None

    @property
    def collection(self) -> str | None:
        """Return the id of the return; None if the file answers none."""
        return self.layout.collection if self.layout else None

    @property
    def rows(self) -> int:
        """Return the number of rows that were read."""
        return self.table.rows if self.table else 0

    @property
    def has_personal_data(self) -> bool:
        """Return whether the file contains personal data."""
        return any(finding.rule == "return.person-level" for finding in self.findings)

    def periods(self) -> tuple[str, ...]:
        """Return the periods of the table, as people write them."""
        return _periods(self.table) if self.table else ()


def _periods(table: TidyTable) -> tuple[str, ...]:
    """Return the periods of a table, as people write them."""
    pairs = table.frame.select("time_period", "time_identifier").drop_nulls().unique().sort("*").rows()
    read = (read_period(code, identifier) for code, identifier in pairs)
    return tuple(dict.fromkeys(period.label for period in read if period))


BATCH_FILES = 200
BATCH_ROWS = 100_000
"""A batch is checked once it has this many files or rows, which limits the tables in memory. Findings of one table
never depend on which others are checked with it."""

FileToValidate = tuple[Origin, Callable[[], bytes]]


def validate_files(
    arrivals: Sequence[FileToValidate],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
    *,
    limits: Limits | None = None,
) -> list[list[ValidationResult]]:
    """Validate files; return for each, in order, a result for every return that it answers."""
    with ReaderPool(limits or Limits()) as readers:
        validated = dict(filter(None, validate_each_file(arrivals, partners, definitions, context, readers)))
    return [validated[number] for number in range(len(arrivals))]


def validate_each_file(
    arrivals: Sequence[FileToValidate],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
    readers: ReaderPool,
) -> Iterator[tuple[int, list[ValidationResult]] | None]:
    """Validate many files a batch at a time; yield the number of each and its results, one for every return that it
    answers.

    Reading runs in child processes; checking is one pandera validation over all tables of a batch. A batch ends early
    where the next file is slow, so that nobody waits for another's; None is yielded then.
    """
    layouts = [layout for partner in partners.values() for layout in partner.layouts]
    batch: list[tuple[int, list[_Parsed]]] = []
    rows = 0
    in_use = cells_in_use(context.accepted)
    for reading in readers.read([content for _, content in arrivals]):
        if reading is not None:
            number, cells = reading
            parsed = list(_parse_file(arrivals[number][0], cells, layouts, in_use))
            batch.append((number, parsed))
            rows += sum(p.table.rows for p in parsed if p.table is not None)
            del cells, parsed
            if len(batch) < BATCH_FILES and rows < BATCH_ROWS:
                continue
        yield from _check_batch(batch, partners, definitions, context)
        batch, rows = [], 0
        if reading is None:
            yield None
    yield from _check_batch(batch, partners, definitions, context)


@dataclass(frozen=True, eq=False)
class _Parsed:
    """A file as parsed by one layout, with the findings of parsing."""

    origin: Origin
    layout: Layout | None
    table: TidyTable | None
    found: list[Finding]
    sheets: tuple[str, ...] = ()
    modified: datetime | None = None


CellsInUse = Mapping[str, frozenset[tuple[str, str]]]


def cells_in_use(accepted: pl.DataFrame | None) -> CellsInUse:
    """Return the cells, as sheet and address, from which the accepted figures of each collection were read."""
    if accepted is None or not accepted.height:
        return {}
    named = accepted.select("collection", "sheet", "cell").drop_nulls()
    return {
        str(collection): frozenset(rows.select("sheet", "cell").unique().iter_rows())
        for (collection,), rows in named.group_by("collection")
    }


def _blanked_cells(cells: Cells, in_use: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of the cells that are blank now."""
    sheets = {sheet.name: sheet for sheet in cells.sheets}
    cells_of_file = ((name, cell, position_of_address(cell)) for name, cell in in_use if name in sheets)
    return frozenset(
        (name, cell)
        for name, cell, at in cells_of_file
        if at is not None and sheets[name].cell(*divmod(at, COLUMNS)) is None
    )


def _parse_file(
    origin: Origin, cells: Cells | Finding, layouts: Sequence[Layout], in_use: CellsInUse
) -> Iterable[_Parsed]:
    """Return a file as parsed by each layout that fits it."""
    if isinstance(cells, Finding):
        return [_Parsed(origin, None, None, [cells])]
    fitting = identify(cells, origin, layouts)
    if isinstance(fitting, Finding):
        return [_Parsed(origin, None, None, [fitting])]
    sheets = tuple(sheet.name for sheet in cells.sheets)
    saved = cells.properties.get(MODIFIED)
    modified = datetime.fromisoformat(saved) if saved else None
    return [_parse_return(origin, layout, cells, in_use, sheets, modified) for layout in fitting]


def _parse_return(
    origin: Origin,
    layout: Layout,
    cells: Cells,
    in_use: CellsInUse,
    sheets: tuple[str, ...],
    modified: datetime | None,
) -> _Parsed:
    """Return a file as parsed by one layout."""
    table, findings = parse(cells, layout, origin.name)
    table = replace(table, blank=_blanked_cells(cells, in_use.get(layout.collection, ())))
    return _Parsed(origin, layout, table, findings, sheets, modified)


def _check_batch(
    batch: list[tuple[int, list[_Parsed]]],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
) -> Iterator[tuple[int, list[ValidationResult]]]:
    """Yield the results of a batch, and empty it meanwhile."""
    flat = [parsed for _, group in batch for parsed in group]
    tables = [parsed.table or TidyTable(parsed.origin.partner, "", empty_table()) for parsed in flat]
    findings = iter(check(tables, definitions, context))
    del flat, tables
    while batch:
        number, group = batch.pop(0)
        yield number, [_validation_result(parsed, next(findings), partners, context) for parsed in group]


def _validation_result(
    parsed: _Parsed, checked: list[Finding], partners: Mapping[str, Partner], context: CheckContext
) -> ValidationResult:
    """Return the result of a parsed file and the findings of its checks."""
    all_findings = [*parsed.found, *_without_consequences(parsed.found, checked), *_file_findings(parsed, context)]
    findings = merge_findings(all_findings, parsed.sheets, _cells_per_column(parsed.table) if parsed.table else None)
    on_error, clean, table = "reject", 0, parsed.table
    if parsed.layout is not None and table is not None:
        table = replace(table, frame=_mark_faulty_rows(table.frame, all_findings))
        on_error = partners[parsed.layout.partner].collection(parsed.layout.collection).on_error
        clean = int((~table.frame.get_column("faulty")).sum()) if table.rows else 0
    status = status_from_findings(findings, clean_rows=clean, on_error=on_error)
    return ValidationResult(
        origin=parsed.origin,
        layout=parsed.layout,
        table=table,
        findings=tuple(findings),
        status=status,
        not_checked=context.not_checked,
        modified=parsed.modified,
    )


def _without_consequences(named_before: Sequence[Finding], checked: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the checks without those that follow from cells already named as blank or left out."""
    follow = ("key.withdrawn", "period.gone", "cell.left-blank")
    named = (
        {place for finding in named_before for place in cells_of_finding(finding)}
        if any(finding.rule in follow for finding in checked)
        else set()
    )
    return [
        finding
        for finding in checked
        if finding.rule not in follow or not finding.cells or not set(cells_of_finding(finding)) <= named
    ]


def _file_findings(parsed: _Parsed, context: CheckContext) -> list[Finding]:
    """Return findings about a file's name and date beside the files in use."""
    if parsed.layout is None or parsed.table is None or not parsed.table.rows:
        return []
    origin = parsed.origin
    when = modification_time(parsed.modified, origin.changed, origin.seen) if origin.seen else None
    files = [
        h for h in context.files if h.collection == parsed.layout.collection and h.period in set(_periods(parsed.table))
    ]
    return list(check_for_older_file(origin.path, parsed.layout.files, when, files))


_CELLS = (*KEY_CELLS, *(f"at_{name}" for name in MEASURES))


def _cells_per_column(table: TidyTable) -> dict[tuple[str, int], int]:
    """Return how many cells of each column of each sheet the rows of a table were read from."""
    cells = pl.concat([table.frame.select("sheet", pl.col(name).alias("place")) for name in _CELLS])
    counted = cells.drop_nulls().unique().group_by("sheet", pl.col("place") % COLUMNS).len()
    return {(sheet, column): count for sheet, column, count in counted.iter_rows()}


def _mark_faulty_rows(frame: pl.DataFrame, findings: Sequence[Finding]) -> pl.DataFrame:
    """Return the rows with `faulty` set for each that an error names a cell of, so that none of them is loaded."""
    errors = [finding for finding in findings if finding.is_error and finding.cells]
    if not errors or not frame.height:
        return frame
    named = pl.DataFrame(
        list({cell for finding in errors for cell in cells_of_finding(finding)}),
        schema={"sheet": pl.String, "place": pl.Int64},
        orient="row",
    )
    cells = pl.concat([frame.select("sheet", pl.col(name).alias("place")).with_row_index("_row") for name in _CELLS])
    hit = cells.join(named, on=["sheet", "place"], how="semi").get_column("_row").unique()
    at_fault = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(hit.implode())
    return frame.with_columns((pl.col("faulty") | at_fault).alias("faulty"))


def for_annotation(result: ValidationResult) -> CheckedReturn:
    """Return a result as the marked-up copy shows it."""
    title = result.layout.title if result.layout else "no return that we expect"
    images = result.layout is not None and result.layout.says.images
    return CheckedReturn(title, result.status, result.findings, result.table.frame if result.table else None, images)
