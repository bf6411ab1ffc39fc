"""`make crash`: nights killed at every named step through Prefect and at random moments without it, with readers polling
throughout, and fifty publications that three readers must notice. It prints what came of each, and ends with 1 if
anything was lost, doubled, mixed or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_indicators.warehouse.publication import publish_attempt
from tests.resilience.crash.nights import Prepared, a_night, asked, forked, killed, prepared
from tests.resilience.crash.readers import Seen, point, polling
from tests.resilience.crash.state import State, state_of, unlike
from tests.resilience.crash.stops import STOPS, lay
from tests.resilience.crash.stops import main as stops
from tests.resilience.crash.town import copied, environment
from tests.support.mail_server import Post, free_port, post_office
from tests.support.places import HOME, Place

PARTS = ("named", "random", "interrupted", "polled")
KILLS, SEED, READERS, MOST_KILLS = 200, 20110531, 3, 5


def main(arguments: Sequence[str] | None = None) -> int:
    asks = argparse.ArgumentParser(prog="make crash")
    asks.add_argument("parts", nargs="*", default=PARTS, help=f"{', '.join(PARTS)}; or short")
    asks.add_argument("--kills", type=int, default=KILLS)
    asks.add_argument("--seed", type=int, default=SEED)
    asks.add_argument("--step", action="append", help="only this named step")
    given = asks.parse_args(arguments)
    root = Path(tempfile.mkdtemp(prefix="indicators-crash-"))
    wrong: list[str] = []
    try:
        begun = time.monotonic()
        if given.parts == ["short"]:
            wrong += short(root)
            return _said(wrong, begun)
        import_all()
        print("Preparing the nights of the town ...", flush=True)
        nights = prepared(root)
        for night in nights:
            print(
                f"  {night.night.name}: {night.seconds:.1f} s, {len(night.after['store load'])} loads in the store",
                flush=True,
            )
        if "named" in given.parts:
            wrong += named_steps(root, nights, given.step or list(STOPS))
        if "random" in given.parts:
            wrong += random_moments(root, nights, given.kills, given.seed)
        if "interrupted" in given.parts:
            wrong += interruptions(root)
        if "polled" in given.parts:
            from tests.resilience.crash.publishes import fifty_publishes

            wrong += fifty_publishes(root, 50)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return _said(wrong, begun)


def _said(wrong: Sequence[str], begun: float) -> int:
    print(f"\n{time.monotonic() - begun:.0f} s. " + (f"{len(wrong)} WRONG:" if wrong else "Nothing is wrong."))
    for one in wrong:
        print(f"  {one}")
    return 1 if wrong else 0


def import_all() -> None:
    """Import what a night needs, so that what is forked from here begins with its work."""
    for name in (
        "local_indicators.flows.pipeline.night_steps",
        "local_indicators.flows.commands.waive",
        "great_expectations",
        "sqlalchemy",
        "duckdb_sqlalchemy",
        "scipy.optimize",
    ):
        __import__(name)


# -- named steps, through Prefect -------------------------------------------------------------------------------------


def named_steps(root: Path, nights: Sequence[Prepared], steps: Sequence[str]) -> list[str]:
    """Kill a night at each step, finish it with another, and compare; what was wrong."""
    print(f"\nKilled at {len(steps)} named steps, through Prefect", flush=True)
    print(f"{'step':58} {'night':25} result", flush=True)
    pointer, wrong = root / "pointer", []
    allowed: dict[str, set[tuple[int, str]]] = {}
    point(pointer, root / "nowhere")
    with prefect_server(root) as server, polling(pointer, READERS) as seen:
        os.environ.update(server)
        __import__(
            "local_indicators.flows.nightly_flow"
        )  # only now, for Prefect takes its settings from the environment when it is imported
        for number, name in enumerate(steps):
            stop = STOPS[name]
            of = nights[stop.night]
            place = copied(of.before, root / f"named-{number}")
            allowed[str(place.root)] = set(of.shown)
            point(pointer, place.root)
            said = mailed(place, of, name, server) if stop.mail else killed_at(place, of, name, server)
            wrong += [f"{name}: {one}" for one in said]
            print(f"{stop.says:58} {of.night.name:25} {'; '.join(said) or 'as if uninterrupted'}", flush=True)
    return wrong + told(seen, allowed)


def killed_at(place: Place, of: Prepared, step: str, server: dict[str, str]) -> list[str]:
    if (code := through_prefect(place, of, step, server)) != -signal.SIGKILL:
        return [f"the step was not reached; the night ended with {code}"]
    return finished(place, of, server)


def finished(place: Place, of: Prepared, server: dict[str, str], after: State | None = None) -> list[str]:
    """Run the next night to its end; how it differs from what an uninterrupted one leaves."""
    if (code := through_prefect(place, of, "none", server)) != (3 if of.night.refused else 0):
        return [f"the next night ended with {code}"]
    return unlike(asked(lambda: state_of(place.root)), after or of.after)


def through_prefect(place: Place, of: Prepared, step: str, server: dict[str, str]) -> int:
    """`indicators nightly` in a process of its own that has imported what it needs; its exit code."""

    def night() -> int:
        os.environ.update({**environment(place, of.night), **server})
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())
        return stops(step, "nightly")

    child, out = forked(night)
    with os.fdopen(out, "rb") as file:
        said = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return int(pickle.loads(said)) if said else code  # noqa: S301


def mailed(place: Place, of: Prepared, step: str, server: dict[str, str]) -> list[str]:
    """The same with a mail server: every message comes once, and the one in doubt again as the same bytes or not."""
    with post_office(Post(free_port())) as post:
        mail = {**server, "INDICATORS_SMTP_URL": post.url}
        wrong = killed_at(place, of, step, mail)
    messages = [
        (str(message["Message-ID"]), content) for message, (_, content) in zip(post.messages, post.came, strict=True)
    ]
    doubled = {name: count for name, count in Counter(name for name, _ in messages).items() if count > 1}
    same = len(set(messages)) == len({name for name, _ in messages})
    may = 1 if step == "mail-taken" else 0
    if len(doubled) != may or not same:
        wrong.append(f"messages doubled: {doubled}, {'the same' if same else 'other'} bytes")
    written = {path.name for path in place.outbox.glob("*.eml")} - {
        path.name for path in of.before.outbox.glob("*.eml")
    }
    if {f"{name.strip('<>').partition('@')[0]}.eml" for name, _ in messages} != written:
        wrong.append(f"{len(messages)} messages came, {len(written)} were written")
    return wrong


@contextmanager
def prefect_server(root: Path) -> Iterator[dict[str, str]]:
    """A Prefect server on this machine for as long as the block; the environment that leads to it."""
    port = free_port()
    env = {
        "PREFECT_HOME": str(root / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    prefect = str(Path(sys.executable).with_name("prefect"))
    command = [prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    with subprocess.Popen(
        command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            _until_up(f"http://127.0.0.1:{port}/api/health", server)
            yield {**env, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
        finally:
            os.killpg(server.pid, signal.SIGINT)
            try:
                server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _until_up(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
            return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError("the Prefect server ended") from None
            time.sleep(0.5)
    raise RuntimeError("the Prefect server did not start")


# -- interruptions other than a kill ------------------------------------------------------------------------------------


def interruptions(root: Path) -> list[str]:
    """Play every scene, in a process of its own, whose nights run without the gate; what was wrong."""
    print(
        "\nInterrupted otherwise: what was told, and whether the next night ended as an uninterrupted one", flush=True
    )
    with subprocess.Popen(
        [sys.executable, "-m", "tests.resilience.crash.scenes"], cwd=HOME, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        found = [json.loads(line) for line in run.stdout]
    for one in found:
        print(
            f"{one['scene']:42} {one['code']}  {'; '.join(one['wrong']) or one['line'].replace(str(root.parent), '')}",
            flush=True,
        )
    return [f"{one['scene']}: {said}" for one in found for said in one["wrong"]] + (
        [] if run.returncode in (0, 1) and found else ["the interruptions were not played"]
    )


# -- the short version, for the tests -----------------------------------------------------------------------------------


SHORT = ("outcome", "half-load", "renamed", "outbox")


def short(root: Path) -> list[str]:
    """A few named steps and random moments of two nights without Prefect, one reader, and a gate that asks nothing."""
    from local_indicators.warehouse.gate.gate import Verdict

    vars(publish_attempt)["judge_candidate"] = lambda *_: Verdict()
    nights, wrong = prepared(root, 2), []
    for name in SHORT:
        of = nights[STOPS[name].night]
        place = copied(of.before, root / "named")

        def night(place: Place = place, of: Prepared = of, name: str = name) -> str:
            lay(STOPS[name])
            return a_night(place, of.night)

        child, out = forked(night)
        os.close(out)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
            wrong.append(f"{name} was not reached")
        wrong += [f"{name}: {one}" for one in _finished_alone(place, of)]
    return wrong + random_moments(root, nights, 6, SEED, readers=1)


# -- random moments, without Prefect ----------------------------------------------------------------------------------


def random_moments(root: Path, nights: Sequence[Prepared], kills: int, seed: int, readers: int = READERS) -> list[str]:
    """Kill nights at random moments, up to a few in a row, finish each with another, and compare; what was wrong."""
    print(f"\nKilled at {kills} random moments, without Prefect; seed {seed}", flush=True)
    chance, pointer, wrong = random.Random(seed), root / "pointer", []  # noqa: S311
    steps, done, scene = Counter[str](), 0, 0
    allowed: dict[str, set[tuple[int, str]]] = {}
    point(pointer, root / "nowhere")
    with polling(pointer, readers) as seen:
        while done < kills:
            of = chance.choices(nights, [night.seconds for night in nights])[0]
            scene += 1
            place = copied(of.before, root / f"random-{scene}")
            allowed[str(place.root)] = set(of.shown)
            point(pointer, place.root)
            in_a_row = min(chance.randint(1, MOST_KILLS), kills - done)
            for _ in range(in_a_row):
                if (at := killed(place, of.night, chance.uniform(0, of.seconds), root / "step")) is not None:
                    steps[at] += 1
                    done += 1
            said = _finished_alone(place, of)
            wrong += [f"random {scene}, {of.night.name}, {in_a_row} kills: {one}" for one in said]
            for one in said:
                print(f"  WRONG in {of.night.name}: {one}", flush=True)
            if done // 20 != (done - in_a_row) // 20:
                print(f"  {done} kills in {scene} nights, {len(wrong)} wrong", flush=True)
            shutil.rmtree(root / f"random-{scene - 1}", ignore_errors=True)
    print("what the night was at when it was killed:")
    for step, count in steps.most_common():
        print(f"{count:6} {step}")
    print(f"{done} kills, {scene} nights finished after them, {len(wrong)} wrong", flush=True)
    return wrong + told(seen, allowed)


def _finished_alone(place: Place, of: Prepared) -> list[str]:
    try:
        asked(lambda: a_night(place, of.night))
        return unlike(asked(lambda: state_of(place.root)), of.after)
    except RuntimeError as error:
        return [str(error)]


def told(seen: Seen, allowed: dict[str, set[tuple[int, str]]]) -> list[str]:
    """What readers saw that they must not; and a line about it."""
    mixed = seen.mixed(allowed)
    versions = sum(len(versions) for versions in seen.contents.values())
    print(
        f"readers: {seen.polls} looks at {versions} versions in {len(seen.contents)} places, "
        f"{len(seen.errors)} errors, {len(mixed)} mixed versions",
        flush=True,
    )
    return [f"reader: {error}" for error in seen.errors[:5]] + [f"mixed: {one}" for one in mixed[:5]]


if __name__ == "__main__":
    sys.exit(main())
