"""Judge files: read, identify, parse and check, many together. The night and `indicators check` both come here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from inputs.layouts.partner_layouts import Layout, Partner
from inputs.parsing.parse_return import parse
from inputs.parsing.return_identification import Origin, identify
from inputs.readers.cells import Cells
from inputs.readers.last_modified import MODIFIED
from inputs.sandbox.reader_processes import Limits, ReaderPool
from replies.annotation.marked_up_copy import CheckedReturn
from schemas.definitions.models import Definitions
from schemas.file_precedence import modification_time
from schemas.findings import COLUMNS, Finding, cells_of_finding, merge_findings, position_of_address
from schemas.observations import KEY_CELLS, MEASURES, CheckContext, TidyTable, empty_table
from schemas.reference.periods import read_period
from schemas.submissions import Status, status_from_findings
from schemas.validation.check_tables import check
from schemas.validation.older_files import check_for_older_file


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """What became of one file for one return. `layout` and `table` are None where the file answers none; `modified` is
    when it was last saved, where it says so."""

    origin: Origin
    layout: Layout | None
    table: TidyTable | None
    findings: tuple[Finding, ...]
    status: Status
    not_checked: tuple[str, ...]
    modified: datetime | None = None

    @property
    def collection(self) -> str | None:
        return self.layout.collection if self.layout else None

    @property
    def rows(self) -> int:
        return self.table.rows if self.table else 0

    @property
    def has_personal_data(self) -> bool:
        return any(one.rule == "return.person-level" for one in self.findings)

    def periods(self) -> tuple[str, ...]:
        """The periods that the table speaks of, as people write them."""
        return _periods(self.table) if self.table else ()


def _periods(table: TidyTable) -> tuple[str, ...]:
    pairs = table.frame.select("time_period", "time_identifier").drop_nulls().unique().sort("*").rows()
    read = (read_period(code, identifier) for code, identifier in pairs)
    return tuple(dict.fromkeys(period.label for period in read if period))


BATCH_FILES = 200
BATCH_ROWS = 100_000
"""A batch is checked once it has so many files or rows, so that no more tables than that are held at a time. What is
found in one table never depends on which others are checked with it."""

FileToValidate = tuple[Origin, Callable[[], bytes]]


def validate_files(
    arrivals: Sequence[FileToValidate],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
    *,
    limits: Limits | None = None,
) -> list[list[ValidationResult]]:
    """Judge files; for each, one judgement a return it answers, in order."""
    with ReaderPool(limits or Limits()) as readers:
        judged = dict(filter(None, validate_each_file(arrivals, partners, definitions, context, readers)))
    return [judged[number] for number in range(len(arrivals))]


def validate_each_file(
    arrivals: Sequence[FileToValidate],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
    readers: ReaderPool,
) -> Iterator[tuple[int, list[ValidationResult]] | None]:
    """Judge many files a batch at a time: the number of each and its judgements, one a return it answers.

    Reading runs in child processes; checking is one pandera validation over all tables of a batch. A batch ends early
    where the next file is slow, so that nobody waits for another's; None says that it is.
    """
    layouts = [layout for partner in partners.values() for layout in partner.layouts]
    batch: list[tuple[int, list[_Parsed]]] = []
    rows = 0
    held = cells_in_use(context.accepted)
    for one in readers.read([content for _, content in arrivals]):
        if one is not None:
            number, cells = one
            parsed = list(_parse_file(arrivals[number][0], cells, layouts, held))
            batch.append((number, parsed))
            rows += sum(p.table.rows for p in parsed if p.table is not None)
            del cells, parsed
            if len(batch) < BATCH_FILES and rows < BATCH_ROWS:
                continue
        yield from _check_batch(batch, partners, definitions, context)
        batch, rows = [], 0
        if one is None:
            yield None
    yield from _check_batch(batch, partners, definitions, context)


@dataclass(frozen=True, eq=False)
class _Parsed:
    origin: Origin
    layout: Layout | None
    table: TidyTable | None
    found: list[Finding]
    sheets: tuple[str, ...] = ()
    modified: datetime | None = None


CellsInUse = Mapping[str, frozenset[tuple[str, str]]]


def cells_in_use(accepted: pl.DataFrame | None) -> CellsInUse:
    """The cells, as sheet and address, that the figures which are held of each collection stood in."""
    if accepted is None or not accepted.height:
        return {}
    named = accepted.select("collection", "sheet", "cell").drop_nulls()
    return {
        str(collection): frozenset(rows.select("sheet", "cell").unique().iter_rows())
        for (collection,), rows in named.group_by("collection")
    }


def _blanked_cells(cells: Cells, held: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    sheets = {sheet.name: sheet for sheet in cells.sheets}
    found = ((name, cell, position_of_address(cell)) for name, cell in held if name in sheets)
    return frozenset(
        (name, cell) for name, cell, at in found if at is not None and sheets[name].cell(*divmod(at, COLUMNS)) is None
    )


def _parse_file(
    origin: Origin, cells: Cells | Finding, layouts: Sequence[Layout], held: CellsInUse
) -> Iterable[_Parsed]:
    if isinstance(cells, Finding):
        return [_Parsed(origin, None, None, [cells])]
    fitting = identify(cells, origin, layouts)
    if isinstance(fitting, Finding):
        return [_Parsed(origin, None, None, [fitting])]
    sheets = tuple(sheet.name for sheet in cells.sheets)
    said = cells.properties.get(MODIFIED)
    modified = datetime.fromisoformat(said) if said else None
    return [_parse_return(origin, layout, cells, held, sheets, modified) for layout in fitting]


def _parse_return(
    origin: Origin,
    layout: Layout,
    cells: Cells,
    held: CellsInUse,
    sheets: tuple[str, ...],
    modified: datetime | None,
) -> _Parsed:
    table, found = parse(cells, layout, origin.name)
    table = replace(table, blank=_blanked_cells(cells, held.get(layout.collection, ())))
    return _Parsed(origin, layout, table, found, sheets, modified)


def _check_batch(
    batch: list[tuple[int, list[_Parsed]]],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: CheckContext,
) -> Iterator[tuple[int, list[ValidationResult]]]:
    """The judgements of a batch, which is emptied as they are given."""
    flat = [one for _, group in batch for one in group]
    tables = [one.table or TidyTable(one.origin.partner, "", empty_table()) for one in flat]
    found = iter(check(tables, definitions, context))
    del flat, tables
    while batch:
        number, group = batch.pop(0)
        yield number, [_validation_result(one, next(found), partners, context) for one in group]


def _validation_result(
    one: _Parsed, checked: list[Finding], partners: Mapping[str, Partner], context: CheckContext
) -> ValidationResult:
    found = [*one.found, *_without_consequences(one.found, checked), *_file_findings(one, context)]
    findings = merge_findings(found, one.sheets, _cells_per_column(one.table) if one.table else None)
    on_error, clean, table = "reject", 0, one.table
    if one.layout is not None and table is not None:
        table = replace(table, frame=_mark_faulty_rows(table.frame, found))
        on_error = partners[one.layout.partner].collection(one.layout.collection).on_error
        clean = int((~table.frame.get_column("faulty")).sum()) if table.rows else 0
    status = status_from_findings(findings, clean_rows=clean, on_error=on_error)
    return ValidationResult(
        origin=one.origin,
        layout=one.layout,
        table=table,
        findings=tuple(findings),
        status=status,
        not_checked=context.not_checked,
        modified=one.modified,
    )


def _without_consequences(told: Sequence[Finding], checked: Sequence[Finding]) -> list[Finding]:
    """What the checks found, without what follows from cells that are named as blank or left out already."""
    follow = ("key.withdrawn", "period.gone", "cell.left-blank")
    named = (
        {place for one in told for place in cells_of_finding(one)}
        if any(one.rule in follow for one in checked)
        else set()
    )
    return [
        one for one in checked if one.rule not in follow or not one.cells or not set(cells_of_finding(one)) <= named
    ]


def _file_findings(one: _Parsed, context: CheckContext) -> list[Finding]:
    """What a file's name and date say of its standing beside what is held."""
    if one.layout is None or one.table is None or not one.table.rows:
        return []
    origin = one.origin
    when = modification_time(one.modified, origin.changed, origin.seen) if origin.seen else None
    held = [h for h in context.files if h.collection == one.layout.collection and h.period in set(_periods(one.table))]
    return list(check_for_older_file(origin.path, one.layout.files, when, held))


_CELLS = (*KEY_CELLS, *(f"at_{name}" for name in MEASURES))


def _cells_per_column(table: TidyTable) -> dict[tuple[str, int], int]:
    """How many cells of each column of each sheet the rows of a table were read from."""
    said = pl.concat([table.frame.select("sheet", pl.col(name).alias("place")) for name in _CELLS])
    counted = said.drop_nulls().unique().group_by("sheet", pl.col("place") % COLUMNS).len()
    return {(sheet, column): count for sheet, column, count in counted.iter_rows()}


def _mark_faulty_rows(frame: pl.DataFrame, found: Sequence[Finding]) -> pl.DataFrame:
    """The rows with every one marked `faulty` that an error names a cell of, so that none of them is loaded."""
    errors = [one for one in found if one.is_error and one.cells]
    if not errors or not frame.height:
        return frame
    named = pl.DataFrame(
        list({cell for one in errors for cell in cells_of_finding(one)}),
        schema={"sheet": pl.String, "place": pl.Int64},
        orient="row",
    )
    said = pl.concat([frame.select("sheet", pl.col(name).alias("place")).with_row_index("_row") for name in _CELLS])
    hit = said.join(named, on=["sheet", "place"], how="semi").get_column("_row").unique()
    at_fault = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(hit.implode())
    return frame.with_columns((pl.col("faulty") | at_fault).alias("faulty"))


def for_annotation(one: ValidationResult) -> CheckedReturn:
    """A judgement as the marked-up copy shows it."""
    title = one.layout.title if one.layout else "no return that we expect"
    images = one.layout is not None and one.layout.says.images
    return CheckedReturn(title, one.status, one.findings, one.table.frame if one.table else None, images)
