"""Sheets in which people are, in every form that the rules were made for and some that they were not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from local_indicators.inputs.readers.cells import Cells, HiddenText, Sheet

Rows = list[list[Any]]
GIVEN = ("Jane", "Tom", "Aisha", "Wei", "Oluwaseun", "Mateusz", "Siobhan", "Priya", "Jack", "Fatima", "Callum", "Elena", "Yusuf", "Chloe", "Rhys",
         "Ngozi", "Piotr", "Zainab", "Harry", "Gurpreet", "Bronwen", "Ethan", "Maryam", "Ana", "Kwame", "Megan", "Tariq", "Isla", "Bogdan", "Leila")  # fmt: skip
FAMILY = ("Smith", "Khan", "Brown", "O'Connor", "Adeyemi", "Kowalski", "Patel", "Jones", "Begum", "Nguyen", "Taylor", "Popescu", "Ali", "Hughes",
          "Okafor", "Singh", "Murphy", "Chen", "Walker", "Hussain", "Wright", "Silva", "Campbell", "Kaur", "Robinson", "Mensah")  # fmt: skip
REASONS = (
    "truancy",
    "moved to foster care",
    "hit another pupil",
    "asthma",
    "awaiting assessment",
    "new baby at home",
    "lives with aunt",
    "late to school",
)


class Person:
    """Somebody who does not exist."""

    def __init__(self, random: Random) -> None:
        self.given, self.family = random.choice(GIVEN), random.choice(FAMILY)
        self.born = date(1993, 1, 1) + timedelta(random.randrange(6_000))
        self.age, self.sex = random.randrange(3, 19), random.choice("MF")
        self.reason = random.choice(REASONS)
        self.nhs, self.upn, self.nino = nhs(random), upn(random), nino(random)

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def nhs(random: Random) -> str:
    while True:
        digits = "999" + "".join(random.choice("0123456789") for _ in range(6))
        check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return digits + str(check % 11)


def upn(random: Random) -> str:
    rest = "".join(random.choice("0123456789") for _ in range(12))
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[sum(int(d) * w for d, w in zip(rest, range(2, 14), strict=True)) % 23] + rest


def nino(random: Random) -> str:
    return f"AB{random.randrange(100_000, 999_999)}{random.choice('ABCD')}"


def totals(random: Random, rows: int = 12) -> Rows:
    areas = ("Nottingham", "Derby", "Leicester", "England", "Lincoln")
    return [
        ["Area", "Year", "Pupils", "Remark"],
        *([random.choice(areas), "2009/10", float(random.randrange(9_000)), None] for _ in range(rows)),
    ]


def born(person: Person, random: Random) -> Any:
    b = person.born
    month = b.strftime("%b")
    forms = (
        b,
        f"{b:%d/%m/%Y}",
        f"{b.day}.{b.month}.{b:%y}",
        f"{b.day} {month} {b.year}",
        f"{b:%B} {b.day}th {b.year}",
        f"{b:%d%m%Y}",
        f"{b:%Y-%m-%d}",
        f"{b:%d-%b-%y}",
    )
    return random.choice(forms)


Make = Callable[[Random, list[Person]], Cells]


def book(rows: Rows, random: Random, **other: Any) -> Cells:
    first = Sheet("Totals", totals(random))
    return Cells("xlsx", (first, Sheet(other.pop("name", "Data"), rows, **other)))


def _table(headings: tuple[str, ...], of: Callable[[Person], list[Any]]) -> Make:
    return lambda random, people: book([list(headings), *(of(p) for p in people)], random)


def _in_cell(of: Callable[[Person, Random], str]) -> Make:
    """Totals with one remark that speaks of somebody."""

    def make(random: Random, people: list[Person]) -> Cells:
        rows = totals(random)
        rows[random.randrange(1, len(rows))][3] = of(people[0], random)
        return book(rows, random)

    return make


def _far_down(random: Random, people: list[Person]) -> Cells:
    rows = totals(random, random.choice((70, 460, 900)))
    return book([*rows, [], ["Pupil", "DoB", "Sex"], *([p.name, born(p, random), p.sex] for p in people)], random)


def _every_other(random: Random, people: list[Person]) -> Cells:
    rows = totals(random, 2 * len(people))
    for number, person in enumerate(people):
        rows[2 * number + 1][0] = random.choice((person.name, f"{person.family}, {person.given}"))
    return book(rows, random)


def _scattered(random: Random, people: list[Person]) -> Cells:
    rows = totals(random, 40)
    places = random.sample([(r, c) for r in range(1, 40) for c in (2, 3)], len(people))
    for (row, column), person in zip(places, people, strict=True):
        rows[row][column] = person.name
    return book(rows, random)


def _two_columns(random: Random, people: list[Person]) -> Cells:
    heads = random.choice(([], [["First", "Last"]], [["Col1", "Col2"]], [["Forename(s)", "Surname"]]))
    return book([*heads, *([p.given, p.family] for p in people)], random)


def _elsewhere(where: str, of: Callable[[list[Person], Random], str]) -> Make:
    def make(random: Random, people: list[Person]) -> Cells:
        return Cells(
            "xlsx",
            (Sheet("Totals", totals(random)),),
            elsewhere=(HiddenText(where, of(people, random), "Totals", "B2"),),
        )

    return make


def _cache(people: list[Person]) -> Sheet:
    rows: Rows = [["Surname", "Age"]]
    return Sheet("p", rows + [[p.family, float(p.age)] for p in people])


FORMS: Mapping[str, Make] = {
    "name, age, sex, comment": _table(("Name", "Age", "Sex", "Comment"), lambda p: [p.name, p.age, p.sex, p.reason]),
    "child and what happened": _table(("Child", "What happened"), lambda p: [p.given, p.reason]),
    "pupil by family name first": _table(("Pupil", "Year group"), lambda p: [f"{p.family.upper()} {p.given}", f"Y{max(1, p.age - 5)}"]),
    "full name and date": _table(("Full name", "Date"), lambda p: [p.name, f"{p.born:%d/%m/}2011"]),
    "names with commas under anything": _table(("Item", "n"), lambda p: [f"{p.family}, {p.given}", 1.0]),
    "first names": _table(("First Name(s)", "School"), lambda p: [p.given, "Berridge Primary"]),
    "two columns of names": _two_columns,
    "names in small letters": _table(("x", "y"), lambda p: [p.name.lower(), 1.0]),
    "born in every form": lambda r, people: book([["Ref", r.choice(("Born", "DoB", "D.O.B.", "date_of_birth", "Birth date", "DOB (dd/mm/yy)"))],
                                                  *([f"C{n}", born(p, r)] for n, p in enumerate(people))], r),
    "reference, date and reason": lambda r, people: book([["Ref", "Date", "Reason"], *([f"{r.randrange(10_000, 99_999)}", f"{p.born:%d/%m/}2011", p.reason] for p in people)], r),
    "initials with age": lambda r, people: book([["Child", "Age", "Comment"], *([f"{p.given[0]}{p.family[0]}", f"{p.age}y", p.reason] for p in people)], r),
    "age, sex and a remark without names": _table(("Age", "Gender", "Circumstances"), lambda p: [p.age, p.sex, p.reason]),
    "NHS numbers as numbers": lambda r, people: book([["Key", "n"], *([float(p.nhs), 1.0] for p in people)], r),
    "NHS numbers with spaces here and there": _in_cell(lambda p, _: f"{p.nhs[:3]} {p.nhs[3:6]} {p.nhs[6:]}"),
    "a pupil number in a note": _in_cell(lambda p, _: f"duplicate of {p.upn}"),
    "an insurance number in a note": _in_cell(lambda p, r: r.choice((p.nino, f"{p.nino[:2]} {p.nino[2:4]} {p.nino[4:6]} {p.nino[6:8]} {p.nino[8]}"))),
    "somebody in a note": _in_cell(lambda p, r: r.choice((f"1 ({p.given} {p.family[0]}, looked after)", f"{p.name}, aged {p.age}", f"pupil {p.given} was excluded",
                                                          f"{p.given}'s mum rang", f"{p.given} {p.family[0]} (dob {p.born:%d/%m/%y})", f"2 - {p.given} and his sister"))),
    "several in one cell": lambda r, people: book([["Area", "n", "Who"], ["Nottingham", 3.0, ", ".join(p.name for p in people)]], r),
    "below row 60 and 450": _far_down,
    "in every other row": _every_other,
    "here and there": _scattered,
    "homes": lambda r, people: book([["a", "b"], *([f"{r.randrange(1, 99)} {r.choice(('Mill Road', 'High Street', 'Oak Lane'))}, Nottingham NG{r.randrange(1, 9)} {r.randrange(1, 9)}AB", 1.0] for _ in people)], r),
    "e-mail addresses": lambda r, people: book([["a", "b"], *([n, f"{p.given}.{p.family}{n}@example.org".replace("'", "").lower()] for n, p in enumerate(people))], r),
    "mobile telephones": lambda r, people: book([["a", "b"], *([n, f"07700 900{r.randrange(100, 999)}{''}"] for n, _ in enumerate(people))], r),
    "a comment": _elsewhere("comment", lambda ps, r: r.choice((f"{ps[0].name}, aged {ps[0].age}", f"UPN {ps[0].upn}", f"{ps[0].name} and {ps[1].name}"))),
    "a property": _elsewhere("property", lambda ps, r: r.choice((f"Case of {ps[0].name} aged {ps[0].age}", "; ".join(p.name for p in ps), "; ".join(f"{p.given}{n}@example.org" for n, p in enumerate(ps))))),
    "a header": _elsewhere("header or footer", lambda ps, _: f"{ps[0].name} dob {ps[0].born:%d/%m/%Y}"),
    "behind a pivot table": lambda r, ps: Cells("xlsx", (Sheet("Totals", totals(r)),), behind=(("the data behind a pivot table", _cache(ps)),)),
    "a title of a sheet": lambda r, ps: book(totals(r), r, name=f"{ps[0].given} {r.choice(('Smith', 'Khan', 'Brown'))}", hidden=True),
}  # fmt: skip


def sheet_with_people(form: str, seed: int) -> Cells:
    """A workbook of one form, with three people or more."""
    random = Random(f"{form} {seed}")  # noqa: S311
    people: list[Person] = []
    while len({(p.given, p.family) for p in people}) < 4 + seed % 6:
        people.append(Person(random))
    return FORMS[form](random, list({(p.given, p.family): p for p in people}.values()))
