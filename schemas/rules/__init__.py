"""The rules of good data, each once: its stable id, how strict it is, and the words that owners read.

The checks and the parser refer to rules by id; messages, reports and the owners' guide are written from this list.
"""

from __future__ import annotations

from local_indicators.schemas.rules import (
    cell_rules,
    cross_row_rules,
    file_rules,
    layout_rules,
    row_subject_rules,
    value_rules,
)
from local_indicators.schemas.rules.rule import Rule, Strictness

__all__ = ("GROUPS", "RULES", "Rule", "Strictness")

GROUPS: dict[tuple[str, ...], str] = {
    ("return",): "The file as a whole",
    ("layout",): "The shape of sheets and tables",
    ("cell",): "Single cells",
    ("indicator", "area", "period", "breakdown", "status", "provenance"): "What a row is about",
    ("value",): "Values",
    ("key", "total", "row", "companion"): "Rows together, and what was sent before",
}
"""What the first words of rule ids are about, in the order in which owners read of them."""

RULES: dict[str, Rule] = {
    rule.id: rule
    for group in (file_rules, layout_rules, cell_rules, row_subject_rules, value_rules, cross_row_rules)
    for rule in group.RULES
}
