"""Tables that no sheet shows: what a pivot table was made from, and records in custom XML. Runs only in the child
process."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from xml.parsers import expat

from local_indicators.inputs.readers.cells import Cell, Sheet
from local_indicators.inputs.readers.invisible_characters import without_invisible_characters
from local_indicators.inputs.readers.refusals import Refused, SizeBounds
from local_indicators.inputs.readers.zip_package import ZipPackage, read_part

Rows = list[list[Cell]]


class HiddenTables:
    """The tables found so far. They count towards the cells that a file may have."""

    def __init__(self, bounds: SizeBounds) -> None:
        self.sheets: list[tuple[str, Sheet]] = []
        self._left = bounds.cells

    def add(self, where: str, tables: Iterator[Rows]) -> None:
        """Note tables. Raises Refused where there are too many cells."""
        for rows in tables:
            self._left -= sum(map(len, rows))
            if self._left < 0:
                raise Refused("return.too-large", "a workbook with millions of cells behind its sheets")
            self.sheets.append((where, Sheet(where, rows)))


def _go_through(xml: bytes, start: object, end: object = None, text: object = None) -> bool:
    """Go through a part with handlers; False where it cannot be parsed or declares a document type."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text  # type: ignore[assignment]

    def refuse(*_: object) -> None:
        raise ValueError

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return True


def pivot_caches(package: ZipPackage) -> Iterator[Rows]:
    """The data behind each pivot table: its fields as headings, and its records, or the different items of each field
    where the records were not saved."""
    for name in sorted(package.parts):
        if "/pivotcache/" in name and "definition" in posixpath.basename(name) and "/_rels/" not in name:
            try:
                yield _cache(read_part(package, name), _records_part(package, name))
            except Refused:
                continue


def _records_part(package: ZipPackage, name: str) -> bytes:
    records = name.replace("definition", "records")
    return read_part(package, records) if records in package else b""


def _cache(definition: bytes, records: bytes) -> Rows:
    fields: list[str] = []
    items: list[list[Cell]] = []
    within = [False]

    def start(tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "cacheField":
            fields.append(given.get("name", ""))
            items.append([])
        elif name == "sharedItems":
            within[0] = True
        elif within[0] and fields and len(name) == 1:
            items[-1].append(_item(name, given.get("v", "")))

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "sharedItems":
            within[0] = False

    _go_through(definition, start, end)
    rows: Rows = [list(fields)]
    rows += list(_recorded(records, items)) if records else _beside(items)
    return rows


def _recorded(records: bytes, items: Sequence[Sequence[Cell]]) -> Iterator[list[Cell]]:
    rows: Rows = []

    def start(tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "r":
            rows.append([])
        elif rows and name == "x" and len(rows[-1]) < len(items):
            held, number = items[len(rows[-1])], given.get("v", "")
            rows[-1].append(held[int(number)] if number.isdigit() and int(number[:9]) < len(held) else None)
        elif rows and len(name) == 1:
            rows[-1].append(_item(name, given.get("v", "")))

    _go_through(records, start)
    yield from rows
    yield []
    yield from _beside(items)  # an item may be kept that no record has any more


def _beside(items: Sequence[Sequence[Cell]]) -> Iterator[list[Cell]]:
    for number in range(max(map(len, items), default=0)):
        yield [held[number] if number < len(held) else None for held in items]


def _item(kind: str, value: str) -> Cell:
    if kind == "m" or not value:
        return None
    if kind == "n":
        try:
            return float(value)
        except ValueError:
            return value
    return without_invisible_characters(value[:10] if kind == "d" else value)


def records_in_xml(xml: bytes) -> Iterator[Rows]:
    """The records of an XML text as tables: each kind of element that holds leaves or attributes is one table, with
    their names as headings. A text that cannot be parsed is one column of words."""
    work = _Records()
    if not _go_through(xml, work.start, work.end, work.text):
        lines = xml.decode("utf-8", "replace").replace("<", "\n").replace(">", "\n").splitlines()
        yield [[without_invisible_characters(line.strip())] for line in lines if line.strip()]
        return
    for held in work.tables.values():
        names = list(dict.fromkeys(name for record in held for name in record))
        rows: Rows = [list(names)]
        rows += [[record.get(name) for name in names] for record in held]
        yield rows


class _Records:
    """The elements that are open: each with its name, its own text, and what its leaves say."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, str]]] = {}
        self.open: list[tuple[str, list[str], dict[str, str]]] = []

    def start(self, tag: str, given: dict[str, str]) -> None:
        says = {
            key.rpartition(":")[2]: without_invisible_characters(value)
            for key, value in given.items()
            if not key.startswith("xmlns")
        }
        self.open.append((tag.rpartition(":")[2], [], says))

    def text(self, text: str) -> None:
        self.open[-1][1].append(text)

    def end(self, _: str) -> None:
        name, said, says = self.open.pop()
        text = without_invisible_characters("".join(said)).strip()
        if not says and self.open:
            if text:
                self.open[-1][2].setdefault(name, text)
            return
        if text:
            says.setdefault(name, text)
        if says:
            self.tables.setdefault(name, []).append(says)
