"""Locked files: what Excel opens without asking is read, and any other is refused for its true reason."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from local_indicators.inputs.readers.cells import Cells, ErrorValue
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.schemas.findings import Finding
from tests.support.encrypted_workbooks import Lock, agile, exclusive_or, locked_xls, rc4, rc4_of_2003, standard
from tests.support.raw_workbooks import PACKAGE, compound, record, xls, xlsx

EXCELS = "VelvetSweatshop"
ROWS = '<row r="1"><c r="A1" t="inlineStr"><is><t>Nottingham</t></is></c><c r="B1"><v>54.1</v></c></row>'
FIGURES = b"".join(record(0x0203, struct.pack("<HHHd", row, row % 3, 0, row + 0.5)) for row in range(400))


NOISE = {"docProps/noise.bin": b"".join(sha256(bytes([n])).digest() for n in range(256))}
"""What makes a workbook as large as Excel's are: the library that encrypts here spoils those of less than 4096 bytes."""
FIGURES_XLSX = xlsx(ROWS, more=NOISE)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one


@pytest.mark.parametrize("lock", [agile, standard])
def test_an_xlsx_that_excel_opens_without_asking_is_read(lock: Callable[[bytes, str], bytes], reader: Reader) -> None:
    cells = reader.read(lock(FIGURES_XLSX, EXCELS))
    assert isinstance(cells, Cells), cells
    assert (cells.kind, cells.sheets[0].rows) == ("xlsx", [["Nottingham", 54.1]])


@pytest.mark.parametrize(
    "how", [rc4(EXCELS), rc4_of_2003(EXCELS), exclusive_or(EXCELS, 0x9A0A)], ids=["97", "2003", "95"]
)
def test_an_xls_that_excel_opens_without_asking_is_read_to_its_last_cell(
    how: tuple[bytes, Lock], reader: Reader
) -> None:
    locked, clear = reader.read(locked_xls(FIGURES, how)), reader.read(xls(FIGURES))
    assert isinstance(clear, Cells)
    assert clear.sheets[0].cell(399, 0) == 399.5
    assert locked == clear


@pytest.mark.parametrize(
    "content",
    [
        agile(FIGURES_XLSX, "another"),
        standard(FIGURES_XLSX, "another"),
        locked_xls(FIGURES, rc4("another")),
        locked_xls(FIGURES, rc4_of_2003("another")),
        locked_xls(FIGURES, exclusive_or("another", 0x1111)),
        agile(FIGURES_XLSX, EXCELS).replace(b'spinCount="1000"', b'spinCount="9999999"'),
        locked_xls(FIGURES, (b"\1\0\4\0\2\0", bytes)),
        compound({"EncryptedPackage": b"x", "EncryptionInfo": struct.pack("<HHI", 4, 4, 64) + b"<encryption/>"}),
        compound({"EncryptedPackage": b"x", "EncryptionInfo": struct.pack("<HHI", 4, 3, 0)}),
    ],
)
def test_what_opens_with_another_password_is_refused(content: bytes, reader: Reader) -> None:
    found = reader.read(content)
    assert isinstance(found, Finding)
    assert (found.rule, found.found) == ("return.encrypted", "a workbook that opens only with a password")


def test_bounds_hold_for_what_was_decrypted() -> None:
    with Reader(Limits(cells=10)) as small:
        wide = '<row r="1"><c r="Z1"><v>1</v></c></row>'
        for content in (agile(xlsx(wide, more=NOISE), EXCELS), locked_xls(FIGURES, rc4(EXCELS))):
            found = small.read(content)
            assert isinstance(found, Finding)
            assert found.rule == "return.too-large"


SPACES = "DRMEncryptedDataSpace".encode("utf-16-le")


@pytest.mark.parametrize(
    "content",
    [
        compound({"EncryptedPackage": b"x", "\6DataSpaces": SPACES}),
        compound({"EncryptedPackage": b"x", "\6DataSpaces": SPACES})[:-600],
        compound({"Workbook": b"only a notice", "\x09DRMContent": b"x"}),
        b".pfile\2\0\0\0",
    ],
    ids=["today", "cut off", "xls", "csv"],
)
def test_a_label_that_locks_is_no_password(content: bytes, reader: Reader) -> None:
    found = reader.read(content)
    assert isinstance(found, Finding)
    assert found.rule == "return.rights-managed"
    assert "sensitivity label" in found.found
    assert "password" not in f"{found.found} {found.says} {found.fix}".casefold()


def test_a_label_that_locks_nothing_is_nothing(reader: Reader) -> None:
    labels = {
        "docMetadata/LabelInfo.xml": '<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"/>',
        "docProps/custom.xml": '<Properties><property name="MSIP_Label_0_Enabled"><lpwstr>true</lpwstr></property></Properties>',
    }
    cells = reader.read(xlsx(ROWS, more=labels))
    assert isinstance(cells, Cells)
    assert cells.sheets[0].cell(0, 1) == 54.1


# -- what stands behind #VALUE!

RELATIONS = f'<Relationships xmlns="{PACKAGE}">%s</Relationships>'
TYPES = "http://schemas.microsoft.com/office/2017/06/relationships"


def with_rich_value(structure: str, values: str) -> bytes:
    """A workbook whose A1 shows what this rich value says."""
    kinds = {
        "worksheets/sheet1.xml": ("r0", "worksheet"),
        "metadata.xml": ("m", "sheetMetadata"),
        "richData/rdrichvalue.xml": ("v", "rdRichValue"),
        "richData/rdrichvaluestructure.xml": ("s", "rdRichValueStructure"),
    }
    links = "".join(
        f'<Relationship Id="{i}" Type="{TYPES}/{kind}" Target="{path}"/>' for path, (i, kind) in kinds.items()
    )
    more = {
        "xl/_rels/workbook.xml.rels": RELATIONS % links,
        "xl/metadata.xml": '<metadata xmlns:xlrd="x"><metadataTypes><metadataType name="XLDAPR"/><metadataType name="XLRICHVALUE"/>'
        '</metadataTypes><futureMetadata name="XLDAPR"><bk/></futureMetadata><futureMetadata name="XLRICHVALUE"><bk><extLst><ext>'
        '<xlrd:rvb i="1"/></ext></extLst></bk></futureMetadata><valueMetadata><bk><rc t="2" v="0"/></bk></valueMetadata></metadata>',
        "xl/richData/rdrichvalue.xml": f'<rvData><rv s="0"><v>x</v></rv><rv s="1">{values}</rv></rvData>',
        "xl/richData/rdrichvaluestructure.xml": f'<rvStructures><s t="other"/>{structure}</rvStructures>',
    }  # fmt: skip
    return xlsx('<row r="1"><c r="A1" t="e" vm="1"><v>#VALUE!</v></c></row>', more=more)


ENTITY = '<s t="_linkedentity2"><k n="%EntityId" t="s"/><k n="_DisplayString" t="s"/></s>'
RICH = [
    (ENTITY, "<v>e1</v><v>Nottingham</v>", "Nottingham (one of Excel's linked data types, such as Geography or Stocks)", "cell.data-type"),
    ('<s t="_localImage"><k n="_rvRel:LocalImageIdentifier" t="i"/></s>', "<v>0</v>", "a picture in the cell", "cell.data-type"),
    ('<s t="_error"><k n="errorType" t="i"/></s>', "<v>8</v>", "#VALUE!", "cell.error-value"),
]  # fmt: skip


@pytest.mark.parametrize(("structure", "values", "text", "rule"), RICH)
def test_a_rich_value_is_told_by_its_own_name(
    structure: str, values: str, text: str, rule: str, reader: Reader
) -> None:
    cells = reader.read(with_rich_value(structure, values))
    assert isinstance(cells, Cells), cells
    assert cells.sheets[0].cell(0, 0) == ErrorValue(text, rule)
