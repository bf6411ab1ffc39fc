"""Named steps of a night at which its process ends by SIGKILL, without a hook in the program.

`python -m tests.resilience.crash.stops STEP nightly` runs the command line with the kill laid at that step; `plain` in place of the
command runs the night without Prefect. With `STEP@FOLDER` the night waits there instead of being killed. A step is a call to the system (a write, a rename, a link, ...) that names a file,
or a call of one of the program's functions, and whether the kill comes before it, half-way or after.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

SYSTEM = ("replace", "rename", "link", "symlink", "unlink", "fsync", "write")


@dataclass(frozen=True)
class Stop:
    """Where a night is killed. `call` is one of SYSTEM, or a function such as warehouse.store.loading.load; `of` is searched for
    in the paths (or the descriptor's path and the bytes) that a system call is given; `nth` counts from 1."""

    says: str
    call: str
    of: str = ""
    when: Literal["before", "half", "after"] = "after"
    night: int = 0
    nth: int = 1
    mail: bool = False


LEDGER = r"ledger\.jsonl .*\"kind\":\"{}\""


def _line(kind: str, more: str = "") -> str:
    return LEDGER.format(kind) + more


STOPS: dict[str, Stop] = {
    # collect
    "copying": Stop("a file is copied, not yet under its digest", "replace", r"holding/\d+\.part", "before", 0, 2),
    "held": Stop("a file is in holding, not in the ledger", "replace", r"holding/\d+\.part", "after", 0, 3),
    "half-submission": Stop("half of a submission's line is written", "write", _line("submission"), "half", 0, 2),
    "submission-unsynced": Stop("a submission's line is written, not synced", "write", _line("submission"), "after", 1, 2),
    "submission": Stop("a submission is on record", "fsync", r"ledger\.jsonl", "after", 1, 3),
    "collected": Stop("everything is collected, nothing is judged", "local_indicators.flows.pipeline.validate_step._archive_meta_files", "", "before", 1),
    # judge
    "meta": Stop("a meta file is kept", "replace", r"holding/\w+ .*/files/", "after", 1),
    "reading": Stop("returns are being read", "local_indicators.inputs.sandbox.reader_processes.Reader.run", "", "before", 0, 3),
    "table-unnamed": Stop("a table is staged, not yet kept", "replace", r"/staging/.*\.parquet .*/outcomes/", "before", 0),
    "table": Stop("a table is kept, its outcome is not on record", "replace", r"/outcomes/.*\.parquet", "after", 1),
    "definitions": Stop("the definitions are kept", "replace", r"/definitions/", "after", 0, 2),
    "lapse": Stop("a waiver has ended, the outcome is not on record", "write", _line("lapse"), "after", 2),
    "copy": Stop("a marked-up copy is kept", "replace", r"/copies/", "after", 0, 2),
    "filed": Stop("a file is among the judged, its outcome is not on record", "replace", r"holding/\w+ .*/files/", "after", 0, 3),
    "half-outcome": Stop("half of an outcome's line is written", "write", _line("outcomes"), "half", 0, 3),
    "outcome": Stop("an outcome is on record", "write", _line("outcomes"), "after", 1, 2),
    "people": Stop("records of people are judged, not yet forgotten", "unlink", r"/holding/\w{64}", "before", 0),
    "people-gone": Stop("records of people are forgotten", "unlink", r"/holding/\w{64}", "after", 1, 1),
    "staged": Stop("what became of a return is staged, not on record", "replace", r"/staging/.*\.json", "after", 1, 2),
    # load
    "to-load": Stop("what is to be loaded is on record", "write", _line("loading"), "after", 1),
    "loading": Stop("the store is open, nothing is loaded", "local_indicators.warehouse.store.loading.load", "", "before", 0),
    "half-load": Stop("a load is half in its transaction", "local_indicators.warehouse.store.loading._withdraw", "", "before", 1, 2),
    "loaded": Stop("one load is committed, others wait", "local_indicators.warehouse.store.loading.load", "", "after", 1, 2),
    # publish
    "to-publish": Stop("what the version is to be made from is on record", "write", _line("night"), "after", 1),
    "building": Stop("the candidate is about to be built", "local_indicators.warehouse.publication.publish_attempt.build_candidate", "", "before", 0),
    "built": Stop("the candidate is built", "local_indicators.warehouse.publication.publish_attempt.build_candidate", "", "after", 1),
    "compared": Stop("the candidate is compared", "local_indicators.warehouse.publication.publish_attempt.compare_versions", "", "after", 1),
    "judged": Stop("the gate has judged", "local_indicators.warehouse.publication.publish_attempt.judge_candidate", "", "after", 2),
    "to-set-aside": Stop("a return is to be set aside, that is not on record", "write", _line("set-aside"), "before", 4),
    "half-set-aside": Stop("half of the line of what is set aside is written", "write", _line("set-aside"), "half", 4),
    "set-aside": Stop("what is set aside is on record, nothing is published", "write", _line("set-aside"), "after", 4),
    "built-without": Stop("the candidate without what is set aside is built", "local_indicators.warehouse.publication.publish_attempt.build_candidate", "", "after", 4, 2),
    "set-aside-published": Stop("the rest is published, that is not on record", "write", _line("publication"), "before", 4),
    "verdict": Stop("the verdict is kept", "replace", r"/kept/.*\.html", "after", 1),
    "unsynced": Stop("the candidate is about to be synced", "fsync", r"/candidate-", "before", 1),
    "unnamed": Stop("the candidate is on disk, before the rename", "replace", r"candidate-.* .*/indicators\.duckdb", "before", 1),
    "renamed": Stop("the rename is done, not synced", "replace", r"candidate-.* .*/indicators\.duckdb", "after", 1),
    "published": Stop("the rename is on disk", "fsync", r"/warehouse ", "after", 2),
    "unremembered": Stop("the store is about to remember the version", "local_indicators.warehouse.store.published_versions.record_publication", "", "before", 1),
    "half-remembered": Stop("the store has the version in a transaction", "local_indicators.warehouse.store.published_versions.record_publication", "", "after", 1),
    "remembered": Stop("the store remembers the version", "local_indicators.warehouse.publication.publish._remember", "", "after", 0),
    "unrecorded": Stop("the version is published, that is not on record", "write", _line("publication"), "before", 1),
    "recorded": Stop("the publication is on record", "write", _line("publication"), "after", 1),
    "version": Stop("the version is kept", "link", r"indicators-v", "after", 1),
    "exporting": Stop("the exports are half written", "local_indicators.warehouse.publication.exports._tidy", "", "after", 1, 2),
    "export-unnamed": Stop("the exports are whole, under another name", "rename", r"\.making-", "before", 1),
    "export": Stop("the exports have their name, the link is old", "rename", r"\.making-", "after", 2),
    "export-link": Stop("the link to the newest exports is moved", "replace", r"/\.latest", "after", 1),
    "refused": Stop("a refused candidate is about to be kept", "replace", r"/kept/candidate-", "before", 3),
    "waiting": Stop("a refused candidate waits for a person", "replace", r"/kept/candidate-", "after", 3),
    # reply
    "message": Stop("a message is on record, not in the outbox", "write", _line("message"), "after", 0),
    "message-unnamed": Stop("a message is written, not yet under its name", "replace", r"\.eml", "before", 1, 2),
    "outbox": Stop("a message is in the outbox, its delivery not on record", "replace", r"\.eml", "after", 0, 3),
    "half-delivery": Stop("half of a delivery's line is written", "write", _line("delivery"), "half", 1, 2),
    "delivered": Stop("some deliveries are on record", "write", _line("delivery"), "after", 2, 2),
    "replied": Stop("all is done but the report", "local_indicators.flows.pipeline.night_steps.summarise_night", "", "before", 1),
    # reply, with a mail server
    "mail-before": Stop(says="the server is about to ask for the text", call="write", of=_line("delivery", r".*\"sending\""), when="before", night=1, nth=2, mail=True),
    "mail-asked": Stop(says="the server waits for the text", call="write", of=_line("delivery", r".*\"sending\""), when="after", night=1, nth=2, mail=True),
    "mail-taken": Stop(says="the server has the message, that is not on record", call="write", of=_line("delivery", r".*\"sent\""), when="before", night=1, nth=2, mail=True),
    "mail-sent": Stop(says="a message is sent and on record", call="write", of=_line("delivery", r".*\"sent\""), when="after", night=1, nth=2, mail=True),
}  # fmt: skip


def lay(stop: Stop, end: Callable[[], None] | None = None) -> None:
    """Have this process killed at a step, or something else done there."""
    if stop.call in SYSTEM:
        setattr(os, stop.call, _killing(getattr(os, stop.call), stop, described, end or die))
        return
    parts = stop.call.split(".")
    home: Any = None
    for size in range(len(parts) - 1, 0, -1):
        try:
            home = importlib.import_module(".".join(parts[:size]))
            break
        except ModuleNotFoundError:
            continue
    for name in parts[size:-1]:
        home = getattr(home, name)
    setattr(home, parts[-1], _killing(getattr(home, parts[-1]), stop, lambda *_: "", end or die))


def _killing(
    call: Callable[..., Any], stop: Stop, about: Callable[..., str], end: Callable[[], None]
) -> Callable[..., Any]:
    left, wanted, done = [stop.nth], re.compile(stop.of, re.DOTALL), list[bool]()

    def killing(*args: Any, **named: Any) -> Any:
        left[0] -= bool(wanted.search(about(*args)))
        if left[0] or done:
            return call(*args, **named)
        done.append(True)
        if stop.when == "half":
            file, content = args
            call(file, content[: len(content) // 2])
        if stop.when == "after":
            answer = call(*args, **named)
            end()
            return answer
        end()
        return call(*args, **named)

    return killing


def described(*args: Any) -> str:
    """The paths that a system call is about, and the first bytes of what is written, each followed by a space."""
    said = ""
    for one in args:
        if isinstance(one, int):
            one = Path(f"/proc/self/fd/{one}").readlink()
        elif isinstance(one, bytes):
            one = one[:100_000].decode("utf-8", "replace")
        said += f"{one} "
    return said


def wait_in(folder: Path) -> None:
    """Say in a folder that the step is reached, and wait there until told to go on."""
    (folder / "reached").touch()
    while not (folder / "go").exists():
        time.sleep(0.05)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def main(step: str, command: str) -> int:
    name, _, folder = step.partition("@")
    if name != "none":
        lay(STOPS[name], partial(wait_in, Path(folder)) if folder else die)
    if command == "plain":
        from local_indicators.flows.pipeline.night_steps import run_night
        from local_indicators.flows.settings import settings

        return 3 if run_night(settings(), "killed").publication.state == "refused" else 0
    from local_indicators.flows.commands.application import main as command_line

    return command_line([command])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
