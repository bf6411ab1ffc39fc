"""One table of a layout, drafted from how it lies on its sheet."""

from __future__ import annotations

from dataclasses import replace

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.drafting.area_source import choose_area
from local_indicators.inputs.drafting.column_profiles import ColumnProfile, profile_columns
from local_indicators.inputs.drafting.groups_and_rows import put_breakdowns, put_filters, put_rows
from local_indicators.inputs.drafting.header_place import put_place
from local_indicators.inputs.drafting.indicator_entries import IndicatorBook, clean_title
from local_indicators.inputs.drafting.known_words import KnownWords
from local_indicators.inputs.drafting.period_patterns import by_subject
from local_indicators.inputs.drafting.period_source import choose_period
from local_indicators.inputs.drafting.published_forms import (
    as_ees,
    draft_fingertips,
    draft_nomis,
    ees_kinds,
    ees_profiles,
    published_shape,
)
from local_indicators.inputs.drafting.row_words import tell_apart
from local_indicators.inputs.drafting.table_draft import TableDraft
from local_indicators.inputs.drafting.table_indicators import put_indicators_of_columns, put_indicators_of_rows
from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.table_words import row_banners, titles_above
from local_indicators.inputs.drafting.toml_text import listed
from local_indicators.inputs.drafting.value_groups import group_columns
from local_indicators.inputs.drafting.value_headings import (
    ValueHeading,
    read_headings,
)


def draft_table(
    region: TableRegion, known: KnownWords, book: IndicatorBook, file_name: str, since: int = 0
) -> TableDraft | None:
    """The draft of a table; None where it holds no column of numbers. `since` is the row from which the titles above it
    are its own."""
    profiles = profile_columns(region, known)
    valued = [at for at, one in profiles.items() if one.role == "value"]
    if not valued:
        return None
    shape = published_shape(region)
    if shape in ("fingertips", "nomis"):
        return (draft_fingertips if shape == "fingertips" else draft_nomis)(region, profiles, known, book)
    if shape == "ees":
        profiles = ees_profiles(profiles)
        valued = [at for at, one in profiles.items() if one.role == "value"]
    has_area = any(one.role == "area" for one in profiles.values())
    has_period = any(one.role == "period" for one in profiles.values())
    reading = read_headings(region.headings, valued, known, area=not has_area, period=not has_period)
    title = _title(region, since)
    table = TableReading(
        draft=TableDraft(region, [region.sheet.name]),
        region=region,
        known=known,
        book=book,
        profiles=profiles,
        reading=reading,
        area=choose_area(region, profiles, reading, known, file_name),
        period=choose_period(region, profiles, reading, file_name, since),
        title=title,
        subject=" ".join((title, region.sheet.name, file_name, *(h.text for h in reading.headings[:12]))),
    )
    if shape == "ees":
        table.area = replace(table.area, texts=("England", "London", "Barnet"))
        if named := ees_kinds(profiles):
            table.period = replace(table.period, kinds=named)
    put_place(table, since)
    _put_subjects(table, since)
    put_rows(table)
    return as_ees(table.draft) if shape == "ees" else table.draft


def _title(region: TableRegion, since: int) -> str:
    """The title nearest above a table that says what it is of; blank for none."""
    texts = [text for _, _, text in titles_above(region, since) if len(text) > 8 and not text[:1].isdigit()]
    return next((clean_title(text) for text in texts if len(clean_title(text)) > 5 and not text.startswith("http")), "")


def _titles(region: TableRegion, since: int) -> list[str]:
    return [text for _, _, text in titles_above(region, since)][:20]


def _put_subjects(table: TableReading, since: int) -> None:
    draft = table.draft
    banners = row_banners(table.region)
    used_banner = any("banner" in str(choice.source)[:12] for choice in (table.area, table.period))
    keys = [table.profiles[at] for at in (*table.area.columns, *table.period.columns)] + table.groups
    spare = [
        one
        for one in table.profiles.values()
        if one.role in ("words", "area", "period", "quarter", "note") and one not in keys and not _is_note(one)
    ]
    across = table.reading.area is not None or table.by_heading
    rows = tell_apart(
        keys,
        [one for one in spare if one.role == "words"],
        [banners.get(row, (0, ""))[1] for row in table.region.figures],
        across=across,
        used_banner=used_banner,
    )
    draft.put("area", table.area.source, table.area.why)
    draft.guessed |= {"area"} if table.area.guessed else set()
    for question in table.area.questions:
        draft.ask("area", question)
    kinds = table.period.kinds if published_shape(table.region) else by_subject(table.period.kinds, table.subject)
    draft.put("period", table.period.source, table.period.why)
    for question in table.period.questions:
        draft.ask("period", question)
    groups = group_columns(_with_period(table), table.profiles, " | ".join(_titles(table.region, since)))
    if rows.indicator is not None or rows.banner:
        put_indicators_of_rows(table, rows, groups, kinds, banners)
    else:
        put_indicators_of_columns(table, groups, kinds)
    put_breakdowns(table)
    put_filters(table, rows)


def _is_note(profile: ColumnProfile) -> bool:
    return profile.role == "note"


def _with_period(table: TableReading) -> list[ValueHeading]:
    """The headings over numbers, without those that name no period where others do."""
    if table.reading.period is None or not table.by_heading:
        return list(table.reading.headings)
    without = [one for one in table.reading.headings if not one.period]
    if without:
        texts = listed((one.text or f"column {column_letters(one.at)}" for one in without), 4)
        table.draft.ask(
            "ignore",
            f"{texts}: no period in the heading, so not read. Give them a table of their own if they belong to the"
            f" return.",
        )
    return [one for one in table.reading.headings if one.period]
