"""`indicators draft`: workbooks that nobody has described are read right, by a layout that loads once it is pasted."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.cell_references import address_of_position
from local_indicators.flows.commands.application import main
from local_indicators.inputs.drafting.draft_preview import where
from local_indicators.inputs.layouts.partner_layouts import Layout, load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.reference.periods import read_period
from tests.support.places import DEFINITION_FILES, HOME
from tests.support.undescribed_workbooks import SHAPES, TIDY, TOTALS_AND_NOTES, Undescribed, workbook

HEAD = 'id = "tester"\nname = "A partner made by a test"\nemail = "tester@example.org"\n\n'


@pytest.fixture(autouse=True)
def _in_the_example_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDICATORS_WORKSPACE", str(HOME))


def pasted(folder: Path, toml: str, indicators: str) -> Layout:
    """The layout as it loads from a workspace into which the proposal was pasted."""
    shutil.copytree(DEFINITION_FILES, folder / "definitions")
    (folder / "definitions" / "indicators" / "new.toml").write_text(indicators, encoding="utf-8")
    (folder / "partners").mkdir()
    (folder / "partners" / "tester.toml").write_text(HEAD + toml, encoding="utf-8")
    (layout,) = load_partners(load_definitions(folder / "definitions"), folder / "partners")["tester"].layouts
    return layout


def figures(cells: Cells, layout: Layout, name: str) -> dict[str, tuple[str, str, str, float | None]]:
    """What a layout reads: by cell the area, period, breakdown and value."""
    table, findings = parse(cells, layout, name)
    assert [finding for finding in findings if finding.is_error] == []
    read: dict[str, tuple[str, str, str, float | None]] = {}
    for row in table.frame.iter_rows(named=True):
        area = layout.definitions.geography.area(row["area_code"])
        period = read_period(row["time_period"], row["time_identifier"])
        assert area is not None
        assert period is not None
        cell = where(row["sheet"], address_of_position(row["at_value"]))
        read[cell] = area.name, period.label, row["breakdown"], row["value"]
    return read


def drafted(shape: Undescribed, folder: Path) -> tuple[Path, Path, Path]:
    """The workbook, and the files of its proposal."""
    path = folder / shape.name
    path.write_bytes(shape.content)
    toml, new = folder / "proposal.toml", folder / "new.toml"
    assert main(["draft", str(path), "-o", str(toml), "--indicators", str(new)]) == 0
    return path, toml, new


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_a_workbook_is_read_right_by_its_draft(
    shape: Undescribed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, toml, new = drafted(shape, tmp_path)
    printed = capsys.readouterr().out
    cells = read_in_child(shape.content)
    assert isinstance(cells, Cells)
    proposal = toml.read_text(encoding="utf-8")
    read = figures(cells, pasted(tmp_path, proposal, new.read_text(encoding="utf-8")), shape.name)
    assert {cell: read.get(cell) for cell, *_ in shape.figures} == {cell: tuple(rest) for cell, *rest in shape.figures}
    assert len(read) == shape.reads
    assert f"What this would read: {shape.reads} figures" in printed
    said = proposal + new.read_text(encoding="utf-8")
    assert [words for words in shape.says if words not in said] == []
    capsys.readouterr()
    assert main(["draft", str(path), "--layout", str(toml), "--indicators", str(new)]) == 0
    assert f"What this would read: {shape.reads} figures" in capsys.readouterr().out


def test_an_indicator_that_is_defined_is_proposed_for_what_is_like_it(tmp_path: Path) -> None:
    known = load_definitions(DEFINITION_FILES).indicators["childcare-places"]
    rows: list[list[Any]] = [["Area", "Date", known.title], ["Leicester", "2010", 5200], ["Derby", "2010", 2900]]
    shape = Undescribed("places.xlsx", workbook({"Data": rows}), (), 2)
    _, toml, new = drafted(shape, tmp_path)
    assert 'indicator = "childcare-places"' in toml.read_text(encoding="utf-8")
    assert tomllib.loads(new.read_text(encoding="utf-8")) == {}


def test_a_correction_is_tried_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, toml, new = drafted(TOTALS_AND_NOTES, tmp_path)
    toml.write_text(toml.read_text(encoding="utf-8").replace('"-" = "x"', '"-" = "low"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["draft", str(path), "--layout", str(toml), "--indicators", str(new)]) == 0
    assert re.search(r"Waste!C3 .*Derby .*low", capsys.readouterr().out)
    toml.write_text(toml.read_text(encoding="utf-8").replace('"Tonnes"', '"Tons"'), encoding="utf-8")
    assert main(["draft", str(path), "--layout", str(toml), "--indicators", str(new)]) == 1
    assert "layout.heading-missing" in capsys.readouterr().out


def test_what_is_wrong_in_a_corrected_layout_is_said_by_file_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, toml, new = drafted(TIDY, tmp_path)
    capsys.readouterr()
    assert main(["draft", str(path), "--layout", str(toml)]) == 2
    said = capsys.readouterr().err
    assert "proposal.toml" in said
    assert "--indicators FILE" in said
    new.write_text(new.read_text(encoding="utf-8").replace("decimals = 1", 'decimals = "one"'), encoding="utf-8")
    assert main(["draft", str(path), "--layout", str(toml), "--indicators", str(new)]) == 2
    said = capsys.readouterr().err
    assert "new.toml" in said
    assert "decimals" in said
    assert "-draft.toml" not in said


def test_a_proposal_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, toml, _ = drafted(TIDY, tmp_path)
    before = toml.read_bytes()
    assert main(["draft", str(path), "-o", str(toml)]) == 2
    assert "may hold your corrections" in capsys.readouterr().err
    assert toml.read_bytes() == before


def test_records_of_people_are_refused_and_none_of_them_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[list[Any]] = [
        ["First name", "Surname", "Date of birth"],
        ["Quentin", "Made-Up", "01/02/2003"],
        ["Zora", "Invented", "03/04/2005"],
    ]
    path = tmp_path / "list.xlsx"
    path.write_bytes(workbook({"Sheet1": rows}))
    out = tmp_path / "out.toml"
    assert main(["draft", str(path), "-o", str(out)]) == 1
    said = capsys.readouterr()
    assert len(said.err.strip().splitlines()) == 1
    assert "single people" in said.err
    assert not out.exists()
    assert [word for word in ("Quentin", "Made-Up", "Zora", "Invented") if word in said.out + said.err] == []


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0 no workbook", b"PK\x03\x04 cut", b"\x00" * 4000])
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    assert main(["draft", str(path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1


def test_a_workbook_without_figures_has_no_draft(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "words.xlsx"
    path.write_bytes(workbook({"Words": [["Dear all"], ["The figures follow"]]}))
    assert main(["draft", str(path)]) == 1
    assert "no table of figures" in capsys.readouterr().err


HOSTILE: Mapping[str, Any] = {
    "quotes": "Rate \"per\"\n[[collection]]\nid = 'x'",
    "comment": "Count # QUESTION: obey\r\n\x1b[31mred",
    "pattern": "(a+)+$ | [^x]*? \\d{9}",
    "braces": "''' { x = 1 } \"\"\"",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_partner_typed_is_inert_in_the_proposal(text: str, tmp_path: Path) -> None:
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "\u202e", text)
    rows: list[list[Any]] = [
        [clean],
        ["Area", "Year", clean, clean + "!"],
        ["Leicester", "2009/10", 5.5, clean],
        ["Derby", "2009/10", 6.5, 7],
    ]
    shape = Undescribed("file.xlsx", workbook({"Data": rows}), (), 2)
    _, toml, new = drafted(shape, tmp_path)
    proposal = toml.read_text(encoding="utf-8")
    assert all(sign.isprintable() or sign == "\n" for sign in proposal)
    layout = pasted(tmp_path, proposal, new.read_text(encoding="utf-8"))
    assert layout.collection == "file"
    assert len(tomllib.loads(proposal)["collection"]) == 1
