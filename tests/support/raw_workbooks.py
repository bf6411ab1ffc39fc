"""Small workbooks that tests write byte by byte: of the kinds that no library here can write, and broken ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of parts by path."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return whole.getvalue()


def links(kinds: Mapping[str, str], office: str = OFFICE) -> str:
    """Relations r0, r1 and so on: kinds by target."""
    inside = "".join(
        f'<Relationship Id="r{number}" Type="{office}/{kind}" Target="{target}"/>'
        for number, (target, kind) in enumerate(kinds.items())
    )
    return f'<Relationships xmlns="{PACKAGE}">{inside}</Relationships>'


def xlsx(
    data: str,
    *,
    before: str = "",
    after: str = "",
    book: str = "",
    strict: bool = False,
    prefix: str = "",
    encoding: str = "utf-8",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook of one sheet called Figures with this XML for its sheetData; styles 1 and 2 are a date and a share."""
    main, office = (STRICT, STRICT_OFFICE) if strict else (MAIN, OFFICE)
    p, space = (f"{prefix}:", f"xmlns:{prefix}") if prefix else ("", "xmlns")
    sheet = f'<{p}worksheet {space}="{main}">{before}<{p}sheetData>{data}</{p}sheetData>{after}</{p}worksheet>'
    formats = "".join(f'<{p}xf numFmtId="{number}"/>' for number in (0, 14, 10))
    parts: dict[str, str | bytes] = {
        "_rels/.rels": links({"xl/workbook.xml": "officeDocument"}, office),
        "xl/_rels/workbook.xml.rels": links({"worksheets/sheet1.xml": "worksheet", "styles.xml": "styles"}, office),
        "xl/workbook.xml": f'<{p}workbook {space}="{main}" xmlns:r="{office}">{book}<{p}sheets>'
        f'<{p}sheet name="Figures" sheetId="1" r:id="r0"/></{p}sheets></{p}workbook>',
        "xl/styles.xml": f'<{p}styleSheet {space}="{main}"><{p}cellXfs count="3">{formats}</{p}cellXfs></{p}styleSheet>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    named = f'<?xml version="1.0" encoding="{encoding.upper()}"?>'
    encoded = {name: (named + text).encode(encoding) if isinstance(text, str) else text for name, text in parts.items()}
    return zipped({**encoded, **(more or {})})


ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style", "draw", "number", "config")
).replace("draw:1.0", "drawing:1.0").replace("number:1.0", "datastyle:1.0")  # fmt: skip


def ods(
    rows: str,
    *,
    head: str = "",
    style: str = "",
    styles: str = "",
    common: str = "",
    hide_zeros: bool = False,
    mimetype: bool = True,
    manifest: str = "",
) -> bytes:
    """An OpenDocument workbook of one sheet called Figures; `styles` are its own, `common` those of its other part."""
    parts: dict[str, str | bytes] = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"} if mimetype else {}
    parts["content.xml"] = (
        f'<office:document-content {ODF} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f'<office:automatic-styles><style:style style:name="ta1" style:family="table"><style:table-properties {style}/>'
        f"</style:style>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="Figures" table:style-name="ta1">{head}{rows}</table:table>'
        f"</office:spreadsheet></office:body></office:document-content>"
    )
    if common:
        parts["styles.xml"] = f"<office:document-styles {ODF}>{common}</office:document-styles>"
    if hide_zeros:
        item = '<config:config-item config:name="ShowZeroValues" config:type="boolean">false</config:config-item>'
        parts["settings.xml"] = f"<office:document-settings {ODF}>{item}</office:document-settings>"
    if manifest:
        parts["META-INF/manifest.xml"] = manifest
    return zipped(parts)


# -- xls


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _begin(of: int, version: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", version, of, 0, 0, 0, 6))


def biff(cells: bytes, *, book: bytes = b"", sheet: bytes = b"", state: int = 0, version: int = 0x0600) -> bytes:
    """The records of a workbook of one sheet called Figures."""
    name = b"\x07\x00Figures" if version == 0x0600 else b"\x07Figures"
    begun = _begin(5, version) + book
    offset = len(begun) + 4 + 6 + len(name) + 4
    listed = record(0x0085, struct.pack("<IBB", offset, state, 0) + name)
    return begun + listed + record(0x000A) + _begin(0x10, version) + sheet + cells + record(0x000A)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file; every stream is padded with zeros to 4096 bytes or more."""
    sectors: list[bytes] = []
    table: list[int] = []
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1 if streams else -1)]
    for number, (name, content) in enumerate(streams.items(), start=1):
        padded = content.ljust(4096, b"\0")
        pieces = [padded[at : at + 512].ljust(512, b"\0") for at in range(0, len(padded), 512)]
        first = len(sectors)
        table += [*range(first + 1, first + len(pieces)), 0xFFFFFFFE]
        sectors += pieces
        entries.append(_entry(name, 2, first, len(padded), right=number + 1 if number < len(streams) else -1))
    listed = b"".join(entries).ljust(-(-len(entries) // 4) * 512, b"\0")
    directory = len(sectors)
    for at in range(0, len(listed), 512):
        sectors.append(listed[at : at + 512])
        table.append(directory + at // 512 + 1)
    table[-1] = 0xFFFFFFFE
    of_table = len(sectors)
    table.append(0xFFFFFFFD)
    sectors.append(struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table))))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return head + struct.pack("<109I", of_table, *[0xFFFFFFFF] * 108) + b"".join(sectors)


def _entry(name: str, kind: int, start: int, size: int, *, right: int = -1, child: int = -1) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    links = struct.pack("<iii", -1, right, child)
    whole = written.ljust(64, b"\0") + struct.pack("<HBB", len(written), kind, 1) + links + bytes(36)
    return whole + struct.pack("<IQ", start, size)


def xls(cells: bytes, **more: bytes | int) -> bytes:
    return compound({"Workbook": biff(cells, **more)})  # type: ignore[arg-type]


def xls_looks(
    formats: Sequence[str], fonts: Sequence[tuple[bool, int]], styles: Sequence[tuple[int, int]], *, old: bool = False
) -> bytes:
    """The records of number formats (from 164), fonts (struck, script) and styles (format, font); `old` as Excel 5."""
    out = b""
    for struck, script in fonts:
        out += record(0x0031, struct.pack("<HHHHHBBBB", 200, 8 * struck, 0, 400, script, 0, 0, 0, 0) + b"\1\0A")
    for number, code in enumerate(formats, start=164):
        text = struct.pack("<B", len(code)) if old else struct.pack("<HB", len(code), 1)
        encoded = code.encode("cp1252" if old else "utf-16-le")
        out += record(0x041E, struct.pack("<H", number) + text + encoded)
    return out + b"".join(record(0x00E0, struct.pack("<HH", font, code) + bytes(16)) for code, font in styles)


def sst(pieces: Sequence[bytes], count: int) -> bytes:
    """The record of shared strings with those that go on with it."""
    first, *more = pieces
    return record(0x00FC, struct.pack("<II", count, count) + first) + b"".join(record(0x003C, one) for one in more)


# -- xlsb


def part(records: Sequence[tuple[int, bytes]]) -> bytes:
    """Records of the binary parts of an xlsb file."""
    return b"".join(_sevens(kind) + _sevens(len(body)) + body for kind, body in records)


def _sevens(number: int) -> bytes:
    found = bytearray()
    while True:
        found.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(found)


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(
    records: Sequence[tuple[int, bytes]],
    *,
    before: Sequence[tuple[int, bytes]] = (),
    styles: Sequence[tuple[int, bytes]] = (),
    strings: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """A binary workbook of one sheet called Figures; `before` stands before its data."""
    sheet = struct.pack("<II", 0, 1) + wide("r0") + wide("Figures")
    data = [
        (129, b""),
        *before,
        (148, struct.pack("<IIII", 0, 20, 0, 20)),
        (145, b""),
        *records,
        (146, b""),
        (130, b""),
    ]
    kinds = {"worksheets/sheet1.bin": "worksheet", "styles.bin": "styles", "sharedStrings.bin": "sharedStrings"}
    parts: dict[str, str | bytes] = {
        "_rels/.rels": links({"xl/workbook.bin": "officeDocument"}),
        "xl/_rels/workbook.bin.rels": links(kinds if styles else {"worksheets/sheet1.bin": "worksheet"}),
        "xl/workbook.bin": part([(131, b""), (143, b""), (156, sheet), (144, b""), (132, b"")]),
        "xl/worksheets/sheet1.bin": part(data),
    }
    if styles:
        count = struct.pack("<II", len(strings), len(strings))
        parts["xl/styles.bin"] = part([(278, b""), *styles, (279, b"")])
        parts["xl/sharedStrings.bin"] = part([(159, count), *strings, (160, b"")])
    return zipped(parts)


def xlsb_looks(
    formats: Sequence[str], fonts: Sequence[tuple[bool, int]], styles: Sequence[tuple[int, int]]
) -> list[tuple[int, bytes]]:
    """The records of number formats (from 164), fonts (struck, script) and styles (format, font)."""
    codes = [(44, struct.pack("<H", number) + wide(code)) for number, code in enumerate(formats, start=164)]
    given = [(43, struct.pack("<HHHHBBBB", 200, 8 * struck, 400, script, 0, 0, 0, 0) + bytes(8) + b"\2" + wide("A"))
             for struck, script in fonts]  # fmt: skip
    used = [(47, struct.pack("<HHHHHBBBB", 0, code, font, 0, 0, 0, 0, 0, 0)) for code, font in styles]
    begin_formats, begin_fonts, begin_styles = (
        (kind, struct.pack("<I", len(held))) for kind, held in ((615, codes), (611, given), (617, used))
    )
    return [begin_formats, *codes, (616, b""), begin_fonts, *given, (612, b""), begin_styles, *used, (618, b"")]


def rich(text: str, runs: Sequence[tuple[int, int]]) -> bytes:
    """A text of xlsb with the places from which a font is another."""
    places = struct.pack("<I", len(runs)) + b"".join(struct.pack("<HH", *run) for run in runs)
    return (b"\1" if runs else b"\0") + wide(text) + (places if runs else b"")
