"""Edits of the XML of a workbook, for what openpyxl does not write."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
TYPES, LINKS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
Parts = dict[str, str]
Edit = Callable[[Parts], None]


def edited(content: bytes, chance: random.Random) -> tuple[bytes, list[str]]:
    """A workbook with some random edits, and their names. What a person sees stays as it was."""
    edits: list[Edit] = [shared_texts] if chance.random() < 0.6 else []
    edits += [chance.choice(EDITS)] if chance.random() < 0.4 else []
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    texts = {name: parts[name].decode() for name in (SHEET, STYLES, TYPES, LINKS)}
    for edit in edits:
        edit(texts)
    parts.update((name, text.encode()) for name, text in texts.items())
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return whole.getvalue(), [edit.__name__.replace("_", " ") for edit in edits]


def shared_texts(parts: Parts) -> None:
    """Texts among those that cells share, as Excel has them; openpyxl writes each into its cell."""
    items: list[str] = []

    def share(match: re.Match[str]) -> str:
        items.append(f"<si>{match[3]}</si>")
        return f'{match[1]}t="s"{match[2]}><v>{len(items) - 1}</v></c>'

    parts[SHEET] = re.sub(r'(<c [^>]*?)t="inlineStr"([^>]*)><is>(.*?)</is></c>', share, parts[SHEET], flags=re.S)
    parts[STRINGS] = f'<sst xmlns="{MAIN}">{"".join(items)}</sst>'
    part = f'<Override PartName="/{STRINGS}" ContentType="{SPREADSHEET}.sharedStrings+xml" />'
    link = f'<Relationship Type="{OFFICE}/sharedStrings" Target="/{STRINGS}" Id="rIdTexts" />'
    parts[TYPES] = parts[TYPES].replace("</Types>", part + "</Types>")
    parts[LINKS] = parts[LINKS].replace("</Relationships>", link + "</Relationships>")


def formulas(parts: Parts) -> None:
    """Numbers as results of formulas."""
    parts[SHEET] = re.sub(
        r'(<c [^>]*?)( t="n")?>\s*<v>(-?[\d.]+(?:e-?\d+)?)</v></c>', _as_formula, parts[SHEET], flags=re.I
    )  # fmt: skip


def _as_formula(match: re.Match[str]) -> str:
    return match[0] if ' t="' in match[1] else f"{match[1]}><f>{match[3]}</f><v>{match[3]}</v></c>"


def phonetic(parts: Parts) -> None:
    """How texts are spoken, which nobody sees in the cell."""
    name, end = (STRINGS, "</si>") if STRINGS in parts else (SHEET, "</is>")
    parts[name] = re.sub(rf"(<t[^>]*>[^<]*</t>)(?={end})", r'\1<rPh sb="0" eb="1"><t>9</t></rPh>', parts[name])


def not_applied(parts: Parts) -> None:
    """Styles that say that their format is not applied: Excel applies it all the same."""
    parts[STYLES] = parts[STYLES].replace('applyNumberFormat="1"', 'applyNumberFormat="0"')


def other_quotes(parts: Parts) -> None:
    """Attributes of cells between single quotes and in another order."""
    parts[SHEET] = re.sub(
        r'<c r="([A-Z]+\d+)"( s="\d+")?( t="\w+")?>',
        lambda m: f'<c{(m[3] or "")}{(m[2] or "")} r="{m[1]}">'.replace('"', "'"),
        parts[SHEET],
    )


def prefixed(parts: Parts) -> None:
    """Elements under a prefix."""
    text = re.sub(r"<(/?)(\w+)(?=[\s/>])", r"<\1x:\2", parts[SHEET])
    parts[SHEET] = text.replace("<x:worksheet xmlns=", "<x:worksheet xmlns:x=")


def spaced(parts: Parts) -> None:
    """Line ends between elements, as programs write them that lay their XML out."""
    parts[SHEET] = parts[SHEET].replace("><v>", ">\n  <v>").replace("</c><c ", "</c>\n<c ").replace("<f>", "\n <f>")


EDITS: tuple[Edit, ...] = (
    formulas, phonetic, not_applied, other_quotes, prefixed, spaced,
)  # fmt: skip
