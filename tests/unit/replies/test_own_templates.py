"""An organisation's own templates: they are used, what partners typed stays inert in them, and a fault in one is ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.flows.run_context import prepare_run
from local_indicators.flows.settings import settings
from local_indicators.flows.template_check import check_templates
from local_indicators.replies.emails import email_message, sample_messages
from local_indicators.replies.emails.analyst_emails import to_analyst_of_fault
from local_indicators.replies.emails.owner_emails import to_owner
from local_indicators.replies.reports import scorecard_page
from local_indicators.schemas.notifications import Notification
from local_indicators.schemas.submissions import Submission
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import verdict_page
from local_indicators.warehouse.publication.version_difference import VersionDifference
from tests.support.mail_server import html, plain

SEEN = datetime(2011, 5, 26, 1, 30, tzinfo=UTC)
HOSTILE = '<img src=x onerror="alert(1)">\r\nBcc: all@example.org {{ 7 * 7 }} {% raw %}'
OURS = (email_message.TEMPLATES, scorecard_page.TEMPLATES, verdict_page.TEMPLATES)
NAMES, ENVELOPE = sample_messages.NAMES, sample_messages.ENVELOPE


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str, str], Branding]:
    """Write a template of the organisation's own."""

    def write(name: str, text: str) -> Branding:
        (tmp_path / name).write_text(text)
        return Branding(tmp_path, "Exe <Council>")

    return write


def received() -> list[Notification]:
    submission = Submission(
        id="S000007",
        sequence=7,
        partner="one",
        path=f"one/{HOSTILE}.xlsx",
        digest="ab" * 32,
        size=10,
        first_seen=SEEN,
        night=date(2011, 5, 26),
    )
    return [
        replace(item, submission=submission) for item in sample_messages.owner_notifications() if item.kind == "receipt"
    ]


def test_an_own_template_changes_one_block_and_keeps_the_others(own: Callable[[str, str], Branding]) -> None:
    branding = own(
        "owner.jinja",
        '{% extends "ours/owner.jinja" %}{% block greeting %}{% call paragraph() %}Dear {{ reader }},{% endcall %}'
        "{% endblock %}",
    )
    check_templates(branding)
    ours, message = (to_owner(received(), NAMES, ENVELOPE, branding=which) for which in (NO_BRANDING, branding))
    assert plain(message).startswith("Dear Sample partner,\n")
    assert "<p>Dear Sample partner,</p>" in html(message)
    assert plain(message).rstrip().endswith("Exe <Council>")
    assert "<p>Exe &lt;Council&gt;</p>" in html(message)
    assert plain(ours).partition("\n")[2].rstrip() in plain(message)
    assert message["Subject"] == ours["Subject"]


def test_what_a_partner_typed_stays_inert_in_an_own_template(own: Callable[[str, str], Branding]) -> None:
    own("message.html.jinja", "<html>{% for block in blocks %}{{ block.kind }} {{ block.pairs }}{% endfor %}</html>")
    branding = own(
        "owner.jinja",
        "{% call subject() %}{{ receipts[0].file }}{% endcall %}"
        '{% call facts() %}{{ fact("File", receipts[0].file) }}{% endcall %}',
    )
    message = to_owner(received(), NAMES, ENVELOPE, branding=branding)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("one/<img src=x")
    assert "<img" not in html(message)
    assert "&lt;img" in html(message)
    assert not [line for line in plain(message).splitlines() if line.startswith("Bcc")]
    for body in (plain(message), html(message)):
        assert "{{ 7 * 7 }} {% raw %}" in body


def test_the_pages_take_an_own_template_and_the_name(own: Callable[[str, str], Branding]) -> None:
    branding = own("verdict.html.jinja", "{{ organisation }}: {% for name, value in facts %}{{ value }}{% endfor %}")
    page = verdict_page.verdict_page({"run": "<b>"}, Verdict(()), VersionDifference(), branding)
    assert page == "Exe &lt;Council&gt;: &lt;b&gt;"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("ownr.jinja", "", "takes the place of no template; there are analyst.jinja, fault.jinja, message.html.jinja"),
        ("owner.jinja", "{% call subject() %}", "line 1"),
        ("owner.jinja", "\n\n{% if %}", "line 3"),
        ("owner.jinja", "{{ redaer }}", "uses redaer, which is not known here; known are attached, contact,"),
        (
            "owner.jinja",
            "\n{% for r in receipts %}{% call heading() %}{{ r.fiel }}{% endcall %}{% endfor %}",
            "line 2: ",
        ),
        ("owner.jinja", "Dear all", "says something outside of subject, heading"),
        ("owner.jinja", '{% extends "theirs/owner.jinja" %}', "names the template 'theirs/owner.jinja'"),
        ("officer.jinja", "{{ 1 / 0 }}", "cannot be filled in: division by zero"),
        ("scorecard.html.jinja", "{{ plans[0].nmae }}", "has no attribute 'nmae'"),
        ("message.txt.jinja", "{{ blocks[0].nmae }}", "has no attribute 'nmae'"),
        ("verdict.html.jinja", "{{ change }}", "uses change, which is not known here"),
    ],
)
def test_a_fault_in_an_own_template_is_told_at_the_start_in_one_line(
    own: Callable[[str, str], Branding], name: str, text: str, reason: str
) -> None:
    branding = own(name, text)
    with pytest.raises(DefinitionError) as caught:
        check_templates(branding)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(str(branding.templates))
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_a_fault_and_ours_in_an_own_folder_are_none(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is not a folder of templates"):
        check_templates(Branding(tmp_path / "none"))
    for folder in OURS:
        for path in folder.glob("*.jinja"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    check_templates(Branding(tmp_path))
    own, ours = (
        to_owner(received(), NAMES, ENVELOPE, branding=which).get_body(("plain",))
        for which in (Branding(tmp_path), NO_BRANDING)
    )
    assert own is not None
    assert ours is not None
    assert own.get_content() == ours.get_content()


def test_the_name_of_the_organisation_is_inert_in_a_header() -> None:
    branding = Branding(organisation="Exe Council\r\nBcc: all@example.org")
    message = to_analyst_of_fault("fault", ["nightly"], "run", SEEN, ENVELOPE, branding)
    assert message["Subject"] == "Exe Council Bcc: all@example.org: a run failed"
    assert message["Bcc"] is None


def test_a_run_refuses_to_begin_with_a_faulty_template(own: Callable[[str, str], Branding], tmp_path: Path) -> None:
    own("owner.jinja", "{{ redaer }}")
    given = settings(templates=tmp_path, archive=tmp_path / "archive", outbox=tmp_path / "outbox")
    with pytest.raises(DefinitionError, match="redaer"):
        prepare_run(given, "run")
    assert not (tmp_path / "archive").exists()
