"""Comments on cells: new ones beside, or within, those that a sheet has already.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Mapping

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.replies.annotation.ooxml.ooxml_package import Package
from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    child_elements,
    escape_cell_text,
    first_element,
    insertion_edit,
    parse_elements,
)
from local_indicators.replies.annotation.sheet_edits.comment_boxes import BLANK_DRAWING, add_boxes, remove_boxes
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import Place

AUTHOR = "Local Indicators"
OURS = "Local Indicators: "
"""How our text begins in a comment that is the sender's."""
MAX_ON_SHEET = 1000
"""Comments of ours on one sheet: an old drawing numbers its boxes in blocks of 1,024."""
_MAIN = {
    False: "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    True: "http://purl.oclc.org/ooxml/spreadsheetml/main",
}
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"


def add_comments(
    package: Package, sheet: str, drawing_link: str | None, texts: Mapping[Place, str]
) -> tuple[str | None, list[Place]]:
    """Put comments on cells of the sheet part `sheet`, whose drawing of comments has the relation `drawing_link`.

    Returns the relation of a new drawing that the sheet has to refer to, None if none was needed, and the cells that
    could not be commented because a conversation of the sender's is on them. Raises NotEditableError.
    """
    if not texts:
        return None, []
    places, skipped = _write_comments(package, sheet, texts)
    drawing = next((link for link in package.relations_of_kind(sheet, "vmlDrawing") if link.id == drawing_link), None)
    if drawing is not None and package.has_part(drawing.target):
        part = package.part_name(drawing.target)
        package.set_part(part, add_boxes(package.part(part), places))
        return None, skipped
    part = package.add_part("xl/drawings/marked#.vml", add_boxes(BLANK_DRAWING, places), _VML_TYPE)
    return package.add_relation(sheet, "vmlDrawing", part), skipped


def _write_comments(package: Package, sheet: str, texts: Mapping[Place, str]) -> tuple[list[Place], list[Place]]:
    """Write the part of a sheet's comments; the cells that need a box, and those that were skipped."""
    links = package.relations_of_kind(sheet, "comments")
    part = package.part_name(links[0].target) if links else ""
    if links and package.has_part(part):
        xml, places, skipped = _with_comments(package.part(part), texts)
        package.set_part(part, xml)
    else:
        blank = f'<comments xmlns="{_MAIN[package.strict]}"><authors/><commentList/></comments>'
        xml, places, skipped = _with_comments(blank.encode(), texts)
        package.add_relation(sheet, "comments", package.add_part("xl/comments/marked#.xml", xml, _COMMENTS_TYPE))
    return places, skipped


def remove_own_comments(package: Package, sheet: str) -> None:
    """Remove the comments that an earlier copy of ours put on a sheet. Raises NotEditableError."""
    for link in package.relations_of_kind(sheet, "comments"):
        if not package.has_part(link.target):
            continue
        part = package.part_name(link.target)
        xml, places = _without_own_comments(package.part(part))
        package.set_part(part, xml)
        for drawing in package.relations_of_kind(sheet, "vmlDrawing"):
            if places and package.has_part(drawing.target):
                drawing_part = package.part_name(drawing.target)
                package.set_part(drawing_part, remove_boxes(package.part(drawing_part), places))


def _with_comments(xml: bytes, texts: Mapping[Place, str]) -> tuple[bytes, list[Place], list[Place]]:
    """Return the part with comments added, the cells that need a new box, and those on which a conversation is."""
    parsed = parse_elements(xml)
    authors, comment_list = first_element(parsed, "authors"), first_element(parsed, "commentList")
    if authors is None or comment_list is None:
        raise NotEditableError("comments of an unusual kind")
    author_names = child_elements(parsed.index(authors), parsed)
    own_number, prefix = len(author_names), f"{parsed[0].prefix}:" if parsed[0].prefix else ""
    edits: list[Edit] = [insertion_edit(authors, xml, f"<{prefix}author>{AUTHOR}</{prefix}author>".encode())]
    existing = {element.attributes.get("ref", ""): element for element in parsed if element.name == "comment"}
    new, boxes, skipped = [], [], []
    for place in sorted(texts):
        reference = address_of_position(cell_position(*place))
        if reference not in existing:
            new.append(
                f'<{prefix}comment ref="{reference}" authorId="{own_number}"><{prefix}text>'
                f"{_run(texts[place], prefix)}</{prefix}text></{prefix}comment>"
            )
            boxes.append(place)
        elif _is_conversation(existing[reference], author_names):
            skipped.append(place)
        else:
            edits += _appended(existing[reference], parsed, xml, _run(f"\n{OURS}{texts[place]}", prefix))
    if new:
        edits.append(insertion_edit(comment_list, xml, "".join(new).encode()))
    return apply_edits(xml, edits), boxes, skipped


def _is_conversation(comment: Element, authors: list[Element]) -> bool:
    """Return whether a comment only stands in for a threaded one, for programs that know no threads."""
    number = comment.attributes.get("authorId", "")
    author = authors[int(number)].text if number.isdigit() and int(number) < len(authors) else ""
    return author.casefold().startswith("tc=")


def _run(text: str, prefix: str) -> str:
    """Return a run of our text as XML; `prefix` is the namespace prefix of the part with its colon."""
    p = prefix
    look = f'<{p}rPr><{p}sz val="9"/><{p}color rgb="FF7A1210"/><{p}rFont val="Tahoma"/></{p}rPr>'
    return f'<{p}r>{look}<{p}t xml:space="preserve">{escape_cell_text(text)}</{p}t></{p}r>'


def _appended(comment: Element, parsed: list[Element], xml: bytes, run: str) -> list[Edit]:
    """Return the edits that put our text after that of the sender, who keeps the comment."""
    number = parsed.index(comment)
    text = next((child for child in child_elements(number, parsed) if child.name == "text"), None)
    if text is None:
        raise NotEditableError("a comment without text")
    prefix = f"{parsed[0].prefix}:" if parsed[0].prefix else ""
    inside = child_elements(parsed.index(text), parsed)
    edits: list[Edit] = []
    for plain in (child for child in inside if child.name == "t"):
        edits += [(plain.start, plain.start, f"<{prefix}r>".encode()), (plain.end, plain.end, f"</{prefix}r>".encode())]
    phonetic = next((child for child in inside if child.name in ("rPh", "phoneticPr")), None)
    new = run.encode()
    edits.append((phonetic.start, phonetic.start, new) if phonetic else insertion_edit(text, xml, new))
    return edits


def _without_own_comments(xml: bytes) -> tuple[bytes, list[Place]]:
    """Return the part without comments of ours, and their cells; our words in comments of the sender's go too."""
    parsed = parse_elements(xml)
    authors = [element.text for element in parsed if element.name == "author"]
    edits: list[Edit] = []
    places: list[Place] = []
    for number, element in enumerate(parsed):
        author = element.attributes.get("authorId", "")
        is_known = author.isdigit() and int(author) < len(authors)
        if element.name == "comment" and is_known and authors[int(author)] == AUTHOR:
            edits.append((element.start, element.end, b""))
            cell = position_of_address(element.attributes.get("ref", ""))
            places += [] if cell is None else [divmod(cell, COLUMNS)]
        elif element.name == "r" and _text_of(number, parsed).lstrip().startswith(OURS):
            edits.append((element.start, element.end, b""))
    return apply_edits(xml, edits), places


def _text_of(number: int, parsed: list[Element]) -> str:
    return "".join(child.text for child in child_elements(number, parsed))
