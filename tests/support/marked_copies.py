"""Findings to mark, and what is in a marked-up copy."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any

from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.replies.annotation.marked_up_copy import CheckedReturn, MarkedUpCopy, mark_up
from local_indicators.schemas.findings import Finding, make_finding

NOON = datetime.fromisoformat("2010-09-01T12:00")
FOUND = (
    make_finding("value.above-maximum", sheet="Figures", cells=["E4"], found=150, expected="at most 100 %"),
    make_finding("area.unknown", sheet="Figures", cells=["A6"], found="=cmd|'/c calc'!A0", expected="a <b>name</b>"),
    make_finding("cell.blank", sheet="Figures", cells=["G7"]),
    make_finding("cell.blank", sheet="Figures", cells=["C15:C17"]),
    make_finding("area.replaced", sheet="It's hidden", cells=["A1", "'Figures'!B4"]),
    make_finding("return.empty"),
)


def marked(content: bytes, findings: tuple[Finding, ...] = FOUND, name: str = "a.xlsx") -> bytes:
    made = mark_up(content, name, [CheckedReturn("Attainment", "rejected", findings)], submission="S000007")
    assert isinstance(made, MarkedUpCopy), made
    assert made.name == "S000007-marked-up.xlsx"
    return made.content


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def cells_of(xml: bytes) -> dict[str, str]:
    found = re.findall(r'<c r="([A-Z]+\d+)"[^>]*?(?:/>|>.*?</c>)', xml.decode(), re.S)
    whole = re.findall(r'(<c r="[A-Z]+\d+"[^>]*?(?:/>|>.*?</c>))', xml.decode(), re.S)
    return dict(zip(found, whole, strict=True))


def read_cells(content: bytes) -> Cells:
    cells = read_in_child(content)
    assert isinstance(cells, Cells), cells
    return cells


def text_of(sheet: Sheet) -> str:
    return "\n".join(" | ".join(str(cell) for cell in row if cell is not None) for row in sheet.rows)


def fill_of(cell: Any) -> str:
    return str(cell.fill.fgColor.rgb) if cell.fill.fill_type == "solid" else ""
