"""The check of the mail server."""

from __future__ import annotations

from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.delivery.outbox import probe_mail_server
from local_indicators.flows.operations.doctor.doctor_context import Diagnosis, DoctorContext, edit


def check_mail_server(context: DoctorContext) -> Diagnosis:
    """Check that the mail server would take mail, without sending any, and how."""
    server = configured_mail_server(context.settings)
    if server is None:
        do = f"name one as INDICATORS_SMTP_URL in .env: {edit(context.settings.workspace / '.env')}"
        return "look", "no mail server is set: messages are only written to the outbox", do
    trouble = probe_mail_server(server, context.settings.sender)
    if trouble:
        do = f"see that it is up and INDICATORS_SMTP_URL is right: {edit(context.settings.workspace / '.env')}"
        return "wrong", f"{server}: {trouble}", do
    how = {"none": "in clear", "starttls": "with STARTTLS", "always": "encrypted"}[server.tls]
    return "ok", f"{server} takes our mail, {how}{', signed in' if server.user else ''}; nothing was sent", ""
