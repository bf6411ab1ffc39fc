"""Changes one sheet of a workbook: colours cells, removes what leads out of the workbook, leaves the rest alone.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Iterable

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.replies.annotation.active_content import (
    REMOVED_RELATIONS,
    elements_with_removed_links,
    refers_outside_workbook,
    removal_edits,
    remove_link_attributes,
)
from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    attributes_to_drop,
    first_element,
    with_attributes,
)
from local_indicators.replies.annotation.sheet_edits.cell_edits import CellEdits
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import ColumnFormats, Place, SheetEditPlan
from local_indicators.replies.annotation.sheet_edits.sheet_parser import RULE_FORMULAS, SheetParser

RULE_REMOVED = "a rule that leads out of the workbook"
_AFTER_LEGACY = frozenset(
    {"legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"}
)
"""Elements before which the schema wants the reference to the drawing of comments."""
_RULES = frozenset({"cfRule", "dataValidation", "sparkline", "sparklineGroup"})
_NOT_IN_A_COPY = ("oleObject", "webPublishItems", "customPr")


class SheetEditor:
    """The editor of one sheet, which is parsed when this is made; `xml()` returns it with every change.

    Raises NotEditableError.
    """

    def __init__(self, plan: SheetEditPlan) -> None:
        self._plan = plan
        self._columns = ColumnFormats()
        self._cells = CellEdits(plan, self._columns)
        scan = SheetParser(plan.xml, self._cells, self._columns)
        scan.parse()
        self._elements = scan.elements
        if not any(element.name == "sheetData" and element.parent == 0 for element in self._elements):
            raise NotEditableError("a sheet of an unusual kind")
        self._edits: list[Edit] = [*self._cells.edits, *removal_edits_of_sheet(plan, self._elements)]

    @property
    def comment_drawing(self) -> str | None:
        """The relation of the drawing that holds the boxes of comments; None without one."""
        reference = first_element(self._elements, "legacyDrawing")
        return reference.links.get("id") if reference else None

    def refer_to_comment_drawing(self, link: str, namespace: str) -> None:
        """Refer to a new drawing that holds the boxes of comments; `namespace` is that of relationship ids."""
        root = self._elements[0]
        following = (element for element in self._elements if element.parent == 0 and self._comes_after(element))
        successor = next(following, None)
        start = successor.start if successor else root.close
        tag = b"<" + root.tag("legacyDrawing") + f' xmlns:r="{namespace}" r:id="{link}"/>'.encode()
        self._edits.append((start, start, tag))

    def _comes_after(self, element: Element) -> bool:
        if element.name == "AlternateContent":
            inside = (other for other in self._elements if element.start < other.start < element.end)
            return any(other.name in _AFTER_LEGACY for other in inside)
        return element.name in _AFTER_LEGACY

    def hides(self, place: Place) -> bool:
        """Return whether a cell lies in a hidden row or column."""
        row, column = place
        return row in self._cells.hidden_rows or self._columns.hides(column)

    def xml(self) -> bytes:
        """Return the sheet with the changes made."""
        return apply_edits(self._plan.xml, self._edits)


def removal_edits_of_sheet(plan: SheetEditPlan, elements: list[Element]) -> list[Edit]:
    """Return the edits that remove from a sheet what leads out of the workbook, but for formulas of cells.

    `elements` are those that are no row or cell. What is removed is noted in `plan.removed`.
    """
    out, bare = elements_with_removed_links(elements, set(plan.links))
    edits: list[Edit] = [
        (element.start, element.inner, remove_link_attributes(_tag(plan, element), set(plan.links)))
        for element in (elements[number] for number in bare)
    ]
    for number, element in enumerate(elements):
        attributes = element.attributes
        if element.name == "hyperlink" and (number in out or _leads_elsewhere(attributes.get("location", ""))):
            plan.removed.add(REMOVED_RELATIONS["hyperlink"], f"{plan.name}!{attributes.get('ref', '')}")
            out.append(number)
        elif element.name == "dimension" and (used := widened_range(attributes.get("ref", ""), plan.marks)):
            edits.append(_tag_edit(plan, element, {"ref": used}))
        elif element.name in _NOT_IN_A_COPY:
            out.append(number)
        elif element.name in RULE_FORMULAS and element.text and refers_outside_workbook(element.text, plan.removed):
            out.append(_rule_of(number, elements))
            plan.removed.add(RULE_REMOVED, plan.name)
        elif changes := attributes_to_drop(attributes, "macro", "tabSelected"):
            edits.append(_tag_edit(plan, element, changes))
    return [*edits, *_validation_counts(plan, elements, set(out)), *removal_edits(elements, out)]


def _tag(plan: SheetEditPlan, element: Element) -> bytes:
    return plan.xml[element.start : element.inner]


def _tag_edit(plan: SheetEditPlan, element: Element, attributes: dict[str, str | None]) -> Edit:
    return (element.start, element.inner, with_attributes(_tag(plan, element), attributes))


def _leads_elsewhere(location: str) -> bool:
    """Return whether the place that a link within the workbook jumps to is outside it."""
    return any(sign in location for sign in ("://", "\\\\", "[", "file:", "javascript:"))


def _rule_of(number: int, elements: list[Element]) -> int:
    """Return the index of the rule that the formula with this index belongs to. Raises NotEditableError."""
    while number > 0 and elements[number].name not in _RULES:
        number = elements[number].parent
    if number <= 0:
        raise NotEditableError("a formula in an unusual place")
    return number


def _validation_counts(plan: SheetEditPlan, elements: list[Element], out: set[int]) -> Iterable[Edit]:
    """Yield the edits of lists of validations whose count changes because some are removed."""
    for number, element in enumerate(elements):
        if element.name != "dataValidations" or "count" not in element.attributes:
            continue
        children = [index for index, child in enumerate(elements) if child.parent == number]
        count = len([index for index in children if index not in out])
        if 0 < count < len(children):
            yield _tag_edit(plan, element, {"count": str(count)})


def widened_range(reference: str, places: Iterable[Place]) -> str | None:
    """Return the used range of a sheet with marked cells in it; None where it holds them already."""
    places = list(places)
    ends = [position_of_address(end) for end in reference.split(":")]
    if not places or not reference or any(end is None for end in ends):
        return None
    corners = [divmod(end, COLUMNS) for end in ends if end is not None]
    rows = [row for row, _ in [*corners, *places]]
    columns = [column for _, column in [*corners, *places]]
    box = (min(rows), min(columns), max(rows), max(columns))
    if box == (*corners[0], *corners[-1]):
        return None
    return f"{address_of_position(cell_position(box[0], box[1]))}:{address_of_position(cell_position(box[2], box[3]))}"
