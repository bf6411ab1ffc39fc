"""Interruptions other than a kill: each is played on a copy of one prepared night, then put right, and the next night
must end as an uninterrupted one does.

`python -m tests.resilience.crash.scenes` plays all of them, or those that are named, in one process that forks a child for each
night; it prints a line of JSON for each: the exit code of the interrupted command, the line that its user is told, and in
what the end differs from that of an uninterrupted night.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import re
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_indicators.warehouse.publication import publish_attempt
from local_indicators.warehouse.store.attached_files import connect_with_files
from tests.resilience.crash.nights import Prepared, asked, forked, prepared
from tests.resilience.crash.program import main as program
from tests.resilience.crash.state import state_of, unlike
from tests.resilience.crash.stops import Stop, described
from tests.resilience.crash.stops import lay as lay_stop
from tests.resilience.crash.town import copied, environment
from tests.support.places import Place

Break = Callable[[Place], None]


@dataclass(frozen=True)
class Ended:
    """How an interrupted command ended: its exit code (less than 0: the signal), and the last line for its user."""

    code: int
    line: str


@dataclass(frozen=True)
class Scene:
    """An interruption. `hurt` is done to the place before the night, `within` in the process of the night; `mend` puts it right. `code`
    and `says` are what the user must be told, `also` what must hold of the place besides."""

    code: int
    says: str
    within: Break = lambda _: None
    hurt: Break = lambda _: None
    mend: Break = lambda _: None
    also: Callable[[Place], list[str]] = lambda _: []
    publishes: bool = False


def command(place: Place, of: Prepared, within: Break, words: Sequence[str] = ("nightly",)) -> Ended:
    """A command of the program, with the night's steps run without Prefect, in a process of its own."""
    out = place.root.with_name("said")

    def run() -> int:
        os.environ.update(environment(place, of.night))
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        within(place)
        return program(words)

    child, pipe = forked(run)
    with os.fdopen(pipe, "rb") as file:
        answer = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = int(pickle.loads(answer)) if answer else code  # noqa: S301
    said = out.read_text("utf-8", "replace").strip().splitlines()
    return Ended(code, said[-1] if said else "")


# -- what goes wrong --------------------------------------------------------------------------------------------------


def failing(number: int, of: str, *calls: str, nth: int = 1, ever_after: bool = True) -> Break:
    """System calls about paths that fail with an error number, from the nth on."""
    left, wanted = [nth], re.compile(of)

    def lay(_: Place) -> None:
        for name in calls:
            setattr(os, name, wrapped(getattr(os, name)))

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def failing_call(*args: Any, **named: Any) -> Any:
            if wanted.search(described(*args)):
                left[0] -= 1
                if left[0] == 0 or (left[0] < 0 and ever_after):
                    raise OSError(number, os.strerror(number))
            return call(*args, **named)

        return failing_call

    return lay


def no_larger_than(size: int) -> Break:
    """No file may grow beyond a size, as on a disk that is full; what is larger already can still be read."""

    def lay(_: Place) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return lay


def told_to_end(call: str, nth: int = 1) -> Break:
    """SIGTERM at a call of one of the program's functions."""

    def lay(_: Place) -> None:
        lay_stop(Stop("told to end", call, when="before", nth=nth), lambda: os.kill(os.getpid(), signal.SIGTERM))

    return lay


def child_killed(times: int) -> Break:
    """The process that reads returns is killed from outside so many times, each while it holds a file."""
    left = [times]

    def lay(_: Place) -> None:
        from local_indicators.inputs.sandbox import reader_processes

        exchange = reader_processes._exchange

        def killing(child: Any, request: bytes, answers: Any) -> None:
            if request and left[0] > 0:
                left[0] -= 1
                child.kill()
            exchange(child, request, answers)

        reader_processes._exchange = killing

    return lay


def clock_back(hours: int) -> Break:
    """The machine's clock says an earlier time than it did."""

    def lay(_: Place) -> None:
        def earlier() -> datetime:
            return datetime.now(UTC) - timedelta(hours=hours)

        from local_indicators.flows import settings

        for module in list(sys.modules.values()):
            if getattr(module, "now", None) is settings.now and module is not settings:
                module.now = earlier  # type: ignore[attr-defined]

    return lay


def as_of_is_right(place: Place) -> list[str]:
    """Every version's instant is later than that of the one before, and as_of shows at each what that version showed."""
    published = place.ask("SELECT data_version, published_at FROM mart.publications ORDER BY data_version")
    instants = [at for _, at in published]
    wrong = [] if len(set(instants)) == 2 and instants == sorted(instants) else [f"published at {instants}"]
    figures = "SELECT indicator_id, area_code, time_period, breakdown, value, submission, cell FROM"
    for version, at in published:
        with connect_with_files(kept=place.published.parent / "kept" / f"indicators-v{version}.duckdb") as con:
            shown = con.execute(f"{figures} kept.mart.observations ORDER BY ALL").fetchall()
        told = place.ask(f"{figures} mart.as_of(TIMESTAMP '{at}') ORDER BY ALL")
        wrong += [] if told == shown else [f"as_of shows {len(told)} rows of version {version}, which had {len(shown)}"]
    return wrong


def only_judged(place: Place, of: Prepared) -> None:
    """Have a night end when everything is judged and nothing is loaded."""
    command(
        place, of, lambda _: lay_stop(Stop("judged", "local_indicators.warehouse.store.loading.load", when="before"))
    )


def moved(path: Path, to: Path) -> None:
    path.rename(to)


def torn(path: Path, keep: float) -> None:
    """Leave only the first part of a file, and the whole beside the place."""
    content = path.read_bytes()
    (path.parent / f".whole-{path.name}").write_bytes(content)
    path.write_bytes(content[: int(len(content) * keep)])


def whole_again(path: Path) -> None:
    (path.parent / f".whole-{path.name}").replace(path)


def scenes(of: Prepared) -> dict[str, Scene]:
    """Every interruption, by name."""

    def table(place: Place) -> Path:
        return place.archive / "outcomes" / "S000007-one-attainment.parquet"

    def waived(place: Place) -> Path:
        lines = (place.archive / "ledger.jsonl").read_text("utf-8").splitlines()
        digest = next(line["digest"] for line in map(json.loads, lines) if line.get("id") == "S000001")
        return place.archive / "files" / str(digest)

    def without_waived(place: Place) -> None:
        gone(waived)(place)
        (place.inbox / "five" / "attainment.xlsx").unlink()  # from where it would be taken in again

    def store(place: Place) -> Path:
        return place.published.parent / "store.duckdb"

    def gone(path: Callable[[Place], Path]) -> Break:
        return lambda place: moved(path(place), place.root / "aside")

    def back(path: Callable[[Place], Path]) -> Break:
        return lambda place: moved(place.root / "aside", path(place))

    def judged_then(hurt: Break) -> Break:
        def judge_then_hurt(place: Place) -> None:
            only_judged(place, of)
            hurt(place)

        return judge_then_hurt

    def append_half_a_line(place: Place) -> None:
        with (place.archive / "ledger.jsonl").open("ab") as file:
            file.write(b'{"kind":"submission","id":"S0000')

    def damage_a_line(place: Place) -> None:
        path = place.archive / "ledger.jsonl"
        torn(path, 1)
        path.write_bytes(path.read_bytes().replace(b'{"kind":"outcomes"', b'{"kind":"outco\0es"', 1))

    full, denied = "No space left on device", "Permission denied"
    return {
        "SIGTERM while returns are judged": Scene(4, "stopped; the next night goes on", told_to_end("local_indicators.flows.pipeline.validate_step._record_outcomes", 3)),
        "SIGTERM while the store is loaded": Scene(4, "stopped; the next night goes on", told_to_end("local_indicators.warehouse.store.loading._withdraw", 2)),
        "SIGTERM between rename and record": Scene(4, "stopped; the next night goes on", told_to_end("local_indicators.warehouse.publication.publish._remember", 2), publishes=True),
        "disk full at the ledger": Scene(4, rf"ledger\.jsonl: the ledger cannot be written \({full}\)", failing(errno.ENOSPC, r"ledger\.jsonl", "write", nth=4)),
        "disk full at a ledger's sync": Scene(4, rf"the ledger cannot be written \({full}\)", failing(errno.ENOSPC, r"ledger\.jsonl", "fsync", nth=6)),
        "disk full in holding": Scene(4, rf"the archive cannot be written \({full}\)", failing(errno.ENOSPC, r"holding/", "fsync", nth=3)),
        "disk full in the archive": Scene(4, rf"archive/.*cannot be written \({full}\)", failing(errno.ENOSPC, r"\.parquet", "fsync", nth=2)),
        "disk full at the verdict": Scene(4, rf"cannot be published .*{full}", failing(errno.ENOSPC, r"/kept/", "fsync")),
        "disk full in the outbox": Scene(4, rf"outbox: cannot be written \({full}\)", failing(errno.ENOSPC, r"\.eml", "fsync", nth=2), publishes=True),
        "disk full for the store": Scene(4, r"(store|indicators)\.duckdb: .*cannot be (written|opened|published).* disk is not full", no_larger_than(40_000)),
        "disk full for the candidate": Scene(4, r"indicators\.duckdb: cannot be published \(see that the disk is not full", no_larger_than(4_000_000)),
        "permission lost on the archive": Scene(4, rf"(archive|ledger).* cannot be written \({denied}\)", failing(errno.EACCES, r"archive/", "replace", "write", nth=9)),
        "permission lost on the warehouse": Scene(4, rf"cannot be published .*{denied}", failing(errno.EACCES, r"/warehouse/", "replace", "link", "rename", "fsync")),
        "permission lost after the rename": Scene(4, rf"cannot be published .*{denied}", failing(errno.EACCES, r"/warehouse/kept|/warehouse/exports", "link", "rename"), publishes=True),
        "permission lost on the outbox": Scene(4, rf"outbox: cannot be written \({denied}\)", failing(errno.EACCES, r"outbox/", "replace", nth=2), publishes=True),
        "a reading child is killed once": Scene(0, "", child_killed(1)),
        "reading children are killed": Scene(4, r"the process that reads files: was killed, .*out of memory", child_killed(99)),
        "the clock is moved back": Scene(0, r"", clock_back(30), also=as_of_is_right),
        "a table is gone": Scene(4, r"S000007-one-attainment\.parquet: is missing or damaged; restore it", hurt=judged_then(gone(table)), mend=back(table)),
        "a table is torn": Scene(4, r"S000007-one-attainment\.parquet: is missing or damaged; restore it", hurt=judged_then(lambda p: torn(table(p), 0.6)), mend=lambda p: whole_again(table(p))),
        "a file to be judged again is gone": Scene(4, r"the file with digest \w{12}… is missing; restore it", hurt=without_waived, mend=back(waived)),
        "the ledger's last line is torn": Scene(0, "", hurt=append_half_a_line),
        "a line of the ledger is damaged": Scene(4, r"ledger\.jsonl: line \d+: is damaged .*; restore the ledger", hurt=damage_a_line, mend=lambda p: whole_again(p.archive / "ledger.jsonl")),
        "the published file is empty": Scene(4, r"indicators\.duckdb: .*(restore it from a backup|remove it)", hurt=lambda p: torn(p.published, 0), mend=lambda p: whole_again(p.published), publishes=True),
        "the published file is gone": Scene(0, "", hurt=lambda p: p.published.unlink()),
        "the published file is cut short": Scene(4, r"indicators\.duckdb: .*(restore it from a backup|remove it)", hurt=lambda p: torn(p.published, 0.3), mend=lambda p: whole_again(p.published), publishes=True),
        "the store is empty": Scene(4, r"store\.duckdb: is empty; restore it from a backup", hurt=lambda p: torn(store(p), 0), mend=lambda p: whole_again(store(p))),
        "the store is cut short": Scene(4, r"store\.duckdb: .*restore it from a backup", hurt=lambda p: torn(store(p), 0.3), mend=lambda p: whole_again(store(p))),
    }  # fmt: skip


def played(name: str, scene: Scene, of: Prepared, root: Path) -> dict[str, Any]:
    """Play a scene, put it right, run the next night; what was told and what is wrong."""
    place = copied(of.before, root / "scene")
    scene.hurt(place)
    shown = place.published.read_bytes() if place.published.exists() else b""
    ended = command(place, of, scene.within)
    wrong = []
    if ended.code and not scene.publishes and place.published.read_bytes() != shown:
        wrong.append("the published file has changed")  # the interruption came before the rename
    if ended.code != scene.code or not re.search(scene.says, ended.line) or (ended.code and "\n" in ended.line):
        wrong.append(f"ended with {ended.code}: {ended.line}")
    scene.mend(place)
    again = command(place, of, lambda _: None)
    if again.code != 0:
        wrong.append(f"the next night ended with {again.code}: {again.line}")
    else:
        wrong += unlike(asked(lambda: state_of(place.root)), of.after)
    wrong += [] if wrong else asked(lambda: scene.also(place))
    return {"scene": name, "code": ended.code, "line": ended.line, "wrong": wrong}


def main(names: Sequence[str]) -> int:
    from local_indicators.flows.commands import waive  # noqa: F401
    from local_indicators.flows.pipeline import night_steps  # noqa: F401  imported here once, not in each night
    from local_indicators.warehouse.gate.gate import Verdict

    # the gate has tests of its own, and it is most of a night's time
    vars(publish_attempt)["judge_candidate"] = lambda *_: Verdict()
    with _folder() as root:
        (_, of) = prepared(root, 2)
        wrong = 0
        for name, one in scenes(of).items():
            if not names or name in names:
                said = played(name, one, of, root)
                wrong += bool(said["wrong"])
                print(json.dumps(said), flush=True)
    return 1 if wrong else 0


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="indicators-crash-"))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
