"""The sources of a layout's table: where each field of a figure (indicator, area, period, ...) is given."""

from __future__ import annotations

from local_indicators.inputs.layouts.layout_language import Source, TableLayout, field_sources
from local_indicators.replies.templates.entries.allowed_words import indicators_by_word
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator

FieldSource = tuple[str, Source]
"""A field (one of FIELDS, or a dimension) and where it is given."""


def table_sources(table: TableLayout) -> list[FieldSource]:
    """Return every field that a table and its value columns give, each source once."""
    fields = {source: field for scope in table.scopes for field, source in field_sources(scope)}
    return [(field, source) for source, field in fields.items()]


def possible_indicators(table: TableLayout, request: TemplateRequest) -> list[Indicator]:
    """Return every indicator that a table can be about."""
    sources = [source for scope in table.scopes for field, source in field_sources(scope) if field == "indicator"]
    indicators = {i.id: i for source in sources for i in indicators_by_word(source, request).values()}
    return list(indicators.values())
