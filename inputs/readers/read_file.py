"""From bytes to cells: what a file is, told by its content whatever its name says, and its sheets read whole.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.readers.delimited_text import decode_text, read_delimited
from local_indicators.inputs.readers.encryption import ENCRYPTED, unlocked_package
from local_indicators.inputs.readers.excel.xls_workbook import (
    OLE,
    CompoundFile,
    open_ole_workbook,
    read_stream,
    read_xls,
)
from local_indicators.inputs.readers.excel.xlsb_workbook import read_xlsb
from local_indicators.inputs.readers.excel.xlsx_workbook import main_part_path, read_xlsx
from local_indicators.inputs.readers.hidden_content.excel_parts import find_hidden_content
from local_indicators.inputs.readers.hidden_content.ods_texts import ods_texts
from local_indicators.inputs.readers.hidden_content.unsearchable_parts import unsearchable_parts
from local_indicators.inputs.readers.last_modified import PARTS as DATED
from local_indicators.inputs.readers.last_modified import (
    SUMMARY,
    modified_in_flat_ods,
    modified_in_part,
    modified_in_summary,
)
from local_indicators.inputs.readers.open_document.ods_workbook import read_ods, read_ods_content
from local_indicators.inputs.readers.refusals import (
    SAVE_AS,
    SEND_AGAIN,
    Refused,
    SizeBounds,
    refuse_damaged,
    refuse_encrypted,
    refuse_old,
    refuse_other,
    refuse_rights_managed,
)
from local_indicators.inputs.readers.size_limits import refuse_too_long_texts
from local_indicators.inputs.readers.stamp_properties import PARTS, stamp_properties
from local_indicators.inputs.readers.zip_package import ZipPackage, open_package, read_part, refuse_doctypes

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PROTECTED = b".pfile"
"""What the file begins with that a label with protection makes of a csv file or of any other that is not Office's."""
BEFORE_OLE = (b"\x09\x00\x04\x00", b"\x09\x00\x06\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich text document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"BM", "a picture"),
    (b"RIFF", "a picture or recording"),
    (b"SQLite format 3\0", "a database"),
    (b"\0\x01\0\0Standard ", "an Access database"),
    (b"PAR1", "a Parquet file"),
    (b"$FL2", "an SPSS file"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\0\0\x1a\0", "a Lotus 1-2-3 workbook"),
    (b"\0\0\x02\0", "a Lotus 1-2-3 workbook"),
)
ARCHIVES = (
    (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"Rar!", "RAR"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "Zstandard"),
)  # fmt: skip
BY_TABLE = "Copy the table into the template (or an Excel workbook) and send that."


def read_file(content: bytes, bounds: SizeBounds | None = None) -> Cells:
    """Tell by content what a file is, and read it. Raises Refused."""
    return refuse_too_long_texts(_read(content, bounds or SizeBounds()))


def _read(content: bytes, bounds: SizeBounds) -> Cells:
    if not content.strip(b"\0\r\n\t \xef\xbb\xbf"):
        said = "a file with nothing in it" if content else "an empty file (0 bytes)"
        raise Refused("return.unreadable", said, SEND_AGAIN)
    if content.startswith(ZIP):
        return _read_zip(content, bounds)
    if content.startswith(OLE):
        compound = open_ole_workbook(content)
        if ENCRYPTED in compound.entries:
            return _read_zip(unlocked_package(content), bounds)
        return replace(read_xls(content, compound, bounds), properties=_summary(compound))
    if content.startswith(BEFORE_OLE):
        refuse_old("a workbook of Excel 4 or older")
    if content.startswith(PROTECTED):
        refuse_rights_managed()
    _refuse_other(content)
    text = decode_text(content)
    if flat := _told_by_words(text):
        return replace(read_ods_content(flat.encode(), bounds), properties=modified_in_flat_ods(flat))
    return read_delimited(text, bounds)


def _refuse_other(content: bytes) -> None:
    for start, name in ARCHIVES:
        if content.startswith(start):
            raise Refused("return.zipped", f"an archive ({name})")
    for start, name in OTHERS:
        printable = start in (b"BM", b"MZ", b"RIFF", b"PAR1", b"GIF8", b"$FL2", b"%PDF", b"{\\rtf")
        if content.startswith(start) and (not printable or start[:1] in b"%{" or b"\0" in content[:64]):
            refuse_other(name, BY_TABLE)


def _told_by_words(text: str) -> str:
    """What looks like a text table and is none; the text itself where it is a flat OpenDocument workbook, blank where
    it is a table. Raises Refused."""
    start = text[:4096].lstrip("\ufeff \r\n\t")
    lower = start.lower()
    if re.match(r"(mime-version:|from: <saved by|content-type: *multipart/related)", lower):
        raise Refused("return.web-page", "a web archive (MHTML)")
    if lower.startswith(("<!doctype html", "<html", "<table", "<head", "<body", "<meta")) or "<html" in lower[:1024]:
        raise Refused("return.web-page", "a web page (HTML)")
    if lower.startswith("<"):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            refuse_old("a workbook in the XML format of Excel 2003")
        if "urn:oasis:names:tc:opendocument:xmlns:office:1.0" in start:
            return re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text, count=1)
        if re.match(r"<\?xml|<!--|<[a-z][\w:.-]*(\s+[\w:.-]+=|\s*/?>)", lower):
            refuse_other("an XML file", SAVE_AS)
    if start.startswith("ID;P"):
        refuse_old("a workbook in the SYLK format")
    if re.match(r"[\[{]\s*(\"|[\[{])", start):
        refuse_other("a JSON file")
    return ""


def _read_zip(content: bytes, bounds: SizeBounds) -> Cells:
    package = open_package(content, bounds)
    cells = _read_package(content, package, bounds)
    if cells.kind == "ods":
        cells = replace(cells, elsewhere=ods_texts(package))
    else:
        texts, tables = find_hidden_content(package, main_part_path(package), cells, bounds)
        cells = replace(cells, elsewhere=texts, behind=tables)
    return replace(cells, properties=_properties(package), unseen=unsearchable_parts(package))


def _properties(package: ZipPackage) -> dict[str, str]:
    """The stamp of a template, and when the workbook was last saved."""
    found: dict[str, str] = {}
    for name in PARTS:
        if name in package:
            found |= stamp_properties(name, read_part(package, name))
    for name in DATED:
        with contextlib.suppress(Refused):  # nobody needs it to read the figures
            found |= modified_in_part(name, read_part(package, name)) if name in package else {}
    return found


def _summary(compound: CompoundFile) -> dict[str, str]:
    """When an old workbook was last saved; nothing where what says it is damaged, for nobody needs it to read it."""
    try:
        return modified_in_summary(read_stream(compound, SUMMARY)) if SUMMARY in compound.entries else {}
    except Refused:
        return {}


def _read_package(content: bytes, package: ZipPackage, bounds: SizeBounds) -> Cells:
    main = main_part_path(package)
    if main.endswith(".bin"):
        refuse_doctypes(package)
        return read_xlsb(content, package, main, bounds)
    if main.startswith("word/") or (not main and any(name.startswith("word/") for name in package.parts)):
        refuse_other("a Word document", f"{BY_TABLE} Renaming a Word document does not make it a workbook.")
    if main.startswith("ppt/") or (not main and any(name.startswith("ppt/") for name in package.parts)):
        refuse_other("a PowerPoint presentation", BY_TABLE)
    if main:
        refuse_doctypes(package)
        return read_xlsx(content, package, main, bounds)
    if "content.xml" in package:
        kind = read_part(package, "mimetype") if "mimetype" in package else b"opendocument.spreadsheet"
        if b"opendocument.spreadsheet" not in kind:
            refuse_other("an OpenDocument file that is no spreadsheet", BY_TABLE)
        return read_ods(package, bounds)
    return _refuse_archive(package)


def _refuse_archive(package: ZipPackage) -> Cells:
    """A zip file that is no workbook: of Numbers, of a workbook that lost its main part, or of other files."""
    names = list(package.parts)
    if any(name.endswith(".iwa") or name == "index.apxl" for name in names):
        refuse_other("a workbook of Apple's Numbers", "In Numbers choose File, Export To, Excel, and send that file.")
    if any(name.startswith("xl/") for name in names) or "[content_types].xml" in package:
        refuse_damaged("a workbook of which the main part is missing")
    if any(info.flag_bits & 1 for info in package.parts.values()):
        refuse_encrypted("a zip file that opens only with a password")
    held = ", ".join(info.filename for info in list(package.parts.values())[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    raise Refused("return.zipped", f"a zip file that holds {held or 'nothing'}{more}")
