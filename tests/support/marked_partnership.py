"""A random partnership whose returns are full of marked secrets: numbers and words that occur nowhere else."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment

from tests.support.small_returns import PARTNER

AREAS = ("Nottingham", "England", "Leicester", "Derby")
MEASURES = ("Good level", "Key stage 2")
YEARS = ("2008/09", "2009/10")
SMALL = 5
"""Numerators below this are hidden by the policy of both measures."""
_TOKEN = re.compile(r"zq[a-z]+[0-9]+q|(?<![\w.,])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?![\w])")


def tokens(text: str) -> set[str]:
    """The marked words of a text and the numbers that stand alone in it, as they were typed."""
    return {one.replace(",", "") for one in _TOKEN.findall(text)}


@dataclass
class Secrets:
    """What each partner has sent, and what of it no reader may ever see: a few children of very many."""

    chance: random.Random
    sent: dict[str, set[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    used: set[int] = field(default_factory=set)

    def word(self, partner: str) -> str:
        said = f"zq{partner}{self._new(10**8, 10**9)}q"
        self.sent.setdefault(partner, set()).add(said)
        return said

    def share(self, partner: str, *, small: bool) -> tuple[float, int, int]:
        """A percentage with its fraction, none of whose numbers any other figure has."""
        base = self._new(1_000_000, 9_999_999)
        number = self.chance.randint(1, SMALL - 1) if small else self._new(base // 5, base // 2)
        value = round(100 * number / base, 7)
        marks = {f"{value:.10g}", str(base)} | (set() if small else {str(number)})
        self.sent.setdefault(partner, set()).update(marks)
        if small:
            self.hidden |= marks
        return value, number, base

    def _new(self, low: int, high: int) -> int:
        while (number := self.chance.randint(low, high)) in self.used:
            pass
        self.used.add(number)
        return number


def write_toml(folder: Path, partner: str, collection: str) -> None:
    """A partner with one return, told from those of others by its file's name and its heading for the values."""
    folder.mkdir(parents=True, exist_ok=True)
    text = PARTNER.format(id=partner, on_error="quarantine" if partner == "two" else "reject")
    text = text.replace(f'id = "{partner}-attainment"', f'id = "{collection}"')
    text = text.replace('files = ["attainment*"]', f'files = ["{collection}*"]')
    text = text.replace('"Per cent"', f'"Per cent {collection}"')
    (folder / f"{partner}.toml").write_text(text, encoding="utf-8")


@dataclass
class Sender:
    """A partner who sends one return again and again; `rows` are those of the last one that was good."""

    name: str
    collection: str
    inbox: Path
    secrets: Secrets
    rows: list[list[Any]] = field(default_factory=list)
    part: str = ""

    def send(self, kind: str) -> Path:
        """Send a return: `new` figures, a `part` of the last ones, the last ones `again`, or new ones with a `fault`."""
        chance = self.secrets.chance
        if kind in ("new", "fault") or not self.rows:
            keys = [(area, measure, year) for area in AREAS for measure in MEASURES for year in YEARS]
            chosen = chance.sample(keys, len(keys) - 2)
            self.rows = [
                [*key, "reported", *self.secrets.share(self.name, small=chance.random() < 0.3)] for key in chosen
            ]
        if kind == "part":
            self.rows = self.rows[: len(self.rows) - 3]
        rows = [list(row) for row in self.rows]
        if kind == "fault":
            chance.choice(rows)[chance.choice((0, 4, 5))] = self.secrets.word(self.name)
        self.part = self.part or self.secrets.word(self.name)
        path = self.inbox / self.name / f"{self.collection} {self.part}.xlsx"
        return self._write(path, rows)

    def _write(self, path: Path, rows: Sequence[Sequence[Any]]) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = self.secrets.word(self.name)
        sheet["A1"] = f"Return of {self.secrets.word(self.name)}"
        sheet["A1"].comment = Comment(self.secrets.word(self.name), "somebody")
        headings = ("Area", "Measure", "Year", "Basis", f"Per cent {self.collection}", "Number", "Of")
        for number, row in enumerate((headings, *rows), start=3):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column, value)
        sheet.cell(len(rows) + 4, 1, f"Note: {self.secrets.word(self.name)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
        return settled(path)


def misplaced(path: Path, inbox: Path, other: str) -> Path:
    """A copy of a return in the folder of another partner."""
    target = inbox / other / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return settled(target)


def settled(path: Path) -> Path:
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


# -- what leaves ------------------------------------------------------------------------------------------------------


def mails(outbox: Path) -> Iterator[tuple[str, str]]:
    """The recipient and the whole text of each message, attachments unpacked."""
    for path in sorted(outbox.glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        said = [str(message.items())]
        for one in message.walk():
            if not one.is_multipart():
                content = one.get_payload(decode=True)
                assert isinstance(content, bytes)
                said.append(unpacked(content))
        yield str(message["To"]), "\n".join(said)


def unpacked(content: bytes) -> str:
    """Bytes as text; of a zip file such as a workbook what its parts hold."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        return "\n".join([*names, *(archive.read(name).decode("utf-8", "replace") for name in names)])


def files_under(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file under some folders, and what it holds."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()
