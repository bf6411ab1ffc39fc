"""Many returns of one night: what becomes of one depends on no other, and nobody waits for another's slow file."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_indicators.common.json_records import as_record
from local_indicators.flows.checking import staging, validate_files
from local_indicators.flows.checking.staging import ValidationContext
from local_indicators.flows.checking.validate_files import validate_each_file
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.load_step import load
from local_indicators.flows.pipeline.night_steps import collect
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.run_context import prepare_run
from local_indicators.inputs.layouts.partner_layouts import Layout, load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.inputs.sandbox import reader_processes as reading
from local_indicators.inputs.sandbox.reader_processes import Limits, ReaderPool
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import KEY, PAYLOAD, CheckContext, TidyTable
from local_indicators.schemas.submissions import Submission
from local_indicators.schemas.validation.check_tables import check
from local_indicators.schemas.validation.completeness import FEW
from tests.support.places import HOME, TODAY, Place
from tests.support.small_returns import BUSY_HEADINGS, BUSY_PARTNER, GOOD, busy_rows, write_partner, write_return

# -- what is checked together ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory, definitions: Definitions) -> Layout:
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(BUSY_PARTNER, encoding="utf-8")
    return load_partners(definitions, folder)["tester"].layouts[0]


def table_of(rows: Sequence[Sequence[Any]], layout: Layout) -> TidyTable:
    return parse(Cells("xlsx", (Sheet("Figures", [list(row) for row in rows]),)), layout, "figures.xlsx")[0]


def without_companions(definitions: Definitions) -> list[list[Any]]:
    """Many figures whose companions all stand under a wrong year."""
    councils = (a for a in definitions.geography.areas if a.area_type == "Local authority")
    areas = [a.area_code for a in councils if a.valid_to is None and (a.valid_from or date.min) < date(2009, 4, 2)][:50]
    years = ("2008", "2009", "2010")
    neet = [["NEET", area, year, "reported", None, None, 4.1] for area in areas for year in years]
    return [list(BUSY_HEADINGS), *neet, *(["Not known", area, "2007", "reported", None, None, 8] for area in areas)]


def known(tables: Sequence[TidyTable], collection: str) -> pl.DataFrame:
    """What was accepted before, were it these tables."""
    rows = (
        pl.concat([table.frame for table in tables])
        .filter("keyed")
        .unique(list(KEY), keep="first", maintain_order=True)
    )
    about = (
        pl.lit(collection).alias("collection"),
        pl.lit("before.xlsx").alias("source_file"),
        pl.lit("A1").alias("cell"),
        pl.lit("tester").alias("partner"),
    )
    return rows.select(*KEY, *PAYLOAD, "sheet", *about)


WRONG = ("about 5", -3, 167, None, 1e9, "2009/10", "England", "Nowhere", "2050", "Academies", 12.5)
SEED = 20110531


class Returns:
    """Returns with all kinds of mistakes, what was known before they came, and what is found in each by itself."""

    def __init__(self, layout: Layout, definitions: Definitions) -> None:
        chance, many = random.Random(SEED), without_companions(definitions)  # noqa: S311
        self.tables = [table_of(many, layout), table_of(many[:-3], layout)]
        for number in range(6):
            rows = busy_rows()[: 60 - 3 * number]
            for _ in range(4):
                rows[chance.randrange(1, 40)][chance.choice((0, 1, 2, 5, 6, 7))] = chance.choice(WRONG)
            self.tables.append(table_of(rows, layout))
        clean = table_of(busy_rows(), layout)
        moved = replace(clean, frame=clean.frame.with_columns(pl.col("value") + 1))
        self.definitions = definitions
        self.context = CheckContext(
            TODAY,
            known([clean], "figures"),
            known([moved], "other").with_columns(pl.lit(0.0).alias("tolerance")),
        )
        self.alone = [self.found([number])[0] for number in range(len(self.tables))]

    def found(self, numbers: Sequence[int]) -> list[list[Finding]]:
        return check([self.tables[number] for number in numbers], self.definitions, self.context)


@pytest.fixture(scope="module")
def returns(layout: Layout, definitions: Definitions) -> Returns:
    return Returns(layout, definitions)


@pytest.mark.long
@settings(max_examples=12)
@given(st.permutations(range(8)), st.sampled_from((1, 2, 3, 8)))
def test_what_is_found_in_a_return_does_not_depend_on_which_are_checked_with_it(
    returns: Returns, order: list[int], size: int
) -> None:
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        for number, found in zip(batch, returns.found(batch), strict=True):
            assert found == returns.alone[number]


def test_the_returns_have_what_could_depend_on_others(returns: Returns) -> None:
    rules = {one.rule for found in returns.alone for one in found}
    assert rules > {"companion.missing", "key.withdrawn", "key.differs", "row.missing", "key.duplicate"}
    lacking = [one for found in returns.alone[:2] for one in found if one.rule == "companion.missing"]
    assert min(map(len, [returns.alone[0], returns.alone[1]])) < FEW < len(lacking)
    assert any(len(one.cells) > 1 for one in lacking)


# -- whole nights -----------------------------------------------------------------------------------------------------

PARTNERS = ("alpha", "beta", "gamma")


@pytest.fixture
def senders(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with three partners, who send many returns each."""
    for name in PARTNERS:
        folder = write_partner(place.root / "partners", name)
    monkeypatch.setenv("INDICATORS_PARTNERS", str(folder))
    return place


def send(place: Place, partner: str, number: int, rows: Sequence[Sequence[Any]] = GOOD) -> None:
    write_return(place.inbox / partner / f"attainment-{number}.xlsx", rows, title=f"Return {partner} {number}")


def night_up_to_load(place: Place, **other: Any) -> None:
    night = prepare_run(place.settings(**other), "test")
    for step in (collect, validate, load):
        step(night)


def recorded(place: Place) -> list[dict[str, Any]]:
    """Every outcome of the ledger, without the times at which it was judged and its workbook saved."""
    return [
        {**as_record(outcome), "judged_at": None, "modified": None}
        for outcome in read_ledger(place.archive).recorded_outcomes
    ]


CENTRES = ("Nottingham", "Centres", "2011", "reported", 4000, None, None)
WORDS = ("--reason", "Counted with outreach sites", "--by", "Head of early years", "--until", "2011-09-30")


@pytest.mark.long
def test_a_night_comes_to_the_same_however_it_is_cut_into_batches(
    senders: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among the returns are some that a waiver lets through, one that ends it, and one that comes after that."""
    came: list[list[dict[str, Any]]] = []
    for size in (1, 3, 1000):
        monkeypatch.setattr(validate_files, "BATCH_FILES", size)
        place = Place(senders.root / str(size))
        where = {"INBOX": place.inbox, "WAREHOUSE": place.published, "OUTBOX": place.outbox, "ARCHIVE": place.archive}
        for name, path in {**where, "TODAY": TODAY}.items():
            monkeypatch.setenv(f"INDICATORS_{name}", str(path))
        for name in PARTNERS:
            send(place, name, 0, (*GOOD, CENTRES))
        night_up_to_load(place)
        assert main(["waive", "S000001", "Figures!E9", "value.implausible", *WORDS]) == 0
        for name in PARTNERS:
            send(place, name, 1, (*GOOD, CENTRES))
            send(place, name, 2, (*GOOD[:2], (*GOOD[2][:4], "about 67", None, None)))
            send(place, name, 3, (*GOOD[1:], (*CENTRES[:4], 3900, None, None)))
            send(place, name, 4, (*GOOD, CENTRES))
        night_up_to_load(place)
        came.append(recorded(place))
    assert came[0] == came[1] == came[2]
    let_through, refused = "accepted-with-warnings", "rejected"
    alpha = [one["status"] for one in came[0] if one["partner"] == "alpha"]
    assert alpha == [refused, let_through, let_through, refused, refused, refused]
    assert [one["status"] for one in came[0] if one["partner"] == "beta"] == [refused] * 5


def waits_until(let_go: threading.Event, digest: str, content: Callable[..., bytes]) -> Callable[..., bytes]:
    def slow(self: Archive, of: str, most: int = -1) -> bytes:
        if of == digest:
            assert let_go.wait(60)
        return content(self, of, most)

    return slow


def test_nobody_waits_for_another_partners_slow_file(senders: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first file is not read until every other is judged; a partner's many are read by turns with the others'."""
    for number in range(12):
        send(senders, "alpha", number)
    send(senders, "beta", 1, [("Nowhere", *GOOD[0][1:])])  # one with a marked-up copy
    send(senders, "gamma", 1)
    night = prepare_run(senders.settings(), "test")
    first, *others = collect(night)
    let_go, before = threading.Event(), list[str]()
    monkeypatch.setattr(Archive, "read_content", waits_until(let_go, first.digest, Archive.read_content))

    def watched(folder: Path, submissions: Sequence[Submission], desk: ValidationContext) -> Iterator[str]:
        assert [submission.partner for submission in submissions[:4]] == ["alpha", "beta", "gamma", "alpha"]
        for name in staging.stage_submissions(folder, submissions, desk):
            if name != first.id:
                assert not night.ledger.outcomes  # the ledger is filled in the order in which they came
                before.append(name)
            if len(before) == len(others):
                let_go.set()
            yield name

    validate(replace(night, stage_submissions=watched))
    assert sorted(before) == sorted(other.id for other in others)
    assert list(night.ledger.outcomes) == [first.id, *(other.id for other in others)]


SCRIPT = """
import os, time
from local_indicators.inputs.sandbox import child_process
ends = {b"HANG": lambda: time.sleep(600), b"DIE!": os.abort, b"EAT!": lambda: bytes(10**10)}
read = child_process.read_cells
def reading(body):
    for word, end in ends.items():
        if word in body: end()
    return read(body)
child_process.read_cells = reading
child_process.serve_requests(1_000_000_000, 5)
"""


def in_child(limits: Limits) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=HOME
    )


@pytest.mark.long
def test_files_that_hang_die_or_eat_memory_are_answered_and_so_are_the_others(
    senders: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_started", in_child)
    for word in ("HANG", "DIE!", "EAT!"):
        path = senders.inbox / "alpha" / f"{word[:3]}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"a,b\n{word},1\n", encoding="utf-8")
    for name in PARTNERS:
        send(senders, name, 1)
    report = senders.night(max_seconds=5)
    said = {line.path: line.status for line in report.returns}
    assert said == {path: "rejected" if path.endswith("csv") else "accepted" for path in said}
    rules = [f.rule for outcome in read_ledger(senders.archive).recorded_outcomes for f in outcome.findings]
    assert rules == ["return.too-large"] * 3
    assert {name for name in PARTNERS for _ in senders.outbox.glob(f"*-{name}-*.eml")} == set(PARTNERS)


def test_an_interrupted_night_keeps_what_it_had_judged(senders: Place) -> None:
    for name in PARTNERS:
        for number in range(3):
            send(senders, name, number)
    night = prepare_run(senders.settings(), "one")
    collect(night)

    def broken_off(folder: Path, submissions: Sequence[Submission], desk: ValidationContext) -> Iterator[str]:
        in_order = sorted(submissions, key=lambda one: one.sequence)
        yield from staging.stage_submissions(folder, in_order[:7], desk)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate(replace(night, stage_submissions=broken_off))
    kept = list(read_ledger(senders.archive).outcomes)
    assert 0 < len(kept) < 9
    senders.night("two")
    assert list(read_ledger(senders.archive).outcomes) == [f"S{number:06d}" for number in range(1, 10)]
    assert len(read_ledger(senders.archive).recorded_outcomes) == 9
    assert not list((senders.archive / "staging").iterdir())
    assert not list((senders.archive / "holding").iterdir())


def test_no_more_tables_are_held_than_a_batch_has(
    senders: Place, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: weakref.WeakSet[TidyTable] = weakref.WeakSet()
    most = 0

    def watched(*what: Any) -> Any:
        nonlocal most
        table, found = parse(*what)
        held.add(table)
        most = max(most, len(held))
        return table, found

    monkeypatch.setattr(validate_files, "parse", watched)
    monkeypatch.setattr(validate_files, "BATCH_FILES", 3)
    partners = load_partners(definitions, senders.root / "partners")
    content = write_return(senders.root / "attainment.xlsx").read_bytes()
    arrivals = [(Origin("alpha", "alpha/attainment.xlsx", TODAY), lambda: content)] * 20
    judged = 0
    with ReaderPool(Limits()) as readers:
        for one in validate_each_file(arrivals, partners, definitions, CheckContext(TODAY), readers):
            judged += one is not None
            del one
    assert judged == 20
    assert 0 < most <= 3
