"""The ledger's entries: what is written stays the same bytes, what earlier releases wrote is read, anything else fails."""

from __future__ import annotations

import zipfile
from pathlib import Path

import orjson
import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.records.ledger_entries import KINDS, read_entry
from tests.support.places import HOME

RELEASES = sorted((HOME / "tests" / "contract" / "releases").glob("*.zip"))
AT = '"at":"2011-05-01T02:00:00.000007+00:00"'
WRITTEN = (
    '{"kind":"submission","id":"S000001","sequence":1,"partner":"p","path":"p/a.xlsx","digest":"d","size":1,'
    '"first_seen":"2011-05-01T02:00:00+00:00","night":"2011-05-01","meta":null,"changed":null}',
    '{"kind":"again","path":"p/b.xlsx","submission":"S000001",' + AT + "}",
    '{"kind":"outcomes","submission":"S000001","outcomes":[{"submission":"S000001","partner":"p","collection":"c",'
    '"status":"rejected","rows":2,"findings":[{"rule":"cell.blank","severity":"error","sheet":"One","cell":"B6",'
    '"cells":["B6"],"field":"value","found":"","expected":"a number","fix":"Type it."}],"not_checked":["history"],'
    '"periods":["2009/10"],"table":null,"definitions":"d","layouts":"l","judged_at":"2011-05-01T02:00:00+00:00",'
    '"judgement":1,"modified":null}]}',
    '{"kind":"waiver","waivers":[{"id":"W000001","waiver":{"collection":"c","key":["i","1"],"rule":"value.implausible",'
    '"field":"value","value":5.5,"reason":"r","approved_by":"b","until":"2011-09-30"},"submission":"S000001",'
    '"sheet":"One","cell":"B6","granted_at":"2011-05-01T02:00:00+00:00"}]}',
    '{"kind":"lapse","waiver":"W000001","submission":"S000002",' + AT + "}",
    '{"kind":"message","id":"m","recipient":"partner/p","to":"a@example.org","file":"m.eml","news":["receipt/x"],'
    '"night":"2011-05-01",' + AT + "}",
    '{"kind":"delivery","message":"m","state":"sent",' + AT + "}",
    '{"kind":"delivery","message":"m","state":"superseded",' + AT + ',"detail":"late","superseded":["receipt/x"]}',
    '{"kind":"asked","what":"approved","run":"r1","by":"analyst",' + AT + "}",
    '{"kind":"asked","what":"rolled-back","to":3,"definitions":"d","by":"analyst",' + AT + "}",
    '{"kind":"decision","what":"approved","run":"r1","data_version":4,"by":"analyst",' + AT + "}",
    '{"kind":"decision","what":"rolled-back","to":3,"definitions":"d","data_version":5,"by":"analyst",' + AT + "}",
    '{"kind":"loading","outcomes":["S000001/c"],' + AT + "}",
    '{"kind":"night","run":"r1","today":"2011-05-01",' + AT + ',"definitions":"d","partners":{"p":"l"},'
    '"has_examples":false,"release":"1.0"}',
    '{"kind":"publication","run":"r1",' + AT + ',"state":"published","data_version":4}',
    '{"kind":"set-aside","run":"r1",' + AT + ',"left_out":[{"submission":"S000001","collection":"c","judgement":1,'
    '"faults":[{"rule":"g","says":"must hold","cells":["One!B6"]}]}]}',
    '{"kind":"release","outcome":"S000001/c","by":"analyst",' + AT + "}",
    '{"kind":"past","tables":{"t":"t.parquet"},"versions":{"1":"2011-05-01T02:00:00+00:00"}}',
    '{"kind":"rebuilt","data_version":4,"differing_rows":0,' + AT + "}",
    '{"kind":"ledger","version":3,"adopted":0,"digest":"e3"}',
)


@pytest.mark.parametrize("line", WRITTEN, ids=lambda line: orjson.loads(line)["kind"])
def test_an_entry_is_written_as_it_always_was(line: str) -> None:
    assert orjson.dumps(read_entry(orjson.loads(line)).as_record()) == line.encode()


def test_every_kind_is_among_them() -> None:
    assert {orjson.loads(line)["kind"] for line in WRITTEN} == KINDS


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_what_an_earlier_release_wrote_is_read(release: Path) -> None:
    with zipfile.ZipFile(release) as whole:
        lines = whole.read("archive/ledger.jsonl").splitlines()
    for line in lines:
        read_entry(orjson.loads(line))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"kind":"ledger","version":99}', "line 2: was written by a newer release: it is of version 99"),
        ('{"kind":"forecast"}', "line 2: was written by a newer release: this release knows no entry of the kind"),
        ('{"kind":"again","path":"p/b.xlsx"}', "line 2: is damaged"),
        ('{"kind":"release","outcome":"o","by":"b",' + AT + ',"more":1}', "line 2: is damaged"),
        ('["kind"]', "line 2: is damaged"),
    ],
)
def test_what_this_release_does_not_know_is_refused_by_its_line(line: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text(f"{WRITTEN[0]}\n{line}\n", encoding="utf-8")
    with pytest.raises(StorageError) as refused:
        read_ledger(tmp_path)
    assert reason in str(refused.value)
