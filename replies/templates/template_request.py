"""What a template is asked for: which return, which period, which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from local_indicators.common.errors import UsageError
from local_indicators.inputs.layouts.partner_layouts import Layout


@dataclass(frozen=True, eq=False)
class TemplateRequest:
    """The layout that a template is drawn from, and the return that it is for.

    `expected_period` is the period as people write it, "" for none; `due` the day on which the return is due; `made_on`
    the day on which the template is made.
    """

    layout: Layout
    expected_period: str
    due: date | None
    made_on: date

    @property
    def horizon(self) -> date:
        """The last day on which a period can begin that may be reported."""
        return max(self.made_on, self.due or self.made_on)


def not_drawable(request: TemplateRequest, reason: str) -> UsageError:
    """Return the fault of a layout that no workbook of ours can answer."""
    return UsageError(
        request.layout.collection,
        f"has no workbook to fill in, because {reason}; send it as the layout in the partner's TOML describes it",
    )
