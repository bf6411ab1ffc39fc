"""Random workbooks of many layouts, with what each of their cells is for, so that faults can be planted into them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PLACES = ("Nottingham", "Derby", "Leicester", "Bradford", "Leeds", "Manchester", "Liverpool", "Newcastle upon Tyne")
CODES = {"Nottingham": "E06000018", "Derby": "E06000015", "Leicester": "E06000016", "Bradford": "E08000032",
         "Leeds": "E08000035", "Manchester": "E08000003", "Liverpool": "E08000012", "Newcastle upon Tyne": "E08000021"}  # fmt: skip
Where = tuple[int, int]

LAYOUTS = r"""
id = "shapes"
name = "A partner made by a test"
email = "shapes@example.org"
[[collection]]
id = "shapes-return"
title = "Figures of many shapes"
files = ["*"]
[[collection.layout]]

[[collection.layout.table]]
sheet = "Tidy"
header = { find = "Measure" }
area = { column = "Area" }
period = { column = "Year" }
provenance = { column = "Basis" }
indicator = { column = "Measure", map = { "Absence" = "absence-primary", "Persistent absence" = "ks2-level-4-english-maths", "Good level" = "eyfs-good-level" } }
value = [{ column = "Value" }, { column = "Number", measure = "numerator" }, { column = "Of", measure = "denominator" }]

[[collection.layout.table]]
sheet = "Upper"
header = { find = "Area", above = 1, fill = true }
area = { column = "Area" }
indicator = "persistent-absence-primary"
period = { header = '(\d{4}/\w+)' }
value = [
  { match = '\| Pupils$', measure = "denominator" }, { match = '\| Absent$', measure = "numerator" },
  { match = '\| Share$', scale = "percent" },
]

[[collection.layout.table]]
sheet = "Banners"
header = { find = "Area" }
area = { column = "Area" }
period = { banner = '^(\d{4}/\d{2})$' }
indicator = "healthy-weight"
blank_row = "skip"
value = [{ column = "Share" }]

[[collection.layout.table]]
sheet = "Levels"
header = { find = "Group" }
period = { banner = '^(\d{4}/\d{2})$' }
area = { banner = '^([A-Z][a-z ]+)$' }
indicator = "substance-misuse-referrals"
ignore = ["Group"]
blank = "skip"
blank_row = "skip"
value = [{ column = "Referrals" }]

[[collection.layout.table]]
sheet = "Under"
header = { find = "Year", repeat = true }
area = { under = "Council" }
period = { column = "Year" }
indicator = "without-level-2-at-19"
only = [{ of = "FSM", match = "^Not eligible$" }]
breakdown.FSM = { column = "Meals", map = { "Full payers" = "Not eligible", "Free meals" = "Eligible" } }
value = [{ column = "Share" }]

[[collection.layout.table]]
sheet = "Chosen"
header = { find = "Level" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "ks4-two-sciences"
only = [{ column = "Level", match = "^(Authority|Unitary)$" }]
skip = [{ column = "Area", match = "^Total of these" }]
stop = ["^Refuges by year$"]
value = [{ column = "Share" }]

[[collection.layout.table]]
sheet = "Ranges"
header = { find = "From" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "children-living-with-domestic-violence"
value = [{ column = "From", measure = "value_low" }, { column = "To", measure = "value_high" }]

[[collection.layout.table]]
sheet = "Facts"
header = { find = "Fact" }
area = { column = "Area" }
period = { column = "Year" }
indicator = { column = "Fact", map = { "Baccalaureate" = "english-baccalaureate", "Persistent absence" = "persistent-absence-secondary" } }
breakdown.Coverage = { column = "Coverage", default = "Total" }
value = [{ column = "Number" }, { column = "Out of", measure = "denominator" }]
ignore = ["Remark"]

[[collection.layout.table]]
sheet = "Actions"
header = { find = "No." }
area = "Nottingham"
period = { cell = "B2" }
breakdown.Action = { column = "No." }
indicator = "action-owner"
value = [{ column = "Owner", measure = "value_text" }]

[[collection.layout.table]]
sheet = "Labels"
header = { find = "Area", repeat = true }
area = { column = "Area" }
period = { beside = "School year" }
indicator = "absence-secondary-gap"
value = [{ column = "Gap" }]

[[collection.layout.table]]
sheet = "Wide"
header = { find = "Area" }
area = { column = "Area" }
indicator = "road-casualties-children"
period = { header = '^(\d{4})' }
value = [{ match = '^\d{4}' }]

[[collection.layout.table]]
sheet = "Coded"
header = { find = "Code" }
area = { column = ["Code", "Name"] }
period = { column = "Year" }
indicator = "level-2-at-19"
breakdown.FSM = { column = "Group", default = "Total" }
value = [{ column = "Share" }]
"""


@dataclass
class Made:
    """A sheet: its rows, and the cells of each role."""

    name: str
    rows: list[list[Any]] = field(default_factory=list)
    roles: dict[str, list[Where]] = field(default_factory=dict)

    def add(self, *cells: Any, **roles: int) -> int:
        """Add a row; `roles` names the column of each role in it."""
        self.rows.append(list(cells))
        for role, column in roles.items():
            self.roles.setdefault(role.rstrip("_"), []).append((len(self.rows) - 1, column))
        return len(self.rows) - 1

    def titled(self, rng: random.Random) -> None:
        for _ in range(rng.randrange(1, 3)):
            self.add(rng.choice(("Return", "Figures as agreed", "Prepared by the data team")))
        self.add()

    def noted(self, rng: random.Random) -> None:
        self.add()
        self.add(rng.choice(("* fewer than 5", "Source: our own records", "Figures may be revised.")))


def _places(rng: random.Random, least: int = 4) -> list[str]:
    return rng.sample(PLACES, rng.randrange(least, len(PLACES) + 1))


def _years(rng: random.Random, count: int) -> list[str]:
    first = rng.randrange(2007, 2011 - count)
    return [f"{year}/{(year + 1) % 100:02}" for year in range(first, first + count)]


def _share(rng: random.Random) -> float:
    return round(rng.uniform(5, 60), 1)


def tidy(rng: random.Random) -> Made:
    made = Made("Tidy")
    made.titled(rng)
    made.add("Measure", "Area", "Year", "Basis", "Value", "Number", "Of")
    made.roles["heading"] = [(len(made.rows) - 1, column) for column in range(7)]
    for area in _places(rng):
        for year in _years(rng, 2):
            of = rng.randrange(2000, 9000)
            number = rng.randrange(200, 900)
            made.add("Persistent absence", area, year, "Reported", round(100 * number / of, 1), number, of,
                     indicator=0, area=1, period=2, provenance=3, share=4, numerator=5, denominator=6)  # fmt: skip
    made.noted(rng)
    return made


def upper(rng: random.Random) -> Made:
    made, years = Made("Upper"), _years(rng, 3)
    made.titled(rng)
    made.add(None, *(cell for year in years for cell in (year, None, None)), upper=1)
    made.roles["upper"] += [(len(made.rows) - 1, 4), (len(made.rows) - 1, 7)]
    made.add("Area", *("Pupils", "Absent", "Share") * 3)
    for area in _places(rng):
        row: list[Any] = [area]
        for _ in years:
            of, number = rng.randrange(2000, 9000), rng.randrange(200, 900)
            row += [of, number, round(100 * number / of, 1)]
        made.add(*row, area=0)
        made.roles.setdefault("denominator", []).extend((len(made.rows) - 1, c) for c in (1, 4, 7))
        made.roles.setdefault("numerator", []).extend((len(made.rows) - 1, c) for c in (2, 5, 8))
    made.noted(rng)
    return made


def banners(rng: random.Random) -> Made:
    made, areas = Made("Banners"), _places(rng)
    made.titled(rng)
    made.add("Area", "Share")
    for year in _years(rng, 3):
        made.add(year, banner=0)
        for area in areas:
            made.add(area, _share(rng), area=0, value=1)
    return made


def chosen(rng: random.Random) -> Made:
    made, areas = Made("Chosen"), _places(rng)
    made.titled(rng)
    made.add("Level", "Area", "Year", "Share")
    for year in _years(rng, 2):
        for area in areas:
            made.add("Authority", area, year, _share(rng), only=0, area=1, period=2, value=3)
        made.add("Authority", "Total of these", year, _share(rng), skip=1)
        for ward in ("Arboretum", "Basford", "Bulwell"):
            made.add("Ward", ward, year, _share(rng))
    made.add("Refuges by year", None, None, None, stop=0)
    made.add("Open", None, "2009/10", "three")
    return made


def ranges(rng: random.Random) -> Made:
    made = Made("Ranges")
    made.titled(rng)
    made.add("Area", "Year", "From", "To")
    for area in _places(rng):
        low = rng.randrange(1000, 9000)
        made.add(area, 2010, low, low + rng.randrange(10, 900), area=0, low=2, high=3)
        made.roles.setdefault("snapshot", []).append((len(made.rows) - 1, 1))
    made.noted(rng)
    return made


def facts(rng: random.Random) -> Made:
    made = Made("Facts")
    made.titled(rng)
    made.add("Fact", "Area", "Year", "Coverage", "Number", "Out of", "Remark")
    for year in _years(rng, 2):
        for area in _places(rng):
            made.add("Baccalaureate", area, year, None, _share(rng), rng.randrange(500, 900), None,
                     indicator=0, area=1, period=2, value=4, of=5)  # fmt: skip
    return made


def actions(rng: random.Random) -> Made:
    made = Made("Actions")
    made.add("Action log")
    made.add("Year", "2010/11", period=1)
    made.add()
    made.add("No.", "Owner")
    for number in range(1, rng.randrange(8, 20)):
        made.add(
            f"A{number:02}", rng.choice(("Director of Schools", "Head of Health", "Chief officer")), action=0, text=1
        )
    return made


def labels(rng: random.Random) -> Made:
    made, areas = Made("Labels"), _places(rng)
    for year in _years(rng, 3):
        made.add("School year", year, label=0, labelled=1)
        made.add()
        made.add("Area", "Gap")
        for area in areas:
            made.add(area, round(rng.uniform(-2, 2), 1), area=0, value=1)
        made.add()
    return made


def wide(rng: random.Random) -> Made:
    made = Made("Wide")
    made.titled(rng)
    made.add("Area", *range(2007, 2011))
    made.roles["year"] = [(len(made.rows) - 1, column) for column in range(1, 5)]
    for area in rng.sample(PLACES, rng.choice((1, 1, 4))):
        made.add(area, *(rng.randrange(6, 40) for _ in range(4)), area=0)
        made.roles.setdefault("count", []).extend((len(made.rows) - 1, column) for column in range(1, 5))
    made.noted(rng)
    return made


def coded(rng: random.Random) -> Made:
    made = Made("Coded")
    made.titled(rng)
    made.add("Code", "Name", "Year", "Group", "Share")
    for year in _years(rng, 3):
        for area in _places(rng):
            made.add(CODES[area], area, year, None, _share(rng), code=0, name=1, period=2, value=4)
    return made


def levels(rng: random.Random) -> Made:
    made, areas = Made("Levels"), _places(rng)
    made.titled(rng)
    made.add("Group", "Referrals")
    for year in _years(rng, 2):
        made.add(year, banner=0)
        for area in areas:
            made.add(area, inner=0)
            made.add("All", rng.randrange(50, 400))
    return made


def under(rng: random.Random) -> Made:
    made = Made("Under")
    for area in _places(rng):
        made.add("Council", under=0)
        made.add(area, named=0)
        made.add("Year", "Meals", "Share")
        for year in _years(rng, 3):
            made.add(year, "Full payers", _share(rng), period=0, basis=1, value=2)
        made.add()
    return made


SHAPES: tuple[Callable[[random.Random], Made], ...] = (
    tidy, upper, banners, chosen, ranges, facts, actions, labels, wide, coded, levels, under,
)  # fmt: skip
