"""Random mutations of the example returns, judged as the night judges them: each ends in a finding or a correct load.

`python -m tests.fuzz.mutations 10000 [seed]`, which is `make fuzz`, prints what became of them and exits 1 if any
ended otherwise.
"""

from __future__ import annotations

import io
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext
from tests.support.places import DEFINITION_FILES, PARTNERS

ANY_SHEET = """
id = "tester"
name = "A partner whose layout takes any sheet"
email = "tester@example.org"

[[collection]]
id = "tester-anything"
title = "Anything"
files = ["*"]
expect = []

[[collection.layout]]
[[collection.layout.table]]
sheet = "*"
hidden_sheets = "read"
header = { row = 1 }
blank_row = "skip"
ignore = ["*"]
indicator = "eyfs-good-level"
area = "Nottingham"
period = "2009/10"
provenance = "reported"

[[collection.layout.table.value]]
match = "."
blank = "skip"
"""
"""A layout that makes a figure of every cell under the first row of every sheet."""

HOME = Path(__file__).resolve().parents[2]
TODAY = date(2011, 5, 26)
BATCH = 25
NASTY = (
    "", "-", "NaN", "inf", "1e999", "-1e-400", "9" * 400, "0x1F", "1,5", "#N/A", "=1+1", "=cmd|' /C calc'!A0", "<b>&amp;",
    "\u202eabc", "\ud7ff\ufffd", "Nottingham" * 5000, "31/12/9999", "50%", "\u00bd", "\u0663", "12\u00b2", "TRUE", "{{7*7}}",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed example. `sealed` where every byte that matters is under a checksum, so that what still loads must be
    what the example loads."""

    origin: Origin
    content: bytes
    change: str
    sealed: bool


def examples() -> list[tuple[Origin, bytes]]:
    """The example returns, with where they come from."""
    inbox = HOME / "inputs" / "incoming"
    paths = sorted(p for p in inbox.rglob("*") if p.suffix in (".xlsx", ".csv") and not p.name.endswith(".meta.csv"))
    return [(Origin(p.parent.name, p.relative_to(inbox).as_posix(), TODAY), p.read_bytes()) for p in paths]


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """So many mutants of the examples; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311
    originals = examples()
    for _ in range(count):
        origin, content = rng.choice(originals)
        if rng.random() < 0.2:
            origin = Origin("tester", origin.name, TODAY)
        kinds = BYTES + (TEXT if origin.name.endswith(".csv") else PARTS)
        change = rng.choice(kinds)
        sealed = change in (_flip, _cut, _drop, _double) and not origin.name.endswith(".csv")
        yield Mutant(origin, change(rng, content), change.__name__.strip("_"), sealed)


# -- bytes of the file


def _flip(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def _splice(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.randrange(1, 200)
    return content[:at] + rng.choice((rng.randbytes(size), b"\0" * size, content[-size:])) + content[at:]


# -- members of a zip file


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in members:
            with warnings.catch_warnings():  # that a name is there twice is the point
                warnings.simplefilter("ignore")
                archive.writestr(zipfile.ZipInfo(name), held)
    return whole.getvalue()


def _drop(rng: random.Random, content: bytes) -> bytes:
    members = list(_members(content).items())
    members.pop(rng.randrange(len(members)))
    return _zipped(members)


def _double(rng: random.Random, content: bytes) -> bytes:
    members = list(_members(content).items())
    name, held = rng.choice(members)
    return _zipped([*members, (name.upper() if rng.random() < 0.5 else name, held)])


def _part(rng: random.Random, content: bytes) -> bytes:
    """A part cut off, changed at some byte, or put in the place of another."""
    members = _members(content)
    name, other = rng.choice(list(members)), rng.choice(list(members))
    held = members[name]
    members[name] = rng.choice((held[: rng.randrange(len(held) + 1)], _flip(rng, held or b"x"), members[other], b""))
    return _zipped(list(members.items()))


def _cells(rng: random.Random, content: bytes) -> bytes:
    """Values, texts, types, addresses and formulas of cells replaced."""
    members = _members(content)
    sheets = [name for name in members if "/worksheets/sheet" in name or "sharedStrings" in name]
    name = rng.choice(sheets)
    nasty = rng.choice(NASTY).replace("&", "&amp;").replace("<", "&lt;").encode("utf-8", "replace")
    pattern, new = rng.choice((
        (rb"(<v>)[^<]*(</v>)", rb"\g<1>%s\g<2>" % nasty.replace(b"\\", b"")),
        (rb"(<v>)[^<]*(</v>)", b"<f>1/0</f>"),
        (rb"(<t[^>]*>)[^<]*(</t>)", rb"\g<1>%s\g<2>" % nasty.replace(b"\\", b"")),
        (rb' t="\w+"', rng.choice((b' t="e"', b' t="b"', b' t="d"', b' t="str"', b""))),
        (rb' s="\d+"', b' s="%d"' % rng.randrange(40)),
        (rb' r="[A-Z]+\d+"', rng.choice((b' r="XFD1048576"', b' r="A0"', b' r="ZZZZ9"', b""))),
        (rb'<row r="\d+"', rng.choice((b'<row r="1048576"', b'<row r="0"', b"<row", b'<row hidden="1"'))),
    ))  # fmt: skip
    once = rng.random() < 0.7
    found = list(re.finditer(pattern, members[name]))
    if found:
        at = rng.choice(found).start() if once else 0
        members[name] = members[name][:at] + re.sub(pattern, new, members[name][at:], count=int(once))
    return _zipped(list(members.items()))


# -- csv


def _fields(rng: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    for _ in range(rng.randrange(1, 5)):
        number = rng.randrange(len(lines))
        fields = lines[number].split(b",")
        fields[rng.randrange(len(fields))] = rng.choice((*NASTY, '"', '""', "a\rb")).encode("utf-8", "replace")
        lines[number] = b",".join(fields)
    rng.shuffle(lines) if rng.random() < 0.1 else None
    return b"\n".join(lines)


def _recoded(rng: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8-sig")
    text = rng.choice((text, text.replace(",", ";"), text.replace(",", "\t"), text.replace("\n", "\r")))
    return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig")), "replace")


Change = Callable[[random.Random, bytes], bytes]
BYTES: tuple[Change, ...] = (_flip, _cut, _splice)
PARTS: tuple[Change, ...] = (_drop, _double, _part, _cells, _cells)
TEXT: tuple[Change, ...] = (_fields, _fields, _recoded)


# -- what became of them


@dataclass
class Bench:
    """What judging needs, and what the unchanged examples load."""

    definitions: Definitions
    partners: dict[str, Partner]
    loads: dict[tuple[str, str], dict[str | None, pl.DataFrame]]

    def judged(self, arrivals: list[tuple[Origin, bytes]]) -> list[list[ValidationResult]]:
        ready = [(origin, lambda held=content: held) for origin, content in arrivals]
        return validate_files(ready, self.partners, self.definitions, CheckContext(TODAY))


def bench() -> Bench:
    definitions = load_definitions(DEFINITION_FILES)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tester.toml").write_text(ANY_SHEET, encoding="utf-8")
        partners = {**load_partners(definitions, PARTNERS), **load_partners(definitions, Path(folder))}
    made = Bench(definitions, partners, {})
    originals = [
        arrival
        for origin, content in examples()
        for arrival in ((origin, content), (Origin("tester", origin.name, TODAY), content))
    ]
    for (origin, _), group in zip(originals, made.judged(originals), strict=True):
        made.loads[origin.partner, origin.name] = {
            one.collection: one.table.frame for one in group if one.table is not None
        }
    return made


def wrong_with(mutant: Mutant, group: list[ValidationResult], made: Bench) -> str:
    """What is wrong with how a mutant ended; blank if it ended in a finding or a correct load."""
    if not group:
        return "no judgement"
    for one in group:
        if one.status == "rejected":
            if not any(found.is_error for found in one.findings):
                return "rejected without an error"
        elif one.table is None or one.table.rows == 0:
            return "accepted without rows"
        elif mutant.sealed and not one.table.frame.equals(
            made.loads[mutant.origin.partner, mutant.origin.name][one.collection]
        ):
            return "loaded something other than what was sent"
    return ""


def run(seed: int, count: int, made: Bench, said: Callable[[str], None] = lambda _: None) -> Counter[tuple[str, str]]:
    """Judge mutants and count what became of them, by kind of change; `said` is told of each that ended wrong."""
    became: Counter[tuple[str, str]] = Counter()
    waiting: list[Mutant] = []
    for number, mutant in enumerate(mutants(seed, count), start=1):
        waiting.append(mutant)
        if len(waiting) < BATCH and number < count:
            continue
        for one, ended in zip(waiting, _ended(waiting, made), strict=True):
            became[one.change, ended.split("\n")[0]] += 1
            if ended not in GOOD_ENDS:
                said(f"{one.origin.name}, {one.change}: {ended}")
        waiting = []
    return became


GOOD_ENDS = ("refused unread", "refused", "loaded")


def _ended(batch: list[Mutant], made: Bench) -> list[str]:
    try:
        judged = made.judged([(one.origin, one.content) for one in batch])
    except Exception:  # one by one, to tell which
        if len(batch) == 1:
            return [f"traceback\n{traceback.format_exc()}"]
        return [ended for one in batch for ended in _ended([one], made)]
    ends = []
    for mutant, group in zip(batch, judged, strict=True):
        unread = any(found.rule.startswith("return.") for one in group for found in one.findings)
        good = "refused unread" if unread else "refused" if all(o.status == "rejected" for o in group) else "loaded"
        ends.append(wrong_with(mutant, group, made) or good)
    return ends


def main() -> int:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begun, made = time.monotonic(), bench()
    became = run(seed, count, made, said=lambda text: print(text, flush=True))
    for (change, end), many in sorted(became.items()):
        print(f"{change:8} {end:40} {many:6}")
    wrong = sum(many for (_, end), many in became.items() if end not in GOOD_ENDS)
    print(f"{count} mutants in {time.monotonic() - begun:.0f} s, {wrong} ended wrong (seed {seed})")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
