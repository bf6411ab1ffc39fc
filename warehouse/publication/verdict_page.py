"""The page of one publication: the gate's verdict and the difference to the published file, for the analyst."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_indicators.common.jinja_templates import Branding, render
from local_indicators.warehouse.gate.gate import ExpectationResult, Verdict
from local_indicators.warehouse.publication.version_difference import IndicatorChange, VersionDifference

TEMPLATES = Path(__file__).parent / "templates"
NAME = "verdict.html.jinja"


def verdict_page(facts: Mapping[str, Any], verdict: Verdict, difference: VersionDifference, branding: Branding) -> str:
    """Return one publication as HTML that needs nothing else. `facts` say which run it was and of what.

    Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    return render(TEMPLATES, NAME, branding, _values(facts, verdict, difference))


def _values(facts: Mapping[str, Any], verdict: Verdict, difference: VersionDifference) -> dict[str, Any]:
    """Return what the template may use. These names are a contract with organisations' own templates."""
    return {
        "run": facts.get("run", ""),
        "facts": list(facts.items()),
        "broken": [
            {
                "severity": result.severity,
                "expectation": result.says,
                "error": result.error,
                "count": result.count,
                "rows": list(result.rows),
            }
            for result in sorted(verdict.broken, key=lambda result: result.severity != "critical")
        ],
        "held": [result.says for result in verdict.results if result.held],
        "added": difference.added,
        "changed": difference.changed,
        "removed": difference.removed,
        "changes": [
            {
                "indicator_id": change.indicator_id,
                "area_code": change.area_code,
                "added": change.added,
                "changed": change.changed,
                "removed": change.removed,
            }
            for change in difference.changes
        ],
        "examples": [list(example) for example in difference.examples],
    }


def try_page(branding: Branding) -> None:
    """Fill in the page once, with and without findings, and keep nothing of it.

    Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    broken = ExpectationResult(
        "sample", "no figure is below 0", "critical", final=False, held=False, count=1, rows=("a row",)
    )
    unknown = ExpectationResult("sample", "no figure is below 0", "warning", final=False, held=False, error="unknown")
    held = ExpectationResult("sample", "no figure is below 0", "critical", final=False, held=True)
    change = IndicatorChange("sample", "E06000016", added=1, changed=2, removed=3)
    difference = VersionDifference((change,), (("changed", "a key", "1", "2"),), live_rows=10)
    verdict_page({"run": "sample"}, Verdict((broken, unknown, held)), difference, branding)
    verdict_page({}, Verdict(()), VersionDifference(), branding)
