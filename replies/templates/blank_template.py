"""Draws the template of a return from its layout read backwards: everything lies where the layout looks for it."""

from __future__ import annotations

from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.replies.templates.pages.page_builder import build_page
from local_indicators.replies.templates.pages.page_layout import Page, Template
from local_indicators.replies.templates.pages.planned_rows import RowKey
from local_indicators.replies.templates.pages.sheet_names import file_name, sheets_of
from local_indicators.replies.templates.template_request import TemplateRequest, not_drawable


def draw_template(request: TemplateRequest) -> Template:
    """Return the template of a layout. Raises UsageError where the layout cannot be answered by a workbook of ours."""
    pages: list[Page] = []
    taken: set[RowKey] = set()
    for table in request.layout.says.table:
        for scope in sheets_of(table, request):
            if any(normalised(page.name) == normalised(scope.name) for page in pages):
                raise not_drawable(request, f"two of its tables lie on one sheet ({scope.name})")
            pages.append(build_page(scope, taken))
    return Template(request, tuple(pages), file_name(request))
