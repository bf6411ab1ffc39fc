"""The rows of a table on a sheet that hold figures, each turned into observations with every cell known."""

from __future__ import annotations

from collections.abc import Iterator

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.common.suggestions import did_you_mean
from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import ANY_TOTAL
from local_indicators.inputs.parsing.table_findings.area_contradictions import AreaContradictions
from local_indicators.inputs.parsing.table_findings.below_the_table import BelowTable
from local_indicators.inputs.parsing.table_findings.dropped_by_preset import DroppedByPreset
from local_indicators.inputs.parsing.table_findings.left_out_rows import LeftOutRows
from local_indicators.inputs.parsing.table_findings.surplus_fields import SurplusFields
from local_indicators.inputs.parsing.table_findings.unexpected_blanks import UnexpectedBlanks
from local_indicators.inputs.parsing.table_findings.unreadable_cells import UnreadableCells
from local_indicators.inputs.parsing.tables.banner_rows import BannerRows
from local_indicators.inputs.parsing.tables.block_labels import BlockLabels
from local_indicators.inputs.parsing.tables.cell_account import TableBody
from local_indicators.inputs.parsing.tables.columns import Columns, note_missing_headings
from local_indicators.inputs.parsing.tables.dimension_resolver import (
    DimensionResolver,
    ResolvedValue,
    SheetTable,
    interpret_cell,
    interpret_period,
)
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import find_blocks
from local_indicators.inputs.parsing.tables.titles import TablePeriods
from local_indicators.inputs.parsing.tables.value_cells import Row, ValueCells
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns, group_value_columns
from local_indicators.inputs.readers.cells import Cell
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.observations import TIDY
from local_indicators.schemas.reference.breakdowns import TOTAL, spell_breakdown
from local_indicators.schemas.reference.geography import Area
from local_indicators.schemas.reference.periods import (
    EXPECTED,
    SERIES,
    Period,
    is_within_month,
    without_footnote,
    without_revision_marks,
    word_probably_typed,
)


def tidy_rows(on: SheetTable, notes: FindingNotes) -> Iterator[Row]:
    """The tidy rows of a table on one sheet, block after block; what is wrong with them goes into `notes`."""
    every = list(find_blocks(on.sheet, on.table))
    other = [table for table in on.tables if table is not on.table]
    labels = BlockLabels(on.sheet, every, lambda: (block for table in other for block in find_blocks(on.sheet, table)))
    titles, dropped = TablePeriods(on.sheet, notes), DroppedByPreset(on, notes)
    over: dict[
        tuple[int, int], tuple[dict[Source, ResolvedValue], int]
    ] = {}  # a banner counts for the columns it stands over
    unknown: dict[int, set[str]] = {}
    for block in every:
        columns = Columns(block, on.table, notes)
        begins = on.account.last_end(block.top) if block.begun == 0 else 0
        banners, since = over.get(block.within, ({}, block.begun))
        rows = _Rows(on, columns, DimensionResolver(on, columns, labels, banners, notes), notes, dropped)
        rows.banners.tops = [one.top for one in every if one.within == block.within]
        rows.banners.above(since, unknown, rows.left_out)
        yield from titles.read(block, max(since, begins), rows.read())
        over[block.within] = banners, rows.end
    titles.compare()
    dropped.tell()
    if not every:
        note_missing_headings(on.sheet, on.table, notes)


class _Rows:
    """The reading of the rows of one block."""

    def __init__(
        self,
        on: SheetTable,
        columns: Columns,
        sayings: DimensionResolver,
        notes: FindingNotes,
        dropped: DroppedByPreset,
    ) -> None:
        self.on, self.table, self.definitions = on, on.table, on.definitions
        self.columns, self.block, self.sheet = columns, columns.block, columns.sheet
        self.sayings, self.notes = sayings, notes
        self.unread = UnreadableCells(self.sheet, sayings, notes)
        self.measures = ValueCells(on, sayings, notes)
        self.fields = SurplusFields(on.book, on.sheet, self.block, notes)
        self.observations = group_value_columns(on, columns)
        self.valued = [column for observation in self.observations for column, _ in observation.columns.values()]
        self.contradictions = AreaContradictions(on, columns, sayings, notes)
        self.banners = BannerRows(on, columns, sayings, self.valued)
        self.leaving = LeftOutRows(on, columns, sayings, notes, dropped, self.observations)
        self.blanks = UnexpectedBlanks(columns, notes)
        self.below = BelowTable(on, columns, sayings, notes, self.leaving, self.observations)
        self.account, self.end = on.account, self.block.end
        self._areas: dict[object, tuple[Area | None, Area | None, bool, str]] = {}

    def read(self) -> Iterator[Row]:
        self.columns.note_unmapped(self.valued)
        for number in self._body():
            for observation in self.observations:
                if self.leaving.lets_in(number, observation) and (row := self._row(number, observation)) is not None:
                    yield row
        self.leaving.tell()
        self.blanks.tell(self.notes.named_on_sheet())
        self._account()

    def _account(self) -> None:
        """Note which cells the block knows, so that numbers that it does not know can be named."""
        left, right = self.block.within
        known = self.columns.known | frozenset(self.valued)
        top, first = self.block.top, self.block.first
        self.account.bodies.append(
            TableBody(
                top=top, first=first, end=self.end, left=left, right=right, known=known, ignored=self.columns.ignored
            )
        )

    # which rows

    def _body(self) -> Iterator[int]:
        """The rows of the block that hold observations, from under the headings to where it stops."""
        for number in range(self.block.first, self.block.end):
            first = self._first(number)
            if not first:
                if self.table.blank_row == "stop":
                    self.end = number
                    self.below.blank_row(number)
                    return
                self.banners.blank_row(number)
                continue
            if self.leaving.stops(first) or self.leaving.nearly_stops(number, first):
                self.end = number
                self.account.leave(number, "stop")
                return
            if (key := self._leaves(number, first)) is not None:
                self.account.leave(number, key)
            elif not self.fields.too_many(number):
                self.leaving.note_let_in(number)
                yield number

    def _leaves(self, number: int, first: str) -> str | None:
        """By what a row is left out, or as what part of the table; None if it is not."""
        if self.table.hidden_rows == "skip" and number in self.sheet.hidden_rows:
            return "hidden_rows"
        if self.banners.takes(number) or self._ends_banners(number):
            return "banner"
        if left := self.leaving.tests(number, first):
            self.leaving.note_left(number, left)
            return "only" if left[0] in self.table.only else "skip"
        if self.leaving.nearly_skips(number):
            return "skip"
        return "note" if self.below.is_note(number, self.valued) else None

    def _first(self, number: int) -> str:
        return next((heading_text(cell) for cell in self.sheet.rows[number] if cell is not None), "")

    def left_out(self, number: int) -> bool:
        """Whether a key of the layout leaves out a row that heads others."""
        return self.leaving.of_heading(number, self._first(number))

    def _ends_banners(self, number: int) -> bool:
        """Let a row that looks like a banner and fits none end those before it."""
        column = self.banners.unknown(number)
        if column is None or self.left_out(number):
            return False
        self.banners.end(number, column)
        if any((observation.spec.blank or self.table.blank) != "skip" for observation in self.observations):
            for source in self.banners.sources:  # no such row may be blank: it is no mere heading either
                self.sayings.of_banner(source)
        return True

    # what a row says

    def _row(self, number: int, of: ObservationColumns) -> Row | None:
        readings = self.measures.read(number, of)
        if readings is None:
            return None
        row: Row = dict.fromkeys(TIDY)
        row.update(sheet=self.sheet.name, faulty=False, marked=None)
        before = self.notes.errors
        indicator = self._indicator(number, of, row)
        self._period(number, of, indicator, row)
        self._area(number, of, indicator, row)
        self._breakdown(number, of, indicator, row)
        self._provenance(number, of, row)
        row["keyed"] = not any(
            row[name] is None for name in ("indicator_id", "area_code", "time_period", "breakdown", "provenance")
        )
        row["provenance"] = row["provenance"] or "reported"
        self._rounding(of, indicator, row)
        self.measures.fill(row, number, readings, of)
        self.blanks.note(number, of, row)
        del row["marked"]
        # a cell that several rows depend on is noted once, and counts once
        row["faulty"] = row["faulty"] or self.notes.errors > before or not row["keyed"]
        return row

    def _rounding(self, of: ObservationColumns, indicator: Indicator | None, row: Row) -> None:
        """Put the bases into a row that its counts are rounded to, as the column, the table or the indicator says."""
        usual = self.table.rounded_to or (indicator.rounded_to if indicator else None)
        counted = indicator is not None and indicator.counted
        for name in ("value", "numerator", "denominator"):
            own = of.columns[name][1].rounded_to if name in of.columns else None
            row[f"base_{name}"] = own or (usual if name != "value" or counted else None)

    def _said(self, name: str, number: int, of: ObservationColumns, row: Row) -> tuple[Source | None, ResolvedValue]:
        source = self.on.source(name, of.spec)
        said = self.sayings.say(source, number, of.heading)
        row[f"at_{name}"] = said.at
        return source, said

    def _indicator(self, number: int, of: ObservationColumns, row: Row) -> Indicator | None:
        source, said = self._said("indicator", number, of, row)
        known = self.definitions.indicators.get(str(said.word)) if said.word is not None else None
        if known is None:
            known_words = tuple(source.map) if source else ()
            named = "one of " + ", ".join(known_words) if known_words else "an indicator of this return"
            named += did_you_mean(heading_text(said.word), known_words)
            self.unread.unknown("indicator", said, named)
            return None
        row["indicator_id"] = known.id
        return known

    def _area(self, number: int, of: ObservationColumns, indicator: Indicator | None, row: Row) -> None:
        source, said = self._said("area", number, of, row)
        typed = heading_text(said.word)
        types = indicator.area_types if indicator else ()
        day = row["period_start"]
        key = (typed, types, day)
        if key not in self._areas:
            geography = self.definitions.geography
            area, note = (
                geography.find(typed, types, day) or geography.find(normalised_without_footnotes(typed), types, day),
                "",
            )
            if area is None and (parted := geography.without_footnote(typed, types, day)) is not None:
                area, note = parted
            now = geography.current(area, day) if area is not None and day is not None else area
            self._areas[key] = area, now, area is None and geography.find(typed) is not None, note
        area, now, wrong_type, note = self._areas[key]
        if area is not None and note:
            self.unread.note("cell.footnote-read", said, "area", typed, f"{area.name}; {note} was read as a footnote")
        if area is not None and now is not None:
            if self.contradictions.found(source, number, said, area):
                row["faulty"] = True  # which area it is nobody can tell, so nothing more is said of this one
                return
            row["area_code"] = now.area_code
            if day is not None and now.valid_to is not None and now.valid_to < day:
                self.unread.note("area.ended", said, "area", typed, now.note or "an area of that time")
            if now.area_code != area.area_code:
                self.unread.note("area.replaced", said, "area", typed, f"{now.area_code}, {now.name}")
        elif wrong_type:
            self.unread.note("area.wrong-type", said, "area", typed, f"a {' or '.join(types)}")
        else:
            expected = f"the name or code of an area{self.unread.likely_area(typed, types)}"
            self.unread.unknown("area", said, expected, self.sayings.may_be_at(source, number))

    def _period(self, number: int, of: ObservationColumns, indicator: Indicator | None, row: Row) -> None:
        source, said = self._said("period", number, of, row)
        if indicator is None:
            if self.table.indicators and not self.on.may_be_period(source, said.word):
                kinds = dict.fromkeys(self.definitions.indicators[i].time_identifier for i in self.table.indicators)
                self.unread.unknown("period", said, " or ".join(EXPECTED[kind] for kind in kinds), kinds=tuple(kinds))
            return
        identifier = indicator.time_identifier
        word = self._with_identifier(source, number, identifier, said)
        if word is None:
            return
        period = (
            None if is_within_month(self.unread.held(said), identifier) else interpret_period(source, word, identifier)
        )
        if (
            period is None
            and source is not None
            and (parted := without_footnote(word, identifier, ending=source.ending))
        ):
            period = parted[0]
            expected = f"{period.label}; {parted[1]} was read as a footnote"
            self.unread.note("cell.footnote-read", said, "period", heading_text(said.word), expected)
        row["marked"] = without_revision_marks(heading_text(said.word))[1]
        if period is not None and source is not None and len(source.column) > 1 and not source.identifier:
            self._compare_periods(source, number, said, period)
        version = indicator.version_at(period.end or period.start) if period else None
        if period is None or version is None:
            expected = EXPECTED[identifier] if period is None else f"a period since {indicator.versions[0].valid_from}"
            self.unread.unknown("period", said, expected, kinds=(identifier,))
            return
        row.update(
            time_identifier=identifier,
            time_period=period.time_period,
            period_start=period.start,
            period_end=period.end,
            definition_version=version.version,
        )

    def _compare_periods(self, source: Source, number: int, resolved_value: ResolvedValue, period: Period) -> None:
        """Note where another column of the source names another period than the one that is read."""
        for other in self.sayings.filled(source, number):
            read = interpret_period(source, interpret_cell(source, other.word), period.time_identifier)
            if other.at is not None and other.at != resolved_value.at and read is not None and read != period:
                cells = [address_of_position(place) for place in (resolved_value.at, other.at) if place is not None]
                found = f"{heading_text(resolved_value.word)} and {heading_text(other.word)}"
                self.unread.note(
                    "period.said-twice", resolved_value, "period", found, "one period in both cells", cells
                )

    def _with_identifier(
        self, source: Source | None, number: int, identifier: str, resolved_value: ResolvedValue
    ) -> Cell | None:
        """The period that a row says, with the month or quarter that a column of the row names; None, and a finding,
        where it names another kind of period than the indicator is measured over."""
        column = self.columns.under(source.identifier) if source and source.identifier else None
        named = heading_text(self.sheet.cell(number, column)) if column is not None else identifier
        if normalised_without_footnotes(named) == normalised_without_footnotes(identifier):
            return resolved_value.word if resolved_value.word is not None else ""
        if identifier in SERIES and normalised_without_footnotes(named) in map(
            normalised_without_footnotes, SERIES[identifier]
        ):
            return f"{named} {heading_text(resolved_value.word)}"
        self.unread.unknown("period", ResolvedValue(named, cell_position(number, column or 0)), identifier)
        return None

    def _breakdown(self, number: int, of: ObservationColumns, indicator: Indicator | None, row: Row) -> None:
        parts: dict[str, str] = {}
        where: int | None = None
        for name, source in {**self.table.breakdown, **of.spec.breakdown}.items():
            said = self.sayings.say(source, number, of.heading)
            if said.ended or (said.at is None and self.sayings.unheaded(name)):
                return
            where = said.at if said.at is not None else where
            word = heading_text(said.word)
            if not word and not isinstance(source.const, str):
                row["at_breakdown"] = said.at
                self.unread.unknown(name, said, "a group, or Total")
                return
            if indicator is None:
                self._some_breakdown(name, said)
                continue
            if normalised_without_footnotes(word) in ANY_TOTAL:
                continue
            allowed = indicator.breakdowns.get(name)
            if allowed is None:
                self.unread.note("breakdown.unknown", said, name, word, "Total")
                return
            value = next(
                (v for v in allowed if normalised_without_footnotes(v) == normalised_without_footnotes(word)), None
            )
            if value is None:
                row["at_breakdown"] = said.at
                if meant := word_probably_typed(said.word, allowed):
                    self.unread.note("cell.made-a-date", said, name, meant[0].shown, f"{meant[1]}, if that was typed")
                    return
                expected = f"one of {', '.join(allowed)}{did_you_mean(word, allowed)}"
                self.unread.note("breakdown.unknown", said, name, word, expected)
                return
            parts[name] = value
        row["at_breakdown"] = where
        if indicator is not None and not parts and not indicator.total:
            named = "; ".join(f"{n} {' or '.join(v)}" for n, v in indicator.breakdowns.items())
            self.unread.note("breakdown.unknown", ResolvedValue(TOTAL, where), "breakdown", TOTAL, f"one of {named}")
            return
        row["breakdown"] = spell_breakdown(parts, self.definitions.dimension_order)

    def _some_breakdown(self, name: str, resolved_value: ResolvedValue) -> None:
        """Whatever the indicator of a row may be, it must know the group that the row names."""
        may_be = [self.definitions.indicators[i].breakdowns.get(name, ()) for i in self.table.indicators]
        allowed = list(dict.fromkeys(value for values in may_be for value in values))
        word = heading_text(resolved_value.word)
        if (
            may_be
            and normalised_without_footnotes(word) not in ANY_TOTAL
            and normalised_without_footnotes(word) not in map(normalised_without_footnotes, allowed)
        ):
            self.unread.note(
                "breakdown.unknown",
                resolved_value,
                name,
                word,
                f"one of {', '.join(['Total', *allowed])}{did_you_mean(word, allowed)}",
            )

    def _provenance(self, number: int, of: ObservationColumns, row: Row) -> None:
        said = self.sayings.say(self.on.source("provenance", of.spec), number, of.heading)
        word = heading_text(said.word).casefold()
        if word in ("reported", "illustrative"):
            row["provenance"] = word
        else:
            self.unread.note(
                "provenance.unknown", said, "provenance", heading_text(said.word), "reported or illustrative"
            )
