"""After a loss: whatever of store, published file, kept versions, ledger and archive is lost, alone or two of them, every
command says what mends it and does no harm, and a rebuild brings back what can be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.commands.waive import WaiverRequest, grant_waiver
from local_indicators.flows.pipeline.daytime_steps import run_between_nights
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.records.loss_detection import count_missing_files, find_losses, gather_evidence
from local_indicators.flows.recovery.approval import approve_run, roll_back_to
from local_indicators.flows.recovery.rebuild_warehouse import rebuild
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.store.connection import connect
from tests.support.places import Place
from tests.support.random_nights import Life, Rows, copied_to, differing, trusting
from tests.support.small_returns import GOOD

pytestmark = pytest.mark.long


def figures(value: float) -> Rows:
    return [*GOOD[:2], (*GOOD[2][:4], value, None, None), *GOOD[3:]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Four versions: two of nights, one that a rollback published again, one that was approved after it."""
    life = Life(Place(tmp_path_factory.mktemp("lived")))
    with trusting():
        for value in (61.0, 62.0):
            life.send(figures(value))
            life.night(change_limit_pct=100)
            shutil.copyfile(life.settings().store, life.place.root / f"store-of-{value:g}")
            shutil.copyfile(life.place.published, life.place.root / f"published-of-{value:g}")
        assert life.roll_back(1)
        life.send(figures(63.0))
        assert life.night(change_limit_pct=100).publication.state == "refused"
        assert life.approve()
    return life


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Another partnership's two versions."""
    life = Life(Place(tmp_path_factory.mktemp("another")))
    with trusting():
        for value in (11.0, 12.0):
            life.send(figures(value))
            life.night(change_limit_pct=100)
    return life


def cut(life: Life) -> None:
    """Leave of the ledger what the first night wrote of its publication."""
    path = life.place.archive / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if b'"kind":"publication"' in line)
    path.write_bytes(b"".join(lines[: first + 1]))


LOSE: dict[str, Callable[[Life], None]] = {
    "store": lambda life: life.settings().store.unlink(),
    "published": lambda life: life.place.published.unlink(),
    "kept": lambda life: shutil.rmtree(VersionArchive.beside(life.place.published).root),
    "ledger": cut,
    "tables": lambda life: next((life.place.archive / "outcomes").iterdir()).unlink(),
}


PARTS = {"store": "store", "published file": "published", "kept versions": "kept", "ledger": "ledger"}


def refusal(lost: set[str]) -> str | None:
    """What every command that writes must say; None where it can go on."""
    if "ledger" in lost:
        return r"ledger\.jsonl: .*; restore the ledger from a backup"
    if "store" in lost:
        return r"store\.duckdb: the ledger knows of version 4, and here it ends at 0; run `indicators rebuild`"
    if {"published", "kept"} <= lost:
        return r"indicators\.duckdb: is not there, and the ledger knows of version 4; run `indicators rebuild`"
    return None


COMMANDS: dict[str, Callable[[Life], object]] = {
    "nightly": lambda life: life.night(),
    "replies": lambda life: run_between_nights(life.settings(), "day", frozenset()),
    "approve": lambda life: approve_run(life.settings(), "night-3", "performance-analyst"),
    "rollback": lambda life: roll_back_to(life.settings(), 2, "performance-analyst"),
    "waive": lambda life: grant_waiver(WaiverRequest("S000001", "Figures!B6", "value.implausible", "Right", "Director", date(2099, 1, 1)), life.settings()),
}  # fmt: skip


def files(life: Life) -> dict[str, bytes]:
    """Everything that is on disk, by path, the lock left out."""
    root = life.place.root
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != "lock"}


@pytest.mark.parametrize(
    "lost", [{*some} for n in (1, 2) for some in combinations(LOSE, n)], ids=lambda one: "+".join(sorted(one))
)
def test_what_is_lost_is_told_and_not_lost_for_good(lost: set[str], lived: Life, tmp_path: Path) -> None:
    life = copied_to(lived, tmp_path)
    for part in lost:
        LOSE[part](life)
    before, says = files(life), refusal(lost)
    ledger = read_ledger(life.place.archive)
    found = {loss.part for loss in find_losses(gather_evidence(life.settings(), ledger))}
    assert {PARTS[one] for one in found} >= (lost & {"ledger"} or lost - {"tables"})
    assert bool(count_missing_files(life.place.archive, ledger)) == ("tables" in lost and "ledger" not in lost)
    if says:
        for name, command in COMMANDS.items():
            with pytest.raises(LocalIndicatorsError, match=says):
                command(life)
            assert files(life) == before, name
    else:
        with trusting():
            assert life.night().publication.state == "unchanged"
        assert differing(life, lived) == []
    if "ledger" in lost or "tables" in lost:
        now = files(life)
        with pytest.raises(LocalIndicatorsError, match="restore"):
            rebuild(life.settings(), "again", replace=True)
        assert {k: v for k, v in files(life).items() if "ledger" not in k} == {
            k: v for k, v in now.items() if "ledger" not in k
        }
        return
    assert rebuild(life.settings(), "again").succeeded
    assert differing(life, lived) == []
    assert VersionArchive.beside(life.place.published).versions().keys() == {1, 2, 3, 4}
    with trusting():
        assert life.night().publication.state == "unchanged"


WRONG_STORE: dict[str, tuple[Callable[[Life, Life], object], str]] = {
    "cut short": (lambda life, _: life.settings().store.write_bytes(life.settings().store.read_bytes()[:9000]), "cannot be opened"),
    "empty": (lambda life, _: life.settings().store.write_bytes(b""), "is empty"),
    "another partnership's": (lambda life, other: shutil.copyfile(other.settings().store, life.settings().store), "is of another archive"),
    "an older copy": (lambda life, _: shutil.copyfile(life.place.root / "store-of-61", life.settings().store), "here it ends at 1"),
}  # fmt: skip
WRONG_FILE: dict[str, tuple[Callable[[Life, Life], object], str]] = {
    "another partnership's": (lambda life, other: shutil.copyfile(other.place.published, life.place.published), "is of another archive"),
    "an older copy": (lambda life, _: shutil.copyfile(life.place.root / "published-of-62", life.place.published), "here it ends at 2"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("hurt", "file", "says"),
    [(how, "store", says) for how, says in WRONG_STORE.values()]
    + [(how, "indicators", says) for how, says in WRONG_FILE.values()],
    ids=[*(f"store {name}" for name in WRONG_STORE), *(f"file {name}" for name in WRONG_FILE)],
)
def test_a_file_that_is_not_the_one_it_was_is_told_and_made_again(
    hurt: Callable[[Life, Life], object], file: str, says: str, lived: Life, another: Life, tmp_path: Path
) -> None:
    life = copied_to(lived, tmp_path)
    hurt(life, another)
    before = files(life)
    for name, command in COMMANDS.items():
        with pytest.raises(
            LocalIndicatorsError, match=rf"{file}\.duckdb: .*{says}.*run `indicators rebuild --replace`"
        ):
            command(life)
        assert files(life) == before, name
    assert rebuild(life.settings(), "again", replace=True).succeeded
    assert differing(life, lived) == []


def test_an_archive_of_another_partnership_is_refused_and_nothing_is_made_from_it(
    lived: Life, another: Life, tmp_path: Path
) -> None:
    life = copied_to(lived, tmp_path)
    shutil.rmtree(life.place.archive)
    shutil.copytree(another.place.archive, life.place.archive)
    before = files(life)
    commands: list[Callable[[Life], object]] = [*COMMANDS.values()]
    commands.append(lambda life: rebuild(life.settings(), "again", replace=True))
    for command in commands:
        with pytest.raises(
            LocalIndicatorsError, match=r"ledger\.jsonl: .* another archive; see that INDICATORS_ARCHIVE"
        ):
            command(life)
    assert files(life) == before


def test_a_rollback_still_holds_publication_when_what_is_kept_is_lost(lived: Life, tmp_path: Path) -> None:
    life = copied_to(lived, tmp_path)
    assert life.roll_back(2)
    shutil.rmtree(VersionArchive.beside(life.place.published).root)
    life.send(figures(64.0))
    with trusting():
        report = life.night(change_limit_pct=100)
    assert report.publication.state == "refused"
    assert "after a rollback" in str(report.publication.verdict.reasons)


def test_a_store_that_a_crash_left_with_its_log_is_whole(lived: Life, tmp_path: Path) -> None:
    life = copied_to(lived, tmp_path)
    store = life.settings().store
    with connect(str(store)) as con:
        con.execute("SET checkpoint_threshold = '1TB'")
        con.execute("PRAGMA disable_checkpoint_on_shutdown")
        con.execute("CREATE TABLE later AS SELECT 1 AS one")
    assert store.with_name("store.duckdb.wal").exists()
    assert find_losses(gather_evidence(life.settings(), read_ledger(life.place.archive))) == ()
    assert store.with_name("store.duckdb.wal").exists()
