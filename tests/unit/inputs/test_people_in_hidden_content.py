"""People where nobody looks: what the child process hands over of a workbook beside its cells, and what is made of it."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from local_indicators.inputs.personal_data import refuse_person_level_data
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.replies.annotation.annotated_workbook import annotate_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PLACES = ("comment", "title", "keywords", "header", "name", "choices", "sheet", "cache", "xml", "box", "thread", "left")


def workbook(place: str, says: str) -> bytes:
    """A workbook of totals that says something in one place."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    for row in (("Area", "Pupils"), ("Nottingham", 3000)):
        sheet.append(row)
    book.properties.creator = "Jane Smith"
    if place == "comment":
        sheet["B2"].comment = Comment(says, "Jane Smith")
    elif place in ("title", "keywords"):
        setattr(book.properties, place, says)
    elif place == "header":
        sheet.oddHeader.center.text = says
    elif place == "name":
        book.defined_names["X"] = DefinedName("X", attr_text=f'"{says}"', comment=says)
    elif place == "choices":
        sheet.add_data_validation(DataValidation("list", formula1=f'"{says}"', prompt=says, sqref="B2"))
    elif place == "sheet":
        book.create_sheet(says[:31].replace("/", "."))
    whole = io.BytesIO()
    book.save(whole)
    return with_parts(whole.getvalue(), parts_of(place, says))


def parts_of(place: str, says: str) -> dict[str, str]:
    return {
        "cache": {
            "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition xmlns="{MAIN}"><cacheFields><cacheField name="Notes">'
            f'<sharedItems><s v="{says}"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>'
        },
        "xml": {"customXml/item1.xml": f"<log><entry><what>{says}</what><n>1</n></entry></log>"},
        "box": {
            "xl/drawings/drawing9.xml": f'<d xmlns:a="x"><a:p><a:t>{says[:3]}</a:t><a:t>{says[3:]}</a:t></a:p></d>'
        },
        "thread": {
            "xl/threadedComments/threadedComment1.xml": f'<T><threadedComment ref="B2"><text>{says}</text></threadedComment></T>'
        },
        "left": {
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>Area</t></si><si><t>Pupils</t></si><si><t>Nottingham</t></si><si><t>{says}</t></si></sst>'
        },
    }.get(place, {})


def with_parts(content: bytes, new: dict[str, str]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, held in {**parts, **new}.items():
            archive.writestr(name, held)
    return whole.getvalue()


@pytest.mark.parametrize("place", PLACES)
def test_somebody_is_found_wherever_a_workbook_speaks_of_them(place: str) -> None:
    for says in ("Tom Brown dob 12/3/07", "UPN A123456789012 999 000 0050"):
        cells = read_in_child(workbook(place, says))
        assert isinstance(cells, Cells)
        found = refuse_person_level_data(cells)
        assert found is not None
        assert "Tom" not in found.found
        assert "999" not in found.found


@pytest.mark.parametrize("place", PLACES)
def test_what_is_ordinary_there_is_let_through(place: str) -> None:
    cells = read_in_child(workbook(place, "Primary absence 2009/10"))
    assert isinstance(cells, Cells)
    assert refuse_person_level_data(cells) is None


def test_pictures_are_told_of_and_left_out_of_a_copy_unless_the_layout_allows_them() -> None:
    from openpyxl.drawing.image import Image

    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
    )
    book = openpyxl.load_workbook(io.BytesIO(workbook("", "")))
    try:
        book["Figures"].add_image(Image(io.BytesIO(png)), "D4")
    except ImportError:
        pytest.skip("openpyxl needs Pillow to put a picture into a workbook")
    whole = io.BytesIO()
    book.save(whole)
    cells = read_in_child(whole.getvalue())
    assert isinstance(cells, Cells)
    assert cells.unseen == ("1 picture",)
    for images in (False, True):
        with zipfile.ZipFile(io.BytesIO(annotate_workbook(whole.getvalue(), [], [], images=images))) as copy:
            assert any("media/" in name for name in copy.namelist()) is images
