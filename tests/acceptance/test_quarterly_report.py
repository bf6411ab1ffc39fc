"""The quarter's report: made from the published file only, filed once, inert, and mailed once."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from local_indicators.common.errors import StorageError, UsageError
from local_indicators.flows.delivery.quarterly_filing import (
    FiledReport,
    Quarter,
    file_report,
    list_filed_reports,
    parse_quarter,
)
from local_indicators.flows.pipeline.daytime_steps import run_between_nights
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.replies.reports.scorecard_csv import as_csv
from local_indicators.replies.reports.scorecard_page import HEADINGS, as_page
from local_indicators.schemas.notifications import DAYTIME_KINDS
from local_indicators.warehouse.queries.published_scorecard import read_scorecard
from tests.support.mail_server import Post, free_port, plain, post_office
from tests.support.places import Place

AT = datetime(2011, 7, 5, 7, 0, tzinfo=UTC)
Q2 = Quarter(2011, 2)


class Page(HTMLParser):
    """The tags of a page, the cells of its rows, and everything that it would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.reaches: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.reaches += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action") or name[:2] == "on"]


def test_a_quarter_is_named_or_is_the_last_that_ended() -> None:
    assert parse_quarter("2011-Q1", date(2020, 1, 1)) == Quarter(2011, 1)
    assert [parse_quarter(None, date(2011, month, 5)).name for month in (1, 4, 7, 10)] == [
        "2010-Q4", "2011-Q1", "2011-Q2", "2011-Q3",
    ]  # fmt: skip
    for wrong in ("2011", "2011-Q5", "../etc-Q1"):
        with pytest.raises(UsageError):
            parse_quarter(wrong, date(2011, 1, 1))


def test_the_report_says_what_is_published_and_runs_and_fetches_nothing(
    example_night: tuple[Place, NightReport],
) -> None:
    place, _ = example_night
    card = read_scorecard(place.published)
    assert card.published_sha256 == hashlib.sha256(place.published.read_bytes()).hexdigest()
    hostile = '=HYPERLINK("x")</td><script>alert(1)</script>\x1b[31m'
    card = replace(card, rows=({**card.rows[0], "indicator": hostile, "objective": hostile}, *card.rows[1:]))
    text = as_page(card, "Scorecard, April to June 2011", AT)
    page = Page(text)
    assert {"script", "img", "link", "iframe", "form"}.isdisjoint(page.tags)
    assert page.reaches == []
    assert "\x1b" not in text
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption")
    rows = list(csv.DictReader(io.StringIO(as_csv(card).decode("utf-8-sig"))))
    asked = place.ask("SELECT count(*) FROM mart.scorecard")
    assert len(rows) == asked[0][0]
    assert rows[0]["indicator"].startswith("'=HYPERLINK")
    measured = sum(bool(row["indicator_id"]) for row in rows)
    assert len(re.findall('<th scope="row">', text)) == measured
    assert all(f'<th scope="col">{name}</th>' in text for name in HEADINGS)
    illustrative = sum(row["provenance"] == "illustrative" for row in rows)
    assert text.count("(illustrative)") == illustrative > 0
    assert {row["data_version"] for row in rows} == {str(card.data_version)}


def test_a_report_is_filed_once_whole_and_never_overwritten(
    example_night: tuple[Place, NightReport], tmp_path: Path
) -> None:
    place, _ = example_night

    def file_it(run: str, *, again: bool = False) -> FiledReport:
        return file_report(tmp_path / "reports", place.published, Q2, run, AT, ["analyst"], again=again)

    with pytest.raises(UsageError):
        file_report(tmp_path / "reports", tmp_path / "none.duckdb", Q2, "x", AT, [], again=False)
    (tmp_path / "reports" / ".making-2011-Q2").mkdir(parents=True)  # what a run that was killed left
    first = file_it("one")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert (first.is_new, first.name, first.manifest["data_version"]) == (True, "2011-Q2", 1)
    again = file_it("two")
    assert (again.is_new, again.folder) == (False, first.folder)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    second = file_it("three", again=True)
    assert (second.is_new, second.name) == (True, "2011-Q2.2")
    assert "edition 2" in second.manifest["title"]
    assert [report.name for report in list_filed_reports(tmp_path / "reports")] == ["2011-Q2", "2011-Q2.2"]
    for name, digest in first.manifest["files"].items():
        assert hashlib.sha256(before[name]).hexdigest() == digest
        assert (first.folder / name).stat().st_mode & 0o222 == 0
    (second.folder / "manifest.json").chmod(0o644)
    (second.folder / "manifest.json").write_text("{")
    with pytest.raises(StorageError, match="is damaged"):
        list(list_filed_reports(tmp_path / "reports"))


def test_officers_get_it_once_whichever_run_comes_first(
    example_night: tuple[Place, NightReport], place: Place, tmp_path: Path
) -> None:
    published = example_night[0].published
    to = ["analyst", "officer/director-council"]
    reports = tmp_path / "reports"
    with post_office(Post(free_port())) as post:
        given = place.settings(smtp_url=post.url, reports=reports)
        file_report(reports, published, Q2, "one", AT, to, again=False)  # and is killed before it could be mailed
        run_between_nights(given, "day", DAYTIME_KINDS)
        assert sorted(str(m["To"]) for m in post.messages) == ["analyst@example.org", "director.council@example.org"]
        for message in post.messages:
            assert message["Subject"] == "Scorecard, April to June 2011"
            assert "filed as 2011-Q2" in " ".join(plain(message).split())
            names = [part.get_filename() for part in message.iter_attachments()]
            assert names == list(next(list_filed_reports(reports)).manifest["files"])
        run_between_nights(given, "again", frozenset({"report"}))
        assert len(post.messages) == 2
