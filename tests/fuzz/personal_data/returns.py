"""Sheets of totals, plans and forms as partners send them, with everything in them that could be taken for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from local_indicators.inputs.readers.cells import Cells, HiddenText, Sheet
from tests.fuzz.personal_data.word_lists import (
    ACTIONS,
    AREAS,
    BODIES,
    OFFICERS,
    REMARKS,
    ROLES,
    SCHOOLS,
    SHORT_SCHOOLS,
    WARDS,
)

Rows = list[list[Any]]


def number(random: Random, most: int = 5_000) -> float:
    return float(random.randrange(1, most))


def day(random: Random) -> Any:
    d = date(2010, 1, 1) + timedelta(random.randrange(700))
    return random.choice((d, f"{d:%d/%m/%Y}", f"{d.day} {d:%b} {d.year}", f"{d:%Y-%m-%d}"))


def _areas(random: Random) -> Rows:
    return [
        ["Area", "Year", "Pupils", "%", "Remark"],
        *([a, "2009/10", number(random), number(random, 99), random.choice(REMARKS)] for a in AREAS),
    ]


def _names(random: Random) -> Rows:
    return [
        [random.choice(("Name", "Area name", "LA Name", "Local authority")), "Code", "2009/10"],
        *([a, f"E0600{n:04}", number(random)] for n, a in enumerate(AREAS)),
    ]


def _schools(random: Random) -> Rows:
    names = random.choice((SCHOOLS, SHORT_SCHOOLS))
    head = [
        random.choice(("School", "School name", "Name of school", "Setting", "Provider", "Establishment")),
        "URN",
        "LAESTAB",
        "Postcode",
        "Pupils",
    ]
    return [
        head,
        *(
            [s, 122_400.0 + n, 8_922_000.0 + n, f"NG{n % 9 + 1} {n % 9}AB", number(random, 900)]
            for n, s in enumerate(names)
        ),
    ]


def _inspections(random: Random) -> Rows:
    return [
        ["School", "URN", "Inspection date", "Outcome", "Comment"],
        *(
            [
                s,
                122_400.0 + n,
                day(random),
                random.choice(("Good", "Outstanding", "Satisfactory")),
                random.choice(REMARKS),
            ]
            for n, s in enumerate(SCHOOLS)
        ),
    ]


def _wards(random: Random) -> Rows:
    return [
        [
            random.choice(("Ward", "Ward name", "Electoral ward", "Neighbourhood", "Polling district")),
            "Children",
            "Rate",
        ],
        *([w, number(random), number(random, 99)] for w in WARDS),
    ]


def _log(random: Random) -> Rows:
    who = random.choice((ROLES, OFFICERS))
    head = [
        "No.",
        "Action",
        random.choice(
            (
                "Owner",
                "Lead",
                "Lead officer",
                "Responsible",
                "By whom",
                "Who",
                "Accountable officer",
                "Action owner",
                "Assigned to",
            )
        ),
        random.choice(("Due", "Target date", "Due date")),
        "State",
        "Comments",
    ]
    return [
        ["Action log"],
        ["Year", "2011/12"],
        [],
        head,
        *(
            [
                f"A{n:02}",
                random.choice(ACTIONS),
                random.choice(who),
                day(random),
                random.choice(("open", "done", "Amber", "Green")),
                random.choice(REMARKS),
            ]
            for n in range(12)
        ),
    ]


def _risks(random: Random) -> Rows:
    return [
        ["Ref", "Risk", "Likelihood", "Impact", "Mitigation", "Owner", "Date raised"],
        *(
            [
                f"R{n}",
                "Funding ends",
                float(random.randrange(5)),
                float(random.randrange(5)),
                random.choice(ACTIONS),
                random.choice(OFFICERS),
                day(random),
            ]
            for n in range(8)
        ),
    ]


def _age_sex(random: Random) -> Rows:
    head = random.choice(
        (
            ["Area", "Age", "Sex", "Number"],
            ["Area", "Age", "Gender", "Population", "Comment"],
            ["Sex", "Age", "Year ending", "Count"],
        )
    )
    rows = []
    for age in range(12):
        for sex in ("Male", "Female"):
            says = {
                "Area": "Nottingham",
                "Age": float(age),
                "Sex": sex,
                "Gender": sex,
                "Year ending": date(2010, 3, 31),
                "Comment": "estimate",
            }
            rows.append([says.get(one, number(random)) for one in head])
    return [head, *rows]


def _form(random: Random) -> Rows:
    by = random.choice(OFFICERS)
    mail = by.lower().replace(" ", ".") + "@nottinghamcity.example.org"
    return [["Return for 2010/11"], [random.choice(("Completed by", "Contact name", "Name", "Name of contact", "Prepared by", "Officer completing")), by], ["Job title", random.choice(ROLES)],
            ["Telephone", "0115 496 0123"], ["E-mail", mail], ["Date", day(random)], ["Authorised by", random.choice(OFFICERS)], ["Address", "Loxley House, 12 Station Street, Nottingham NG2 3NG"], [],
            ["Measure", "Number"], ["Places", number(random)], ["Vacancies", number(random)]]  # fmt: skip


def _contacts(random: Random) -> Rows:
    return [["Name", random.choice(("Role", "Job title", "Organisation", "Position", "Department")), "Email", "Telephone"],
            *([o, random.choice(ROLES), f"{o.lower().replace(' ', '.')}@council.example.org", f"0115 496 01{n:02}"] for n, o in enumerate(OFFICERS))]  # fmt: skip


def _finger(random: Random) -> Rows:
    head = [
        "Indicator ID",
        "Indicator Name",
        "Parent Code",
        "Parent Name",
        "Area Code",
        "Area Name",
        "Sex",
        "Age",
        "Time period",
        "Value",
        "Count",
        "Denominator",
    ]
    return [
        head,
        *(
            [
                "20602",
                "Year 6 obesity",
                "E12000004",
                "East Midlands region",
                f"E0600{n:04}",
                a,
                "Persons",
                "10-11 yrs",
                "2009/10",
                number(random, 99),
                number(random),
                number(random),
            ]
            for n, a in enumerate(AREAS)
        ),
    ]


def _indicators(random: Random) -> Rows:
    return [
        ["NI number", "Title", "Value", "Target", "Officer"],
        *(
            [f"NI {n:03}", random.choice(ACTIONS), number(random, 99), number(random, 99), random.choice(OFFICERS)]
            for n in (55, 72, 75, 87, 114, 117)
        ),
    ]


def _bodies(random: Random) -> Rows:
    return [
        [
            random.choice(("Partner", "Organisation", "Provider", "Partner organisation", "Contractor")),
            "Grant (£)",
            "Started",
            "Note",
        ],
        *([b, number(random, 90_000), day(random), random.choice(REMARKS)] for b in BODIES),
    ]


def _money(random: Random) -> Rows:
    return [
        ["Service", "Budget £", "Spend £", "Account"],
        *(
            [
                s,
                float(random.randrange(1_000_000_000, 9_999_999_999)),
                float(random.randrange(1_000_000)),
                f"{random.randrange(10_000, 99_999)}",
            ]
            for s in ("Schools", "Housing", "Care", "Roads")
        ),
    ]


def _stacked(random: Random) -> Rows:
    return [
        *_areas(random),
        [],
        *_wards(random),
        [],
        *_schools(random),
        [],
        ["Source: School Census. Contact Jane Smith on 0115 496 0123."],
    ]


def _versions(random: Random) -> Rows:
    return [
        ["Version", "Date", "Reason for change", "Changed by"],
        *(
            [
                f"1.{n}",
                day(random),
                random.choice(("first draft", "rate corrected", "new year added")),
                random.choice(OFFICERS),
            ]
            for n in range(6)
        ),
    ]


def _births(random: Random) -> Rows:
    return [
        ["Area", "Born", "Died", "Children", "Names"],
        *([a, number(random), number(random), number(random), None] for a in AREAS),
    ]


def _breakdown(random: Random) -> Rows:
    return [
        ["Pupils", "2008/09", "2009/10"],
        *(
            [w, number(random), number(random)]
            for w in (
                "All",
                "Boys",
                "Girls",
                "FSM",
                "White",
                "Asian",
                "Looked after",
                "SEN",
                "Year 6",
                "Aged 14",
                "14-15",
            )
        ),
    ]


def _board(random: Random) -> Rows:
    return [
        ["Board members", "Jane Smith (chair), Tom Brown, Aisha Khan"],
        ["Apologies: Wei Chen, Priya Patel, Robert Taylor"],
        ["Measure", "Number"],
        ["Centres", number(random)],
    ]


MAKERS: Mapping[str, Callable[[Random], Rows]] = {
    "areas": _areas, "names of areas": _names, "schools": _schools, "inspections": _inspections, "wards": _wards, "action log": _log, "risks": _risks,
    "ages and sexes": _age_sex, "a form": _form, "contacts": _contacts, "fingertips": _finger, "indicators": _indicators, "partners": _bodies, "money": _money,
    "tables under each other": _stacked, "versions": _versions, "births": _births, "breakdowns": _breakdown, "a board": _board,
}  # fmt: skip


def sheet_of_totals(kind: str, seed: int) -> Cells:
    """A workbook of one kind, with rows moved down and columns moved right by chance, and what workbooks have besides."""
    random = Random(f"{kind} {seed}")  # noqa: S311
    rows = MAKERS[kind](random)
    down, right = random.choice((0, 0, 1, 3, 70)), random.choice((0, 0, 1))
    rows = [[None] * right + row for row in [*([[]] * down), *rows]]
    beside = (
        HiddenText("author", random.choice(OFFICERS)),
        HiddenText(
            "property",
            random.choice(("Absence 2010/11", "Schools; wards; St Ann's", "Robert Shaw Primary", "local indicators")),
        ),
        HiddenText(
            "comment",
            random.choice(("Jane Smith:\nplease check", "Tom Brown: revised in May", "Excludes academies", "was 54")),
            "Data",
            "B2",
        ),
        HiddenText(
            "header or footer", random.choice(("Prepared by Jane Smith", "Page 1 of 2", "Nottingham City Council"))
        ),
        HiddenText("defined name", random.choice(("Print_Area", "Schools_List", "Robert_Shaw_Primary"))),
    )
    other = Sheet(
        random.choice(("Notes", "Robert Shaw Primary", "2009-10", "Victoria Ward")), [["Source", "School Census"]]
    )
    return Cells("xlsx", (Sheet("Data", rows), other), elsewhere=beside)
