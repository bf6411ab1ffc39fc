"""`indicators template`: the blank workbook of a return, tried out before it is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.flows.commands.options import OutputOption, TodayOption, WorkspaceOption
from local_indicators.flows.settings import Settings, london_today, now, settings
from local_indicators.inputs.layouts.partner_layouts import Layout, Partner, load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.replies.templates.blank_template import draw_template
from local_indicators.replies.templates.pages.page_layout import Template
from local_indicators.replies.templates.sample_entries import filled_in
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.replies.templates.workbook.excel_workbook import write_workbook
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import CheckContext
from local_indicators.schemas.return_calendar import ExpectedPeriod
from local_indicators.schemas.validation.check_tables import check


def template(
    collection: Annotated[str, Parameter(help="The return, such as absence.")],
    *,
    output: OutputOption = None,
    period: Annotated[str | None, Parameter(help="The period it is for; otherwise the next that is due.")] = None,
    today: TodayOption = None,
    workspace: WorkspaceOption = None,
) -> int:
    """Write the blank workbook of a return and print its path."""
    print(write_template(collection, settings(workspace=workspace, today=today), output, period))
    return 0


def write_template(collection: str, given: Settings, out: Path | None = None, period: str | None = None) -> Path:
    """Write the template of a return, as its layout of the day asks for it; the path written. Without `out` it gets the
    name by which the return is known, in the working directory. Raises UsageError for a return that nobody knows, one
    without a layout on the day, and one whose layout no workbook of ours can answer."""
    drawn = template_of(collection, given, period)
    content = write_workbook(drawn)
    path = out or Path(drawn.file_name)
    if out is None and path.exists() and path.read_bytes() != content:
        raise UsageError(path, "is there already and may hold figures; name another file with -o")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StorageError(path, f"cannot be written ({error.strerror})") from None
    return path


def template_of(collection: str, given: Settings, period: str | None = None) -> Template:
    """Return the template of a return, tried out: its own layout reads it without a finding once it is filled in."""
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners)
    owner = next((p for p in partners.values() for c in p.says.collection if c.id == collection), None)
    if owner is None:
        known = sorted(c.id for p in partners.values() for c in p.says.collection)
        hint = did_you_mean(collection, known)
        raise UsageError(collection, f"is not a return; there are {', '.join(known)}{hint}")
    day = given.today or london_today(now())
    layout = _layout_of(owner, collection, day)
    expected = _expected(owner.collection(collection).expect, period, day)
    request = TemplateRequest(
        layout=layout,
        expected_period=expected.period if expected else period or "",
        due=expected.due if expected else None,
        made_on=day,
    )
    drawn = draw_template(request)
    if period is not None and not any(page.asked for page in drawn.pages):
        raise UsageError(period, f"is no period that a figure of {collection} is measured over")
    if findings := _try_out(drawn):
        first = findings[0]
        where = f" on sheet {first.sheet}" if first.sheet else ""
        raise UsageError(
            collection,
            f"has no workbook to fill in: its layout would not read it back{where} ({first.says} {first.found})",
        )
    return drawn


def _layout_of(owner: Partner, collection: str, day: date) -> Layout:
    """Return the layout that is used for what arrives on a day; of several the newest."""
    own = [layout for layout in owner.layouts if layout.collection == collection]
    used = [
        layout for layout in own if (layout.says.valid_from or date.min) <= day <= (layout.says.valid_to or date.max)
    ]
    if not used:
        dates = ", ".join(f"{layout.says.valid_from or '...'} to {layout.says.valid_to or '...'}" for layout in own)
        raise UsageError(collection, f"has no layout for {day}; there are those for {dates}")
    return max(used, key=lambda layout: layout.says.valid_from or date.min)


def _expected(calendar: Sequence[ExpectedPeriod], period: str | None, day: date) -> ExpectedPeriod | None:
    """Return the expected return that a template is for: of the period that is asked for, or else the next that is
    due."""
    ordered = sorted(calendar, key=lambda period_expected: period_expected.due)
    if period is not None:
        return next(
            (period_expected for period_expected in ordered if period_expected.period.casefold() == period.casefold()),
            None,
        )
    return next(
        (period_expected for period_expected in ordered if period_expected.due >= day), ordered[-1] if ordered else None
    )


def _try_out(drawn: Template) -> list[Finding]:
    """Return what would be wrong with the template if it were filled in as it says."""
    request = drawn.request
    table, findings = parse(filled_in(drawn), request.layout, drawn.file_name)
    checked = check([table], request.layout.definitions, CheckContext(request.horizon))
    return [*findings, *checked[0]]
