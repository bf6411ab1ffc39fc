"""Several files for one return: which of them counts, why, and what its sender and the analyst hear of it."""

from __future__ import annotations

import io
import os
import re
import time
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_indicators.flows.pipeline.run_report import sentences
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.readers.last_modified import (
    MODIFIED,
    modified_in_flat_ods,
    modified_in_part,
    modified_in_summary,
)
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.schemas.file_names import split_version, words_meaning_draft_or_copy, words_meaning_old
from local_indicators.schemas.file_precedence import Precedence, in_loading_order
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

DAY = date(2011, 5, 29)
PLAIN, OLD = "attainment.xlsx", "attainment_old_do_not_use.xlsx"
MAY = "2011-05-{:02}T09:00:00Z"


@pytest.fixture
def town(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one partner of its own, whose gate lets everything pass."""
    write_partner(place.root / "partners", "tester")
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())
    return place


def put(
    town: Place, name: str, value: float, modified: str, *, listed_seconds_ago: float = 60, rows: Any = GOOD
) -> Path:
    """A return in which one figure says a value, last saved when it says, and listed as changed so long ago."""
    lines = [list(line) for line in rows]
    lines[0][4:] = [value, value * 10, 1000]
    path = write_return(town.inbox / "tester" / name, lines)
    path.write_bytes(saved(path.read_bytes(), modified))
    at = time.time() // 1 - listed_seconds_ago
    os.utime(path, (at, at))
    return path


def saved(workbook: bytes, modified: str) -> bytes:
    """A workbook that says when it was last saved; without a date where that is blank."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    new = rf"\g<1>{modified}\g<2>".encode() if modified else b""
    core = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)", new, parts["docProps/core.xml"])
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in (parts | {"docProps/core.xml": core}).items():
            archive.writestr(name, content)
    return whole.getvalue()


def published(town: Place) -> list[float]:
    return [
        value
        for (value,) in town.ask(
            "SELECT value FROM mart.observations WHERE indicator_id = 'eyfs-good-level' AND area_code = 'E06000018'"
        )
    ]


def rules(town: Place, submission: str) -> list[str]:
    return [f.rule for o in read_ledger(town.archive).outcomes[submission] for f in o.findings]


def mails(town: Place) -> str:
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(town.outbox.rglob("*.eml")))
    return " ".join(" ".join(texts).replace("=\n", "").split())


@pytest.mark.long
@pytest.mark.parametrize(
    ("files", "value", "why"),
    [
        # the name decides, although the other was changed later
        ([(PLAIN, 50.0, MAY.format(3), 900), (OLD, 51.0, MAY.format(9), 60)], 50.0, "says 'old'"),
        # what the files say of themselves decides, and not how the inbox lists them
        ([("a.xlsx", 50.0, MAY.format(9), 900), ("b.xlsx", 51.0, MAY.format(3), 60)], 50.0, "9 May 2011 09:00 UTC"),
        # what lies in the future is not believed
        ([("a.xlsx", 50.0, MAY.format(9), 60), ("b.xlsx", 51.0, "2093-01-01T00:00:00Z", 60)], 51.0, "in the inbox"),
        # without a date of its own a file is as old as the inbox says
        ([("a.xlsx", 50.0, "", 60), ("b.xlsx", 51.0, "", 900)], 50.0, "by its date in the inbox"),
        # a lower version is no later one, whenever it was saved
        ([("figures v2.xlsx", 50.0, MAY.format(3), 900), ("figures v1.xlsx", 51.0, MAY.format(9), 60)], 50.0, "lower version"),
        # of three the last
        ([("a.xlsx", 51.0, MAY.format(3), 60), ("b.xlsx", 50.0, MAY.format(9), 900), ("c.xlsx", 52.0, MAY.format(5), 5)],
         50.0, "9 May 2011 09:00 UTC"),
    ],
)  # fmt: skip
def test_of_files_of_one_night_the_right_one_counts_and_everybody_hears_why(
    town: Place, files: Sequence[tuple[str, float, str, float]], value: float, why: str
) -> None:
    for name, share, modified, ago in files:
        put(town, name, share, modified, listed_seconds_ago=ago)
    said = [sentence for sentence in sentences(town.night(today=DAY)) if "counts in place" in sentence]
    assert published(town) == [value]
    assert len(said) == 2 * (len(files) - 1)
    assert any(why in one for one in said), said
    held = mails(town)
    assert held.count("Counts") == 2 * len(files)  # as text and as HTML
    assert why.split("'")[0].strip() in held
    ledger = read_ledger(town.archive)
    assert set(ledger.loaded_at) == {one.id for one in ledger.recorded_outcomes}


def test_files_of_different_periods_both_load(town: Place) -> None:
    put(town, PLAIN, 50.0, MAY.format(9), rows=GOOD[:3])
    earlier = [(area, measure, "2008/09", *rest) for area, measure, _, *rest in GOOD[:3]]
    put(town, "attainment 2008.xlsx", 47.0, MAY.format(3), rows=earlier)
    assert not any(
        "counts in place" in sentence for sentence in sentences(town.night(today=DAY)) if "2008/09" not in sentence
    )
    assert sorted(published(town)) == [47.0, 50.0]


def test_what_comes_a_night_later_and_is_older_is_asked_about(town: Place) -> None:
    put(town, PLAIN, 50.0, MAY.format(9))
    town.night("one", today=DAY)
    put(town, "attainment again.xlsx", 51.0, MAY.format(3))
    town.night("two", today=DAY + timedelta(1))
    assert rules(town, "S000002") == ["return.older-than-held"]
    assert published(town) == [51.0]


@pytest.mark.long
def test_an_old_file_never_takes_the_place_of_a_plain_one_until_it_has_a_plain_name(town: Place) -> None:
    put(town, PLAIN, 50.0, MAY.format(3))
    town.night("one", today=DAY)
    old = put(town, OLD, 51.0, MAY.format(9))
    town.night("two", today=DAY + timedelta(1))
    assert rules(town, "S000002") == ["return.old-by-name"]
    assert published(town) == [50.0]
    old.rename(old.with_name("attainment corrected.xlsx"))
    town.night("three", today=DAY + timedelta(2))
    assert rules(town, "S000003") == []
    assert published(town) == [51.0]


def test_a_draft_that_comes_alone_is_used_and_asked_about(town: Place) -> None:
    put(town, "attainment draft.xlsx", 50.0, MAY.format(3))
    town.night(today=DAY)
    assert rules(town, "S000001") == ["return.doubtful-name"]
    assert published(town) == [50.0]


@pytest.mark.parametrize(
    ("name", "old", "doubtful"),
    [
        ("NEET_September_2010_old_do_not_use.xlsx", True, True),
        ("NEET superseded.csv", True, True),
        ("old/NEET.xlsx", True, True),
        ("NEETBackup.xls", True, True),
        ("previous NEET.ods", True, True),
        ("Copy of NEET.xlsx", False, True),
        ("NEET - Copy.xlsx", False, True),
        ("NEET (1).xlsx", False, True),
        ("NEET~.xlsx", False, True),
        ("DRAFT-NEET.xlsx", False, True),
        ("NEET 16-18 year olds.xlsx", False, False),
        ("16 to 18 year old NEET.xlsx", False, False),
        ("Older people (2010).xlsx", False, False),
        ("Household composition, gold standard.xlsx", False, False),
        ("Previously looked after children v2.xlsx", False, False),
    ],
)
def test_names_that_ask_whether_a_file_counts(name: str, old: bool, doubtful: bool) -> None:
    assert (bool(words_meaning_old(f"tester/{name}")), bool(words_meaning_draft_or_copy(f"tester/{name}"))) == (
        old,
        doubtful,
    )


def test_words_that_a_return_always_has_in_its_name_say_nothing() -> None:
    assert not words_meaning_draft_or_copy("tester/draft budget 2011.xlsx", ["*draft*budget*.xlsx"])
    assert split_version("tester/NEET v1.2.xlsx") == ("neet", (1, 2))
    assert split_version("tester/NEET level 2.xlsx") is None


def test_every_kind_of_workbook_says_when_it_was_saved() -> None:
    core = b'<cp:coreProperties><dcterms:modified xsi:type="W3CDTF">2011-05-09T09:00:00Z</dcterms:modified></cp:coreProperties>'
    assert modified_in_part("docprops/core.xml", core) == {MODIFIED: "2011-05-09T09:00:00+00:00"}
    meta = b"<office:meta><dc:date>2011-05-09T09:00:00.123456789</dc:date></office:meta>"
    assert modified_in_part("meta.xml", meta) == {MODIFIED: "2011-05-09T09:00:00+00:00"}
    assert modified_in_flat_ods("<office:document>" + meta.decode() + "<office:body/>")[MODIFIED][:10] == "2011-05-09"
    ticks = int((datetime(2011, 5, 9, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    section = (16 + 8).to_bytes(4, "little") + b"\1\0\0\0" + b"\x0d\0\0\0" + (16).to_bytes(4, "little")
    stream = bytes(44) + (48).to_bytes(4, "little") + section + b"\x40\0\0\0" + ticks.to_bytes(8, "little")
    assert modified_in_summary(stream) == {MODIFIED: "2011-05-09T00:00:00+00:00"}
    for damaged in (b"", b"\xff" * 60, stream[:70]):
        assert modified_in_summary(damaged) == {}
    for said in (b"yesterday", b"1899-12-30T00:00:00Z", b"9999-12-31T23:59:59-14:00"):
        assert modified_in_part("docprops/core.xml", core.replace(b"2011-05-09T09:00:00Z", said)) == {}


def test_a_workbook_whose_date_is_damaged_is_read_all_the_same(tmp_path: Path) -> None:
    content = saved(write_return(tmp_path / "a.xlsx").read_bytes(), "soon")
    cells = read_in_child(content)
    assert isinstance(cells, Cells)
    assert MODIFIED not in cells.properties


def outcome(number: int, path: str, modified: int | None, *, changed: int | None = 1, periods: tuple[str, ...] = ("2009/10",)) -> tuple[Submission, Outcome]:  # fmt: skip
    """A submission and its accepted outcome; days of May 2011 on which it was saved, and listed as changed."""
    seen, name = datetime(2011, 5, 29, 1, number, tzinfo=UTC), f"S{number:06}"
    days = [datetime(2011, 5, day, tzinfo=UTC) if day else None for day in (modified, changed)]
    sent = Submission(
        id=name,
        sequence=number,
        partner="tester",
        path=f"tester/{path}",
        digest=f"{number}",
        size=1,
        first_seen=seen,
        night=DAY,
        meta=None,
        changed=days[1],
    )
    return sent, Outcome(
        submission=name,
        partner="tester",
        collection="attainment",
        status="accepted",
        rows=1,
        findings=(),
        not_checked=(),
        periods=periods,
        table="t",
        definitions="",
        layouts="",
        validated_at=seen,
        modified=days[0],
    )


def order(*pairs: tuple[Submission, Outcome]) -> list[int]:
    submissions = {s.id: s for s, _ in pairs}
    return [submissions[o.submission].sequence for o in in_loading_order([o for _, o in pairs], submissions, {})]


def test_the_order_of_loads_changes_only_among_files_that_speak_of_one_period() -> None:
    newer, older = outcome(1, "a.xlsx", 9), outcome(2, "b.xlsx", 3)
    other = outcome(3, "c.xlsx", 1, periods=("2008/09",))
    assert order(newer, other, older) == [2, 3, 1]
    linking = outcome(4, "d.xlsx", 5, periods=("2009/10", "2008/09"))
    assert order(newer, other, older, linking) == [3, 2, 4, 1]
    assert order(outcome(1, "a.xlsx", 9), outcome(2, "a.xlsx", 3)) == [1, 2]  # sent again by one path: as it came
    legacy = [(replace(s, changed=None), o) for s, o in (outcome(1, "a.xlsx", 9), outcome(2, "b old.xlsx", 3))]
    assert order(*legacy) == [1, 2]  # as the release loaded them that took them in


def test_what_was_loaded_before_is_not_put_behind_what_came_later() -> None:
    pairs = [outcome(1, "a.xlsx", 9), outcome(2, "b.xlsx", 3)]
    submissions, outcomes = {s.id: s for s, _ in pairs}, {o.submission: (o,) for _, o in pairs}
    first, second = (o for _, o in pairs)
    loading = {first.id: datetime(2011, 5, 29, tzinfo=UTC), second.id: datetime(2011, 5, 30, tzinfo=UTC)}
    assert Precedence(submissions, outcomes, loading).counts(second)
    assert Precedence(submissions, outcomes, {}).counts(first)
