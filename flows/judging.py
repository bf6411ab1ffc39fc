"""Judge files: read, identify, parse and check, many together. The night and `indicators check` both come here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from inputs.cells import Cells
from inputs.identify import Origin, identify
from inputs.layouts import Layout, Partner
from inputs.parse import parse
from inputs.read import Limits, read_many
from schemas.checks import check
from schemas.definitions import Definitions
from schemas.findings import Finding, collapse
from schemas.outcomes import Status, status_of
from schemas.periods import read_period
from schemas.tables import Context, Table, empty


@dataclass(frozen=True, eq=False)
class Judgement:
    """What became of one file for one return. `layout` and `table` are None where the file answers none."""

    origin: Origin
    layout: Layout | None
    table: Table | None
    findings: tuple[Finding, ...]
    status: Status
    not_checked: tuple[str, ...]

    @property
    def collection(self) -> str | None:
        return self.layout.collection if self.layout else None

    @property
    def rows(self) -> int:
        return self.table.rows if self.table else 0

    @property
    def person_level(self) -> bool:
        return any(one.rule == "return.person-level" for one in self.findings)

    def periods(self) -> tuple[str, ...]:
        """The periods that the table speaks of, as people write them."""
        if self.table is None:
            return ()
        pairs = self.table.frame.select("time_period", "time_identifier").drop_nulls().unique().sort("*").rows()
        read = (read_period(code, identifier) for code, identifier in pairs)
        return tuple(dict.fromkeys(period.label for period in read if period))


def judge(
    arrivals: Sequence[tuple[Origin, Callable[[], bytes]]],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    context: Context,
    *,
    limits: Limits | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> list[list[Judgement]]:
    """Judge many files in one pass; for each, one judgement a return it answers, in order.

    Reading runs in child processes; checking is one pandera
    validation over all tables of a batch.
    """
    layouts = [layout for partner in partners.values() for layout in partner.layouts]
    parsed: list[list[_Parsed]] = []
    cells_of = read_many([content for _, content in arrivals], limits)
    for number, ((origin, _), cells) in enumerate(zip(arrivals, cells_of, strict=True), start=1):
        parsed.append(list(_parse_one(origin, cells, layouts)))
        step(number)
    return _check_all(parsed, partners, definitions, context)


@dataclass(frozen=True, eq=False)
class _Parsed:
    origin: Origin
    layout: Layout | None
    table: Table | None
    found: list[Finding]


def _parse_one(origin: Origin, cells: Cells | Finding, layouts: Sequence[Layout]) -> Iterable[_Parsed]:
    if isinstance(cells, Finding):
        return [_Parsed(origin, None, None, [cells])]
    fitting = identify(cells, origin, layouts)
    if isinstance(fitting, Finding):
        return [_Parsed(origin, None, None, [fitting])]
    return [_Parsed(origin, layout, *parse(cells, layout, origin.name)) for layout in fitting]


def _check_all(
    parsed: list[list[_Parsed]], partners: Mapping[str, Partner], definitions: Definitions, context: Context
) -> list[list[Judgement]]:
    flat = [one for group in parsed for one in group]
    tables = [one.table or Table(one.origin.partner, "", empty()) for one in flat]
    found = iter(check(tables, definitions, context))
    return [[_judgement(one, next(found), partners, context) for one in group] for group in parsed]


def _judgement(one: _Parsed, checked: list[Finding], partners: Mapping[str, Partner], context: Context) -> Judgement:
    findings = collapse([*one.found, *checked])
    on_error, clean = "reject", 0
    if one.layout is not None and one.table is not None:
        on_error = partners[one.layout.partner].collection(one.layout.collection).on_error
        clean = int((~one.table.frame.get_column("faulty")).sum()) if one.table.rows else 0
    status = status_of(findings, clean_rows=clean, on_error=on_error)
    return Judgement(one.origin, one.layout, one.table, tuple(findings), status, context.not_checked)
