"""A layout drafted for a whole file, and its TOML with the questions that are left."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from local_indicators.common.errors import DefinitionError
from local_indicators.inputs.drafting.draft_table import draft_table
from local_indicators.inputs.drafting.indicator_entries import IndicatorBook, clean_title, printable, slug
from local_indicators.inputs.drafting.known_words import KnownWords
from local_indicators.inputs.drafting.mending import mend, shortened
from local_indicators.inputs.drafting.table_draft import TableDraft
from local_indicators.inputs.drafting.table_regions import find_regions
from local_indicators.inputs.drafting.toml_text import (
    Toml,
    comment,
    dotted,
    listed,
    quoted,
    sections,
    toml_assignment,
    toml_value,
)
from local_indicators.inputs.layouts.layout_language import OWN_SHEETS
from local_indicators.inputs.layouts.partner_layouts import Layout, partner_of_toml
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.schemas.definitions.models import Definitions

MOST_SHEETS = 40
"""Sheets that are drafted; of a larger workbook the first."""
MOST_ROWS = 4000
"""Rows of a sheet that a draft is made from; all of them are read to see what it reads."""
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Draft:
    """A proposed collection. `toml` is the collection, `indicators` the entries of indicators that do not exist yet, ""
    for none. `layout` is ready to parse with: its definitions hold the new indicators. `questions` counts what was not
    sure."""

    toml: str
    indicators: str
    layout: Layout
    questions: int


def draft_layout(
    cells: Cells,
    file_name: str,
    definitions: Definitions,
    *,
    partner: str = "",
    taken: Collection[str] = (),
) -> Draft | None:
    """Propose a layout for a file; None where no table of figures is seen on any sheet. `taken` are ids of collections
    that there are already. Never raises on a partner's data."""
    known, book = (
        KnownWords(definitions),
        IndicatorBook(definitions, clean_title(_stem(file_name)) or "a workbook", partner),
    )
    tables: list[TableDraft] = []
    for sheet in [sheet for sheet in cells.sheets if not _is_ours(sheet)][:MOST_SHEETS]:
        tables += _tables_of(shortened(sheet, MOST_ROWS), known, book, file_name)
    if not tables:
        return None
    tables = _merged(_likely(tables), cells)
    proposal = _Proposal(cells, file_name, partner or "partner", _collection_id(file_name, taken), tables, book)
    mend(proposal.layout, cells, file_name, tables, known)
    toml = proposal.as_toml()
    questions = toml.count("# QUESTION") + book.as_toml().count("# QUESTION")
    return Draft(toml, book.as_toml(), proposal.layout(), questions)


def layout_of_collections(
    tables: dict[str, Any], partner: str, definitions: Definitions, path: Path, file_name: str = ""
) -> Layout:
    """The layout of the collections of a TOML, of a partner or alone: of several the one whose files are called like
    the file. Raises DefinitionError, which names the TOML by its path."""
    if not isinstance(tables.get("collection"), list) or not tables["collection"]:
        raise DefinitionError(path, "holds no [[collection]]; begin with one, as `indicators draft` prints it")
    known_as = {"id": partner, "name": "Draft", "email": "draft@example.org"}
    layouts = partner_of_toml({**known_as, **tables, "id": partner}, definitions, path).layouts
    name = file_name.casefold()
    return next((one for one in layouts if any(fnmatchcase(name, p.casefold()) for p in one.files)), layouts[0])


def _likely(tables: Sequence[TableDraft]) -> list[TableDraft]:
    """The tables that hold figures: those that say area and period, and of others only what is much longer."""
    whole = [table for table in tables if not table.missing]
    longest = max((len(table.region.figures) for table in whole), default=0)
    known = [one for one in tables if len(one.missing) < 2]
    return [one for one in known if not one.missing or len(one.region.figures) > 3 * longest] or list(tables[:1])


def _is_ours(sheet: Sheet) -> bool:
    return sheet.is_ours or sheet.name.casefold() in OWN_SHEETS


def _tables_of(sheet: Sheet, known: KnownWords, book: IndicatorBook, file_name: str) -> list[TableDraft]:
    drafts: list[TableDraft] = []
    since = 0
    for region in find_regions(sheet):
        if not region.figures:
            continue
        draft = draft_table(region, known, book, file_name, since)
        since = region.last + 1 if not drafts or drafts[-1].region.last < region.first else since
        if draft is not None:
            drafts.append(draft)
    return drafts


def _merged(tables: Sequence[TableDraft], cells: Cells) -> list[TableDraft]:
    """Tables with those of other sheets that are read in the same way put together."""
    merged: list[TableDraft] = []
    for table in tables:
        alike = next((one for one in merged if _alike(one, table)), None)
        if alike is None:
            merged.append(table)
        elif table.sheets[0] not in alike.sheets:
            alike.sheets += table.sheets
            for key, texts in table.questions.items():
                for text in texts if key not in alike.questions else ():
                    alike.ask(key, text)
    for table in merged:
        names = [_sheet_pattern(name) for name in table.sheets]
        table.keys["sheet"] = _wildcard(table.sheets, cells) or (names[0] if len(names) == 1 else names)
        if cells.kind == "csv":
            del table.keys["sheet"]
    return merged


def _alike(one: TableDraft, other: TableDraft) -> bool:
    """Whether two drafts of different sheets differ in nothing but what a reader of either would not mind."""
    if one.region.sheet is other.region.sheet:
        return False
    minor = ("sheet", "blank", "blank_row", "stop", "markers", "flags")

    def kept(table: TableDraft) -> dict[str, Toml]:
        return {key: value for key, value in table.keys.items() if key not in minor}

    if kept(one) != kept(other):
        return False
    for key in minor[1:]:
        if key in other.keys:
            held, more = one.keys.get(key), other.keys[key]
            if isinstance(more, Mapping):
                more = {**(held if isinstance(held, Mapping) else {}), **more}
            elif isinstance(more, list):
                more = list(dict.fromkeys([*(held if isinstance(held, list) else []), *more]))
            one.put(key, more, other.why.get(key, ""))
    return True


def _sheet_pattern(name: str) -> str:
    """The name of a sheet as a layout writes it: what would be a wildcard stands for itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign if sign.isprintable() else "*" for sign in name)


def _wildcard(names: Sequence[str], cells: Cells) -> str:
    """The pattern of sheets that are named by years, if it takes no other; "" for none."""
    forms = {_DIGITS.sub(lambda match: "?" * len(match[0]), _sheet_pattern(name)) for name in names}
    if len(names) < 2 or len(forms) > 1 or "?" not in next(iter(forms)):
        return ""
    form = forms.pop()
    pattern = re.compile(re.escape(form).replace(r"\?", r"\d").replace(r"\[\*\]", r"\*"))
    taken = {sheet.name for sheet in cells.sheets if pattern.fullmatch(sheet.name)}
    year = form.replace("????", "20??", 1) if all(name.startswith("20") for name in names) else form
    return year if taken == set(names) else ""


def _stem(file_name: str) -> str:
    return PurePosixPath(file_name.replace("\\", "/")).stem


def _without_years(file_name: str) -> str:
    """The name of a file without its ending, years and days."""
    return re.sub(r"(?<![\dA-Za-z])(?:19|20)?\d{2,6}(?!\d)", " ", _stem(file_name).replace("-", " ").replace("_", " "))


def _collection_id(file_name: str, taken: Collection[str]) -> str:
    name = slug(clean_title(_without_years(file_name))) or "collection"
    return next(one for n in range(1, 100_000) if (one := name if n == 1 else f"{name}-{n}") not in taken)


def _file_pattern(file_name: str) -> str:
    """The pattern of the names of such files in other years."""
    name = "".join(
        f"[{sign}]" if sign in "*?[" else sign if sign.isprintable() else "?" for sign in file_name.casefold()
    )
    return re.sub(r"\*(?:[-_ ]?\*)+", "*", re.sub(r"\d+", "*", name))


@dataclass(frozen=True, eq=False)
class _Proposal:
    """All that the TOML of a collection is made from."""

    cells: Cells
    file_name: str
    partner: str
    id: str
    tables: Sequence[TableDraft]
    book: IndicatorBook

    @property
    def ignored(self) -> list[str]:
        """The sheets that no table reads."""
        if self.cells.kind == "csv":
            return []
        read = {name for table in self.tables for name in table.sheets}
        return [
            s.name for s in self.cells.sheets if s.name not in read and any(c is not None for r in s.rows for c in r)
        ]

    def layout(self) -> Layout:
        """The layout as the parser uses it, with the new indicators among its definitions."""
        tables = tomllib.loads(self.as_toml())
        return layout_of_collections(tables, self.partner, self.book.with_new(), Path("the proposal"))

    def as_toml(self) -> str:
        """The collection with a remark on what is not plain, and a question where a guess may be wrong."""
        title = clean_title(_without_years(self.file_name)) or self.id
        lines = [
            comment(
                f"Proposed by `indicators draft` from {quoted(self.file_name)}. Answer each QUESTION, then try it again"
                " with --layout."
            ),
            "[[collection]]",
            toml_assignment("id", self.id),
            toml_assignment("title", printable(title)[:120]),
            toml_assignment("files", [_file_pattern(self.file_name)]) + "  # how files of this return are called",
            "",
            "[[collection.layout]]",
        ]
        if ignored := self.ignored:
            few = len(ignored) <= 12
            lines.append(comment(f"no table of figures was read on {listed(ignored, 4)}"))
            lines.append(toml_assignment("ignore_sheets", list(map(_sheet_pattern, ignored)) if few else ["*"]))
        if self.cells.unseen:
            lines.append(comment(f"the file holds {listed(self.cells.unseen, 3)}; they are not looked into"))
            lines.append("images = true")
        for table in self.tables:
            lines += ["", *_table_lines(table)]
        return "\n".join(lines) + "\n"


_LONG_SOURCE = 110


def _table_lines(table: TableDraft) -> list[str]:
    sheets = listed(table.sheets, 3)
    region = table.region
    lines = [
        comment(
            f"{sheets}: headings in row {region.header_at + 1}, figures in rows {region.figures[0] + 1} to"
            f" {region.last + 1}"
        )
    ]
    lines += [comment(text, "QUESTION:") for text in table.questions.get("", ())]
    lines.append("[[collection.layout.table]]")
    last: list[str] = []
    for key, value in table.keys.items():
        asked = [comment(text, "QUESTION:") for text in table.questions.get(key, ())]
        name = dotted(*_split(key))
        if isinstance(value, Mapping) and len(f"{name} = {toml_value(value)}") > _LONG_SOURCE:
            last += ["", *asked, *sections(("collection", "layout", "table", *_split(key)), value)]
            continue
        why = table.why.get(key, "")
        line = toml_assignment(name, value)
        if why and "\n" not in line and len(line) + len(why) < 112:
            line = f"{line}  {comment(why)}"
        elif why:
            lines.append(comment(why))
        lines += [*asked, line]
    return lines + last


def _split(key: str) -> tuple[str, ...]:
    first, _, rest = key.partition(".")
    return (first, rest) if rest else (first,)
