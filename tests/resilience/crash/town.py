"""A small town whose nights are rich: returns that are accepted, corrected, rejected, accepted in part and waived, a csv
with its meta file, records of single people, and a night that the gate refuses and a person approves."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

BEGUN = date(2011, 5, 29)
PEOPLE = [("Area", "Surname", "Date of birth"), ("Nottingham", "Exampleperson", "2001-02-03")]
CENTRES = ("Nottingham", "Centres", "2011", "reported", 4000, None, None)
AREAS = ("England", "Leicester", "Derby", "Sheffield", "Leeds", "Bristol", "Birmingham", "Liverpool", "Manchester",
         "Newcastle upon Tyne", "Nottinghamshire", "Derbyshire")  # fmt: skip
META = "col_name,col_type,label\nper_cent,Indicator,Per cent\n"


def changed(number: int, value: object) -> tuple[tuple[Any, ...], ...]:
    """The good rows with another value in one of them."""
    return tuple((*row[:4], value, *row[5:]) if at == number else row for at, row in enumerate(GOOD))


def write_csv(path: Path, plus: float, areas: Sequence[str] = AREAS) -> None:
    """Figures of many areas and years, and the meta file beside them."""
    rows = [
        f"{area},Key stage 4,{year}/{(year + 1) % 100:02d},reported,{40 + plus + number + (year - 2007) / 10},,"
        for number, area in enumerate(areas)
        for year in (2007, 2008, 2009)
    ]
    _settled(path, "Area,Measure,Year,Basis,Per cent,Number,Of\n" + "\n".join(rows) + "\n")
    _settled(path.with_name(f"{path.stem}.meta.csv"), META + f"number,Indicator,Pupils {plus:g}\n")


def _settled(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    before = time.time() - 60
    os.utime(path, (before, before))


def write_people(path: Path) -> None:
    """Records of single people, which must be refused and forgotten."""
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in PEOPLE:
        book.active.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    before = time.time() - 60
    os.utime(path, (before, before))


# -- what comes before each night -------------------------------------------------------------------------------------


def arrivals(place: Place) -> None:
    """Six partners' first returns."""
    for name in ("one", "two", "three", "four", "five", "six"):
        write_partner(place.root / "partners", name, on_error="quarantine" if name == "four" else "reject")
    write_return(place.inbox / "one" / "attainment.xlsx")
    write_csv(place.inbox / "two" / "attainment.csv", 0)
    write_return(place.inbox / "three" / "attainment.xlsx", [("Nowhere", *GOOD[0][1:]), *GOOD[1:]])
    write_return(place.inbox / "four" / "attainment.xlsx", changed(2, "about 67"))
    write_return(place.inbox / "five" / "attainment.xlsx", (*GOOD, CENTRES))
    write_people(place.inbox / "six" / "attainment.xlsx")


def corrections(place: Place) -> None:
    """A revision, a correction, a value let through, the same records of people again, and an area taken back."""
    from local_indicators.flows.commands.waive import WaiverRequest, grant_waiver

    write_return(place.inbox / "one" / "attainment.xlsx", changed(2, 68))
    write_return(place.inbox / "three" / "attainment.xlsx")
    write_csv(place.inbox / "two" / "attainment.csv", 0, AREAS[:-1])
    shutil.copy2(place.inbox / "six" / "attainment.xlsx", place.inbox / "six" / "attainment-again.xlsx")
    asked = WaiverRequest(
        "S000001", "Figures!E9", "value.implausible", "Counted with outreach", "Head of years", date(2011, 9, 30)
    )
    granted = grant_waiver(asked, place.settings(partners=place.root / "partners", today=BEGUN + timedelta(1)))
    assert granted.granted, granted.message


def back_again(place: Place) -> None:
    """The first file of one partner again, another value where one was let through, and a file that has gone."""
    write_return(place.inbox / "one" / "attainment.xlsx")
    write_return(place.inbox / "four" / "attainment.xlsx")
    write_return(place.inbox / "five" / "attainment.xlsx", (*GOOD, (*CENTRES[:4], 18, None, None)))
    (place.inbox / "six" / "attainment.xlsx").unlink()


def too_much(place: Place) -> None:
    """More changes than a night may make without asking."""
    write_csv(place.inbox / "two" / "attainment.csv", 3, AREAS[:-1])


def beside(place: Place) -> None:
    """A revision of another partner's, who must not be held up by what changes too much."""
    write_return(place.inbox / "one" / "attainment.xlsx", changed(2, 69))


@dataclass(frozen=True)
class Night:
    """One night of the town: what comes before it, and whether its gate refuses."""

    number: int
    name: str
    before: Callable[[Place], None]
    refused: bool = False

    @property
    def today(self) -> date:
        return BEGUN + timedelta(self.number)


NIGHTS: Sequence[Night] = (
    Night(0, "first returns", arrivals),
    Night(1, "corrections and a waiver", corrections),
    Night(2, "back again", back_again),
    Night(3, "too much at once", too_much, refused=True),
    Night(4, "one return set aside", beside),
)


def environment(place: Place, night: Night) -> dict[str, str]:
    """The settings of a night, as a process is told them."""
    paths: Mapping[str, Path] = {
        "INBOX": place.inbox,
        "WAREHOUSE": place.published,
        "OUTBOX": place.outbox,
        "ARCHIVE": place.archive,
        "PARTNERS": place.root / "partners",
    }
    return {f"INDICATORS_{name}": str(path) for name, path in paths.items()} | {"INDICATORS_TODAY": str(night.today)}


def copied(place: Place, to: Path) -> Place:
    """A copy of a place, links and times kept."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(place.root, to, symlinks=True)
    return Place(to)
