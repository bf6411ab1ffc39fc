"""Where a table is: its columns, and how the layout finds its row of headings."""

from __future__ import annotations

import re

from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.table_words import titles_above
from local_indicators.inputs.drafting.toml_text import Toml, quoted
from local_indicators.inputs.drafting.value_headings import (
    escaped,
)
from local_indicators.inputs.layouts.layout_language import Header, TableLayout, ValueColumn
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import columns_of_table, find_header_row
from local_indicators.inputs.readers.heading_text import heading_text


def put_place(table: TableReading, since: int) -> None:
    """Put the sheet, the columns and the headings of a table; `since` is the row from which titles are its own."""
    region, draft = table.region, table.draft
    draft.keys["sheet"] = ""  # the sheets are known last
    beside = region.shared and _stands_beside(region)
    if beside:
        draft.put("columns", region.letters, "another table stands beside it")
    header: dict[str, Toml] = _find(region, since)
    if "find" in header and kind_of(str(header["find"])) == "year":
        draft.ask(
            "header",
            f"no heading but years, so the row is found by {quoted(header['find'])}. If later files begin with"
            f" another year, write header = {{ row = {region.header_at + 1} }}.",
        )
    if region.above:
        header["above"] = region.above
    if region.below:
        header["below"] = region.below
    if region.fill:
        header["fill"] = True
    if "row" not in header:
        header |= {key: True for key in ("repeat", "across") if getattr(region, key)}
    several = region.above + region.below
    draft.put("header", header, f"headings of {several + 1} rows" if several else "")


def _stands_beside(region: TableRegion) -> bool:
    """Whether the rows of a table hold something outside of its columns."""
    left, right = region.columns
    rows = (region.header_at, *region.figures[:30])
    return any(
        cell is not None and not left <= column <= right
        for row in rows
        for column, cell in enumerate(region.sheet.rows[row])
    )


def _find(region: TableRegion, since: int) -> dict[str, Toml]:
    """How the layout finds the row of headings: by a heading that stands in no row before it, if there is one."""

    row = region.sheet.rows[region.header_at]
    letters = region.letters if region.shared and _stands_beside(region) else ""
    seen = columns_of_table(region.sheet, TableLayout(Header(row=1), (ValueColumn(column="A"),), columns=letters))
    texts = [heading_text(cell) for cell in row[region.columns[0] : region.columns[1] + 1] if cell is not None]
    if region.across:
        texts = texts[:1]
    for text in sorted(dict.fromkeys(texts), key=lambda one: kind_of(one) == "year"):
        usual = text.isprintable() and 0 < len(text) <= 150 and normalised_without_footnotes(text)
        if usual and find_header_row(seen, Header(find=text)) == region.header_at:
            return {"find": text}
    after = _after(region, since)
    for text in dict.fromkeys(texts):
        usual = after and text.isprintable() and 0 < len(text) <= 150 and normalised_without_footnotes(text)
        if usual and find_header_row(seen, Header(find=text, after=re.compile(after, re.I))) == region.header_at:
            return {"find": text, "after": after}
    return {"row": region.header_at + 1}


def _after(region: TableRegion, since: int) -> str:
    """The pattern of the row nearest above a table that nothing before it fits."""
    for _, _, text in reversed(titles_above(region, since)):
        if not text.isprintable() or kind_of(text) != "text":
            continue
        pattern = f"^{escaped(text[:60])}"
        first = next(
            row
            for row, line in enumerate(region.sheet.rows)
            if any(isinstance(cell, str) and re.search(pattern, cell, re.I) for cell in line) or row >= region.top
        )
        if since <= first < region.top:
            return pattern
    return ""
