"""Which rows of a scope to hide so that nothing in it can be worked out that must not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure.disclosure_audit import audit_disclosure, suppression_costs
from local_indicators.warehouse.disclosure.reader_knowledge import reader_knowledge
from local_indicators.warehouse.disclosure.relations.additive_relations import ScopeProblem, scope_problem
from local_indicators.warehouse.disclosure.secondary_suppression import secondary_suppression

Row = Mapping[str, Any]


def rows_to_suppress(rows: Sequence[Row], first: set[int], definitions: Definitions) -> set[int]:
    """The rows of a scope to hide: those that are small themselves, and those that would give one of them away.

    Linear programs choose what to hide by the sums; an audit in whole numbers then looks for what a reader can work out
    all the same, until it finds nothing.
    """
    scope, reader = scope_problem(rows, definitions), reader_knowledge(rows, definitions)
    prices, fixed = suppression_costs(rows), {row["row"] for row in rows if _is_nothing(row)}
    hidden = set(first)
    while True:
        by_sums = _by_sums(scope, hidden)
        hidden = audit_disclosure(reader, by_sums, prices, fixed)
        if hidden == by_sums:
            return hidden


def _is_nothing(row: Row) -> bool:
    """Whether a row says that nobody is counted, which may be shown."""
    return bool(row["zero_ok"] and row["numerator"] == 0)


def _by_sums(scope: ScopeProblem, hidden: set[int]) -> set[int]:
    """The rows to hide by the sums alone. What is hidden for another's sake must not be worked out from declared sums
    either, so its value becomes a target in its turn."""
    targets = dict(scope.targets)
    while True:
        hidden = secondary_suppression(scope.problem, targets.items(), hidden)
        more = {n: 1.0 for n in scope.declared - targets.keys() if scope.problem.told_by[n] <= hidden}
        if not more:
            return hidden
        targets.update(more)
