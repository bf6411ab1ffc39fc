"""Child processes that die, hang or run out of memory cost their own file and no other."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import time
from functools import partial
from operator import itemgetter

import pytest

from local_indicators.common.errors import LocalIndicatorsError, ReaderError, StorageError
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.sandbox import reader_processes as reading
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader, ReaderPool
from local_indicators.schemas.findings import Finding
from tests.support.broken_workbooks import ROW, workbook
from tests.support.places import HOME
from tests.support.raw_workbooks import ods, xlsx

HOSTILE_JOBS = """
import os, sys, time, types
from local_indicators.inputs.sandbox import child_process
jobs = types.ModuleType("jobs")
jobs.answers = lambda body: b"k"
jobs.dies = lambda body: os.abort()
jobs.hangs = lambda body: time.sleep(60)
jobs.works = lambda body: [x for x in iter(int, 1)]
jobs.fills_memory = lambda body: bytes(10**10)
jobs.crashes = lambda body: os.kill(os.getpid(), 11)
sys.modules["jobs"] = jobs
child_process.serve_requests(1_000_000_000, 1)
"""


def bomb() -> bytes:
    """A sheet that unpacks to far more than it says."""
    content = bytearray(xlsx(ROW, more={"xl/media/image1.png": bytes(3_000_000)}))
    at = content.find(b"PK\x01\x02", content.find(b"xl/media/image1.png") + 1)
    while b"image1" not in content[at : at + 100]:
        at = content.find(b"PK\x01\x02", at + 1)
    content[at + 24 : at + 28] = struct.pack("<I", 2_000_000_000)
    return bytes(content)


def test_a_bomb_is_a_finding_and_the_next_file_is_read() -> None:
    good = workbook(A1="fine")
    with ReaderPool(Limits()) as readers:
        answers = [answer for _, answer in sorted(filter(None, readers.read([bomb, lambda: good])), key=itemgetter(0))]
    assert isinstance(answers[0], Finding)
    assert answers[0].rule == "return.too-large"
    assert "2,00" in answers[0].found
    assert isinstance(answers[1], Cells)


def test_a_file_is_not_blamed_for_a_child_that_died_before_it_was_asked() -> None:
    good = workbook(A1="fine")
    with Reader(Limits()) as reader:
        for _ in range(2):
            assert isinstance(reader.read(good), Cells)
            assert reader._child is not None
            reader._child.kill()
            reader._child.wait()


def in_child(script: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=HOME
    )


@pytest.mark.parametrize(
    ("job", "rule", "words"),
    [
        ("dies", "return.too-large", "MB"),
        ("hangs", "return.too-large", "seconds"),
        ("works", "return.too-large", "seconds"),
        ("fills_memory", "return.too-large", "MB"),
        ("crashes", "return.unsafe", "crash"),
    ],
)
def test_a_child_that_dies_or_overruns_is_a_finding_and_the_next_file_is_read(
    job: str, rule: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_started", lambda _: in_child(HOSTILE_JOBS))
    with Reader(Limits(seconds=1)) as reader:
        found = reader.run(f"jobs:{job}", b"", b"")
        assert isinstance(found, Finding)
        assert (found.rule, words in found.found) == (rule, True)
        assert reader.run("jobs:answers", b"", b"") == b"k"


def test_a_child_that_cannot_start_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_started", lambda _: in_child("raise MemoryError"))
    with Reader(Limits()) as reader, pytest.raises(ReaderError, match="memory"):
        reader.read(b"a,b\n1,2\n")


@pytest.mark.parametrize(
    "content",
    [b"a,b,c\n" * 400, xlsx("".join(f'<row r="{n}"><c r="C{n}"><v>1</v></c></row>' for n in range(1, 401))),
     ods('<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" office:value="1"/></table:table-row>')],
    ids=["csv", "xlsx", "ods"],
)  # fmt: skip
def test_more_cells_than_the_limit_are_a_finding(content: bytes) -> None:
    with Reader(Limits(cells=1000)) as reader:
        found = reader.read(content)
        assert isinstance(found, Finding)
        assert (found.rule, "1,000" in found.found) == ("return.too-large", True)
        assert isinstance(reader.read(content[:0] + b"a,b\n1,2\n"), Cells)


def test_too_many_bytes_are_refused_unread() -> None:
    with Reader(Limits(file_bytes=1000)) as reader:
        found = reader.read(b"x" * 2000)
        assert isinstance(found, Finding)
        assert found.rule == "return.too-large"
        assert reader._child is None


def test_a_slow_file_holds_up_nothing_but_its_own_answer() -> None:
    """While the first is not there yet, all others come; and no more than may wait are read before they are asked for."""
    opened: list[int] = []
    let_go = threading.Event()

    def content(number: int) -> bytes:
        opened.append(number)
        if number == 0:
            assert let_go.wait(60)
        return b"a,b\n%d,2\n" % number

    with ReaderPool(Limits()) as readers:
        answers = readers.read([partial(content, number) for number in range(200)])
        came = [one for one in (next(answers),) if one]
        time.sleep(0.2)
        assert len(opened) <= reading.FILES_AHEAD + 3
        while len(came) < 199:
            came += [one for one in (next(answers),) if one]
        assert next(answers) is None  # whoever waits is told that nothing comes
        let_go.set()
        came += [answer for answer in answers if answer]
    assert [number for number, _ in came][-1] == 0
    assert sorted(number for number, _ in came) == list(range(200))
    for number, answer in came:
        assert isinstance(answer, Cells)
        assert answer.sheets[0].cell(1, 0) == str(number)


@pytest.mark.parametrize("where", ["opening", "starting"])
def test_our_own_fault_ends_the_reading_of_many(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a child's thread meets comes to whoever waits for the file, and nobody waits for ever."""
    if where == "starting":
        monkeypatch.setattr(reading, "_started", lambda _: in_child("raise MemoryError"))

    def gone() -> bytes:
        if where == "opening":
            raise StorageError("archive", "is gone")
        return b"a,b\n1,2\n"

    with pytest.raises(LocalIndicatorsError), ReaderPool(Limits()) as readers:
        list(readers.read([gone] * 5))
