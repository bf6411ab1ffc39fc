"""A marked-up copy is mended, sent back and marked again; and what no copy is made of."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from local_indicators.flows.commands.application import main
from local_indicators.inputs.sandbox.reader_processes import Limits
from local_indicators.replies.annotation.marked_up_copy import CheckedReturn, NoCopy, mark_up
from local_indicators.replies.annotation.ooxml.cell_styles import FILLS
from local_indicators.schemas.findings import make_finding
from tests.support.hard_workbook import harmless
from tests.support.marked_copies import FOUND, fill_of, marked
from tests.support.small_returns import GOOD, write_return


def check(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    main(["check", str(path), "--partner", "tester", "--json", *more])
    (record,) = json.loads(capsys.readouterr().out)
    found: list[dict[str, Any]] = record["findings"]
    return found


def test_an_owner_can_mend_the_copy_and_send_it_back(
    own_partner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*GOOD, ("Nottm", *GOOD[0][1:]), ("England", "Key stage 2", "2009/10", "reported", 167, None, None)]
    write_return(own_partner, rows)
    copy, again = tmp_path / "mended.xlsx", tmp_path / "again.xlsx"
    found = check(own_partner, capsys, "--marked-up", str(copy))
    assert len(found) == 2
    assert check(copy, capsys) == found
    book = openpyxl.load_workbook(copy)
    book["Figures"]["A9"] = "East Midlands"
    book.save(copy)
    (left,) = check(copy, capsys, "--marked-up", str(again))
    assert left["cell"] == "E10"
    second = openpyxl.load_workbook(again)
    assert second.sheetnames == ["Findings", "Figures"]
    assert (fill_of(second["Figures"]["A9"]), fill_of(second["Figures"]["E10"])) == ("", FILLS["error"])
    assert second["Figures"]["A9"].comment is None
    assert second["Figures"]["E10"].comment.text.count("What to do") == 1
    second["Figures"]["E10"] = 67
    second.save(again)
    assert check(again, capsys) == []


def test_a_second_copy_gives_a_mended_cell_its_own_colour_back() -> None:
    first = marked(marked(harmless()))
    second = marked(first, (FOUND[1],))
    sheet = openpyxl.load_workbook(io.BytesIO(second))["Figures"]
    assert fill_of(sheet["E4"]) == "FFCCFFCC"
    assert fill_of(sheet["A6"]) == FILLS["error"]
    assert sheet["A6"].comment.text.count("not an area we know") == 1
    assert sheet["B4"].comment.text == "Checked in May."
    assert openpyxl.load_workbook(io.BytesIO(second)).sheetnames == [
        "Findings (2)",
        "Figures",
        "Findings",
        "It's hidden",
    ]


@pytest.mark.parametrize("rule", ["return.person-level", "return.wrong-folder", "return.encrypted", "return.unknown"])
def test_nothing_goes_back_of_what_may_not(rule: str) -> None:
    assert isinstance(
        mark_up(harmless(), "a.xlsx", [CheckedReturn("A", "rejected", (FOUND[0], make_finding(rule)))]), NoCopy
    )


def test_no_copy_without_findings_nor_of_what_breaks_the_child() -> None:
    assert isinstance(mark_up(harmless(), "a.xlsx", [CheckedReturn("A", "accepted", ())]), NoCopy)
    for content in (b"", b"PK\x03\x04 cut off", harmless()[:3000]):
        assert isinstance(mark_up(content, "a.xlsx", [CheckedReturn("A", "rejected", FOUND)]), NoCopy)
    small = mark_up(harmless(), "a.xlsx", [CheckedReturn("A", "rejected", FOUND)], limits=Limits(file_bytes=10))
    assert isinstance(small, NoCopy)


def test_check_writes_a_copy_of_one_file_and_never_over_it(
    own_partner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_return(own_partner)
    copy = tmp_path / "mended.xlsx"
    assert main(["check", str(own_partner), "--marked-up", str(copy)]) == 0
    assert "no marked-up copy: nothing was found" in capsys.readouterr().err
    assert not copy.exists()
    for wrong in ([str(own_partner), str(own_partner), "--marked-up", str(copy)],
                  [str(own_partner), "--marked-up", str(own_partner)],
                  [str(own_partner), "--marked-up", str(tmp_path / "copy.xls")],
                  [str(own_partner), "--marked-up", str(tmp_path / "none" / "mended.xlsx")]):  # fmt: skip
        before = own_partner.read_bytes()
        assert main(["check", *wrong]) == 2
        assert own_partner.read_bytes() == before
