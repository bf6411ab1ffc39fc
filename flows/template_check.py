"""Try an organisation's own templates of messages and pages before a run relies on them."""

from __future__ import annotations

from local_indicators.common.jinja_templates import Branding, check_overrides
from local_indicators.replies.emails import email_message, sample_messages
from local_indicators.replies.reports import scorecard_page
from local_indicators.warehouse.publication import verdict_page


def check_templates(branding: Branding) -> None:
    """Check the names that the templates use, then fill in each of them with samples.

    Raises DefinitionError naming template, line and reason for the first fault.
    """
    if branding.templates is None:
        return
    check_overrides((email_message.TEMPLATES, scorecard_page.TEMPLATES, verdict_page.TEMPLATES), branding)
    sample_messages.try_messages(branding)
    scorecard_page.try_page(branding)
    verdict_page.try_page(branding)
