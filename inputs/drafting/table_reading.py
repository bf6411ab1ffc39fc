"""What is known of a table while its layout is drafted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.indicator_entries import IndicatorBook
from local_indicators.inputs.drafting.known_words import KnownWords
from local_indicators.inputs.drafting.table_draft import Choice, TableDraft
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.value_headings import (
    HeadingReading,
)


@dataclass(eq=False)
class TableReading:
    """What is known of a table while it is drafted."""

    draft: TableDraft
    region: TableRegion
    known: KnownWords
    book: IndicatorBook
    profiles: Mapping[int, ColumnProfile]
    reading: HeadingReading
    area: Choice
    period: Choice
    title: str
    subject: str

    @property
    def by_heading(self) -> bool:
        """Whether the period is said over the columns."""
        return isinstance(self.period.source, Mapping) and "header" in self.period.source

    @property
    def groups(self) -> list[ColumnProfile]:
        """The columns of groups of a known dimension, one for each dimension."""
        chosen: dict[str, ColumnProfile] = {}
        for one in self.profiles.values():
            if one.role == "group" and one.dimension not in self.reading.groups:
                chosen.setdefault(one.dimension, one)
        return list(chosen.values())
