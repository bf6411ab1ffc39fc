"""What Excel would let a person type into a workbook: its data validations, evaluated."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

import openpyxl
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

OWN = ("How to fill this in", "_template_lists")
FUNCTIONS = {
    "NOT": lambda a: not a, "ABS": abs,
    "ISNUMBER": lambda a: isinstance(a, (int, float)) and not isinstance(a, bool),
    "INT": math.floor, "ROUND": lambda a, n: round(a, int(n)),
    "SUMPRODUCT": lambda a: float(sum(a.values)),
    "COUNT": lambda *a: sum(isinstance(one, (int, float)) for one in a),
}  # fmt: skip


class Column:
    """A range of cells in a formula, reckoned with one by one."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __neg__(self) -> Column:
        return Column([-value for value in self.values])

    def __mul__(self, other: Column) -> Column:
        return Column([a * b for a, b in zip(self.values, other.values, strict=True)])


class Filled:
    """A workbook that is being filled in, as a person does it in Excel."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.compiled: dict[tuple[str, ...], CodeType] = {}
        self.rules = {sheet.title: _by_cell(sheet) for sheet in self.book.worksheets}

    @property
    def sheets(self) -> list[Worksheet]:
        return [sheet for sheet in self.book.worksheets if sheet.title not in OWN]

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()

    def rule(self, sheet: Worksheet, address: str) -> DataValidation | None:
        return self.rules[sheet.title].get(address)

    def words(self, sheet: Worksheet, address: str) -> list[Any] | None:
        """The choices of a drop-down; None where there is none or it depends on a cell that is still blank."""
        rule = self.rule(sheet, address)
        if rule is None or rule.type != "list":
            return None
        try:
            return [v for v in self._value(sheet, rule, rule.formula1, address).values if v is not None]
        except LookupError:
            return None

    def allows(self, sheet: Worksheet, address: str) -> bool:
        """Whether what stands in a cell may have been typed there."""
        rule, value = self.rule(sheet, address), sheet[address].value
        if rule is None or not rule.showErrorMessage or value is None:
            return True
        if rule.type == "list":
            words = self.words(sheet, address)
            return words is not None and str(value).casefold() in [str(word).casefold() for word in words]
        if rule.type == "custom":
            try:
                return bool(self._value(sheet, rule, rule.formula1, address))
            except (ZeroDivisionError, TypeError):
                return False
        assert (rule.type, rule.operator) in (("whole", "between"), ("decimal", "between"))
        if not isinstance(value, (int, float)) or (rule.type == "whole" and value != int(value)):
            return False
        low, high = (self._value(sheet, rule, formula, address) for formula in (rule.formula1, rule.formula2))
        return bool(low <= value <= high)

    def _value(self, sheet: Worksheet, rule: DataValidation, formula: str, address: str) -> Any:
        key = (formula, str(rule.sqref), address)
        if key not in self.compiled:
            origin = str(rule.sqref).split()[0].split(":")[0]
            moved = Translator(f"={formula}", origin=origin).translate_formula(address)
            python = _expression(iter(Tokenizer(moved).items))
            self.compiled[key] = compile(python, "formula", "eval")
        return eval(self.compiled[key], {"__builtins__": {}}, self._names(sheet))  # noqa: S307

    def _names(self, sheet: Worksheet) -> dict[str, Any]:
        def ref(text: str) -> Any:
            where = self.book.defined_names[text].attr_text if text in self.book.defined_names else text
            name, _, cells = where.rpartition("!")
            of = self.book[name.strip("'")] if name else sheet
            left, top, _, bottom = range_boundaries(cells.replace("$", ""))
            if ":" not in cells:
                return of.cell(top, left).value
            return Column([of.cell(row, left).value for row in range(top, bottom + 1)])

        def choose(number: float, *lists: Any) -> Any:
            if not 1 <= int(number) <= len(lists):
                raise LookupError("#VALUE!")
            return lists[int(number) - 1]

        def equal(a: Any, b: Any) -> Any:
            def fold(one: Any) -> Any:
                return one.casefold() if isinstance(one, str) else one

            if isinstance(a, Column):
                return Column([float(fold(value) == fold(b)) for value in a.values])
            return fold(a) == fold(b)

        names = {f"_{name}": function for name, function in FUNCTIONS.items()}
        return {**names, "ref": ref, "_CHOOSE": choose, "equal": equal}


def _by_cell(sheet: Worksheet) -> dict[str, DataValidation]:
    """The validation of each cell; no cell has two."""
    found: dict[str, DataValidation] = {}
    for rule in sheet.data_validations.dataValidation:
        for area in rule.sqref.ranges:
            for row, column in area.cells:
                address = f"{get_column_letter(column)}{row}"
                assert address not in found, f"{sheet.title}!{address} has two validations"
                found[address] = rule
    return found


def _expression(tokens: Iterator[Token], end: str | None = None) -> str:
    """A formula, or the arguments up to a closing bracket, as Python. IF is lazy, as it is in Excel."""
    arguments: list[list[str]] = [[]]
    for token in tokens:
        now = arguments[-1]
        if token.subtype == Token.CLOSE:
            break
        if token.type == Token.FUNC:
            name = token.value.rstrip("(")
            inner = _expression(tokens, name)
            now.append(inner)
        elif token.type == Token.PAREN:
            now.append(f"({_expression(tokens)})")
        elif token.type == Token.SEP:
            arguments.append([])
        elif token.type == Token.OPERAND and token.subtype == Token.RANGE:
            now.append(f"ref({token.value!r})")
        elif token.type == Token.OPERAND:
            now.append({"TRUE": "True", "FALSE": "False"}.get(token.value, token.value))
        elif token.type == Token.OP_IN and token.value == "=":
            now.append("=")
        elif token.type != Token.WSPACE:
            now.append(token.value)
    texts = [_equalities(part) for part in arguments]
    if end in ("AND", "OR"):  # lazy here, because comparing with a blank is no error in Excel
        return f"({f' {end.lower()} '.join(texts)})"
    if end == "IF":
        return f"(({texts[1]}) if ({texts[0]}) else ({texts[2]}))"
    return f"_{end}({','.join(texts)})" if end else ",".join(texts)


def _equalities(parts: list[str]) -> str:
    """Excel's = compares words in any case and lists one by one."""
    if "=" not in parts:
        return "".join(parts)
    at = parts.index("=")
    return f"equal({''.join(parts[:at])},{''.join(parts[at + 1 :])})"


def rows_to_fill(sheet: Worksheet) -> tuple[list[int], list[int]]:
    """The rows of a template's sheet that are begun, and those that are free: both have cells that are not locked, and
    a row that holds one cell with an address alone (the period in B3) is neither."""
    unlocked: dict[int, list[int]] = {}
    for row in sheet.iter_rows():
        for cell in row:
            if not cell.protection.locked:
                unlocked.setdefault(cell.row, []).append(cell.column)
    last = max(unlocked)
    begun = [r for r in unlocked if r > 3 and any(c.value is not None for c in sheet[r]) and _below_heading(sheet, r)]
    return begun, [r for r in unlocked if r <= last and all(c.value is None for c in sheet[r])]


def _below_heading(sheet: Worksheet, row: int) -> bool:
    frozen = re.sub(r"\D", "", str(sheet.freeze_panes))
    return row >= int(frozen)
