"""What a layout would read of a workbook: its first figures, counts, what is wrong, and numbers that stay unread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.common.safe_text import as_typed
from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.tables.cell_account import KEYS, CellAccount, address_ranges
from local_indicators.inputs.readers.cells import Cells
from local_indicators.schemas.findings import Finding, cells_of_finding, merge_findings
from local_indicators.schemas.observations import MEASURES, TidyTable
from local_indicators.schemas.reference.periods import read_period

FIRST = 8
"""Figures of each sheet that are shown."""
PLACES = ("at_indicator", "at_area", "at_period", "at_breakdown", *(f"at_{name}" for name in MEASURES))


@dataclass(frozen=True)
class Figure:
    """One figure as it would be read: where it stands, what of, and what it says. `area` is "?" where no area that is
    known was read, and so is a period."""

    where: str
    indicator: str
    area: str
    period: str
    breakdown: str
    value: str


@dataclass(frozen=True)
class IndicatorCount:
    """How much would be read of an indicator."""

    indicator: str
    figures: int
    areas: int
    periods: int
    incomplete: int


@dataclass(frozen=True)
class UnreadNumbers:
    """Numbers of a sheet that would not be read, and why; `cells` are ranges."""

    sheet: str
    cells: tuple[str, ...]
    count: int
    why: str


@dataclass(frozen=True)
class Preview:
    """What a layout reads of a file."""

    figures: tuple[Figure, ...]
    counts: tuple[IndicatorCount, ...]
    unread: tuple[UnreadNumbers, ...]
    findings: tuple[Finding, ...]
    rows: int

    @property
    def errors(self) -> int:
        """How many findings would have the return rejected."""
        return sum(finding.is_error for finding in self.findings)


def preview(cells: Cells, layout: Layout, file_name: str) -> Preview:
    """What a layout reads of a file, by parsing it. Never raises on a partner's data."""
    accounts: dict[str, CellAccount] = {}
    table, found = parse(cells, layout, file_name, accounts)
    findings = merge_findings(found, tuple(sheet.name for sheet in cells.sheets), None)
    return Preview(
        figures=tuple(_first_figures(table, layout)),
        counts=tuple(_counts(table)),
        unread=tuple(_unread(cells, table, accounts, found, layout)),
        findings=tuple(sorted(findings, key=lambda finding: not finding.is_error)),
        rows=table.rows,
    )


def where(sheet: str, address: str) -> str:
    """A cell as every command writes it: Sheet!B6."""
    plain = as_typed(sheet)
    return f"{plain}!{address}" if plain.replace("_", "").isalnum() else f"'{plain}'!{address}"


def _first_figures(table: TidyTable, layout: Layout) -> Iterator[Figure]:
    """The first figures of each sheet, of each indicator at least one."""
    geography = layout.definitions.geography
    shown: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for row in table.frame.iter_rows(named=True):
        key = row["sheet"], row["indicator_id"] or ""
        if shown[row["sheet"]] >= FIRST and (key in seen or len(seen) > 40):
            continue
        shown[row["sheet"]] += 1
        seen.add(key)
        at = next((row[f"at_{name}"] for name in MEASURES if row[f"at_{name}"] is not None), row["at_area"])
        area = geography.area(row["area_code"]) if row["area_code"] else None
        period = read_period(row["time_period"], row["time_identifier"]) if row["time_period"] else None
        yield Figure(
            where=where(row["sheet"], address_of_position(at) if at is not None else "?"),
            indicator=row["indicator_id"] or "?",
            area=area.name if area else "?",
            period=period.label if period else row["time_period"] or "?",
            breakdown=row["breakdown"] or "?",
            value=_value(row),
        )


def _value(row: Mapping[str, object]) -> str:
    """A figure in words, with its other measures."""
    said = [f"{row['value']:.10g}"] if isinstance(row["value"], float) else []
    status = row["conf_status"] or row["obs_status"]
    said += [str(status)] if status else []
    for name in MEASURES[1:]:
        if row[name] is not None:
            said.append(f"{name} {row[name]:.10g}" if isinstance(row[name], float) else f"{name} {as_typed(row[name])}")
    return ", ".join(said) or "?"


def _counts(table: TidyTable) -> Iterator[IndicatorCount]:
    for (name,), rows in table.frame.group_by("indicator_id", maintain_order=True):
        yield IndicatorCount(
            indicator=str(name or "?"),
            figures=rows.height,
            areas=rows.get_column("area_code").drop_nulls().n_unique(),
            periods=rows.get_column("time_period").drop_nulls().n_unique(),
            incomplete=int((~rows.get_column("keyed")).sum()),
        )


def _unread(
    cells: Cells,
    table: TidyTable,
    accounts: Mapping[str, CellAccount],
    findings: Sequence[Finding],
    layout: Layout,
) -> Iterator[UnreadNumbers]:
    """The numbers of each sheet that no figure, area or period was read from, by why."""
    read: dict[str, set[int]] = {}
    for name in PLACES:
        for sheet, place in table.frame.select("sheet", name).drop_nulls().iter_rows():
            read.setdefault(sheet, set()).add(place)
    named: dict[tuple[str, int], str] = {}
    for finding in findings:
        for at in cells_of_finding(finding):
            named.setdefault(at, f"finding {finding.rule}")
    for sheet in cells.sheets:
        why: dict[str, list[int]] = {}
        account = accounts.get(sheet.name)
        for row, line in enumerate(sheet.rows):
            for column, cell in enumerate(line):
                place = cell_position(row, column)
                if cell is None or kind_of(cell) != "number" or place in read.get(sheet.name, ()):
                    continue
                reason = named.get((sheet.name, place)) or _reason(account, sheet.name, layout)
                if account is not None and (sheet.name, place) not in named:
                    reason = KEYS.get(account.reason(sheet, row, column), "outside of the tables")
                why.setdefault(reason, []).append(place)
        for reason, places in why.items():
            yield UnreadNumbers(sheet.name, tuple(address_ranges(places[:5000])), len(places), reason)


def _reason(account: CellAccount | None, sheet: str, layout: Layout) -> str:
    if account is not None:
        return "outside of the tables"
    return "sheet left out by `ignore_sheets`" if layout.says.ignores(sheet) else "sheet that no table reads"
