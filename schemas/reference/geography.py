"""Areas: by any of their codes or by name, never by a part of a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.common.errors import DefinitionError
from local_indicators.common.suggestions import likely_words

ENGLAND = "E92000001"

UNLISTED = {
    **dict.fromkeys(("E05", "W05", "S13", "N08"), "Ward"),
    **dict.fromkeys(("E14", "W07", "S14", "N05", "N06"), "Constituency"),
    **dict.fromkeys(("E01", "W01"), "LSOA"),
    **dict.fromkeys(("E02", "W02"), "MSOA"),
    **dict.fromkeys(("S01", "N20"), "Data zone"),
    **dict.fromkeys(("S02", "N21"), "Intermediate zone"),
    "N10": "District electoral area",
    "E38": "Clinical commissioning group",
    "E54": "Integrated care board",
    **dict.fromkeys(("W11", "S08"), "Health board"),
    "E47": "Combined authority",
    "E31": "Fire authority",
}
"""Types of area too many to list: any code of the form is one, by how the code begins."""

_COUNTRIES = {"K02000001": "EWSNK", "K03000001": "EWS", "K04000001": "EW"}
"""How the codes of areas begin that lie in more than one country."""
_CODE = re.compile("(?:" + "|".join(UNLISTED) + r")\d{6}", re.ASCII)


_BEYOND = ("W06", "S12", "N09")
"""How the codes of councils of Wales, Scotland and Northern Ireland begin."""

_COUNCILS = tuple(
    (re.compile(pattern), kinds)
    for pattern, kinds in (
        (r"(?:the )?(?:london|royal) borough of (.+?)(?: council)?", ("E06", "E09")),
        (r"(?:the )?(?:city and county|county borough|county|city) of (.+?)(?: council)?", _BEYOND),
        (r"(.+) (?:county borough council|county borough|cbc)", ("W06",)),
        (r"(.+) (?:metropolitan borough council|metropolitan borough|metropolitan council|mbc)", ("E08",)),
        (r"(.+) (?:borough council|borough|bc)", ("E06", "E07", "E08", "E09", "N09")),
        (r"(.+) (?:city council)", ("E06", "E07", "E08", "E09", *_BEYOND)),
        (r"(.+) (?:city and district council)", ("N09",)),
        (r"(.+) (?:district council|district|dc)", ("E06", "E07", "E08", "N09")),
        (r"(.+) (?:county council|cc)", ("E10", "W06")),
        (r"(.+) (?:unitary authority|ua)", ("E06",)),
        (r"(?:the )?(.+) council", ("E06", "E07", "E08", "E09", "E10", *_BEYOND)),
    )
)
"""How councils write their names around the name of their place, and how the codes of such councils begin. Never a part
of another place's name: what is left must be the whole name of a place."""

_FOOTNOTED = re.compile(
    r"(?P<name>[^\W\d_].*[^\W\d_)])(?P<mark> ?[1-9]\d?(?:, ?[1-9]\d?)*|"
    r" ?\((?:[1-9]\d?(?:, ?[1-9]\d?)*|[a-z])\)| ?\[(?:[1-9]\d?|[a-z])\])",
    re.ASCII | re.I,
)
"""A name with the number or letter of a footnote behind it: Hackney1, Derby 2, Leicester(3), Bromley (E)."""
_SIDES = {
    "N": ("north",), "S": ("south",), "E": ("east",), "W": ("west",), "C": ("central",), "M": ("mid",),
    "U": ("upper",), "L": ("lower",),
}  # fmt: skip
"""What a letter behind the name of a place may stand for, where there is such a place."""


@dataclass(frozen=True)
class Area:
    """A place as one code knew it between two dates. `successor_code` is the code that took over the whole of it.
    `lies_in` are the codes, with spaces between, of areas beside its parent that it lies in as well: its police area,
    its metropolitan county, the area of its NHS trust."""

    __pydantic_config__ = STRICT_KEYS
    area_code: str
    name: str
    area_type: str
    parent_code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor_code: str = ""
    dfe_code: str = ""
    legacy_code: str = ""
    note: str = ""
    lies_in: str = ""

    def held(self, on: date) -> bool:
        """Whether the code was valid on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Alias:
    """Another name that partners type for an area."""

    __pydantic_config__ = STRICT_KEYS
    alias: str
    area_type: str
    area_code: str
    note: str = ""


def _same(name: str) -> str:
    """A name without the differences that mean nothing: case, spaces, hyphens, '&' for 'and', a curly apostrophe."""
    plain = name.replace("’", "'").replace("&", " and ").replace("-", " ").replace("–", " ")
    return " ".join(plain.casefold().split())


class Geography:
    """All areas, and how to find one. Holds no state beyond what it was built from. `file` and `aliases_file` are named
    where something of them is wrong."""

    def __init__(
        self, areas: Sequence[Area], file: Path, aliases: Iterable[Alias] = (), aliases_file: Path | None = None
    ) -> None:
        self.areas = tuple(areas)
        self.by_code = {area.area_code: area for area in areas}
        self.area_types = frozenset(area.area_type for area in areas) | frozenset(UNLISTED.values())
        if len(self.by_code) != len(self.areas):
            counted = Counter(area.area_code for area in areas)
            raise DefinitionError(file, f"{counted.most_common(1)[0][0]} is listed twice", key="area_code")
        for area in areas:
            self._check(area, file)
        self._names: dict[str, list[Area]] = {}
        for area in areas:
            for name in (area.area_code, area.dfe_code, area.legacy_code, area.name):
                if len(name) > 2:  # the legacy codes of regions and counties, A or 37, could be anything in a cell
                    self._names.setdefault(_same(name), []).append(area)
        for alias in aliases:
            if alias.area_code not in self.by_code:
                raise DefinitionError(aliases_file or file, f"{alias.area_code} is not in areas.csv", key=alias.alias)
            self._names.setdefault(_same(alias.alias), []).append(self.by_code[alias.area_code])

    def _check(self, area: Area, file: Path) -> None:
        for key, code in (("parent_code", area.parent_code), ("successor_code", area.successor_code)):
            if code and code not in self.by_code:
                raise DefinitionError(file, f"{code} is not in the list", key=f"{area.area_code}.{key}")
        for code in area.lies_in.split():
            if code not in self.by_code or code == area.area_code:
                raise DefinitionError(file, f"{code} is not another area of the list", key=f"{area.area_code}.lies_in")
        if area.successor_code:
            begins = self.by_code[area.successor_code].valid_from
            if area.valid_to is None or begins != area.valid_to + timedelta(days=1):
                reason = f"{area.successor_code} must be valid from the day after {area.area_code} ends"
                raise DefinitionError(file, reason, key=f"{area.area_code}.successor_code")

    def find(self, typed: str, area_types: Sequence[str] = (), on: date | None = None) -> Area | None:
        """The area that a code or whole name stands for among some area types; None if none does or several do.

        A name shared by successive codes of one place means the code that was valid on a day; without a day, or on
        one before codes began, it means the first of them, from which `current` leads to the others.
        """
        named = self._names.get(_same(typed), []) or self._council(typed)
        if not named and (unlisted := _unlisted(typed)):
            named = [unlisted]
        fits = list({a.area_code: a for a in named if not area_types or a.area_type in area_types}.values())
        if on is not None:
            fits = [a for a in fits if a.held(on)] or fits
        codes = {a.area_code for a in fits}
        return next((a for a in fits if codes <= {later.area_code for later in self._codes(a)}), None)

    def without_footnote(
        self, typed: str, area_types: Sequence[str] = (), on: date | None = None
    ) -> tuple[Area, str] | None:
        """The area that is left of a text without the footnote number or letter at its end, and that mark; None unless
        nothing else can be meant: the whole is no area, what is left is a whole name (a code with a digit too many is
        mistyped), and a letter does not stand for the North or East of it."""
        match = _FOOTNOTED.fullmatch(" ".join(typed.split()))
        if match is None or self.find(typed) is not None or any(sign.isdigit() for sign in match["name"]):
            return None
        name, mark = match["name"], match["mark"]
        sides = _SIDES.get(mark.strip("()[] ").upper(), ())
        if any(self._names.get(_same(form)) for side in sides for form in (f"{side} {name}", f"{name} {side}")):
            return None
        area = self.find(name, area_types, on)
        return None if area is None else (area, mark.strip())

    def likely_names(self, typed: str, area_types: Sequence[str] = ()) -> list[str]:
        """Names of areas, among some area types, that are most like a text that is none."""
        names = {a.name: None for a in self.areas if not area_types or a.area_type in area_types}
        return likely_words(typed, names)

    def named(self, typed: str) -> tuple[Area, ...]:
        """Every area that a code or whole name stands for."""
        found = self._names.get(_same(typed)) or self._council(typed)
        unlisted = _unlisted(typed)
        return tuple(found) or ((unlisted,) if unlisted else ())

    def is_one_place(self, area: Area, other: Area) -> bool:
        """Whether two codes are of the same place at different times."""
        codes = {code.area_code for code in self._codes(area)}
        return other.area_code in codes or area.area_code in {code.area_code for code in self._codes(other)}

    def lies_in(self, area: Area, outer: Area) -> bool:
        """Whether an area is a part of another, as far as the list says: of its parents, of a part of its region, of
        its country."""
        countries = _COUNTRIES.get(outer.area_code, outer.area_code[:1]) if outer.area_type == "National" else ""
        inside: Area | None = area
        while inside is not None:
            if inside.area_code == outer.area_code or inside.area_code[0] in countries:
                return True
            inside = self.by_code.get(inside.parent_code)
        region = self.region_of(area.area_code)
        return outer.area_type == "Sub-region" and region is not None and region == self.region_of(outer.area_code)

    def _council(self, typed: str) -> list[Area]:
        """The areas that a council's name stands for: the place it names, if it can have that kind of council."""
        for pattern, kinds in _COUNCILS:
            match = pattern.fullmatch(_same(typed))
            if match and (found := [a for a in self._names.get(match[1], []) if a.area_code[:3] in kinds]):
                return found
        return []

    def current(self, area: Area, on: date) -> Area:
        """The same place under the code that it had on a day: the area itself unless it was replaced before then."""
        while area.valid_to is not None and area.valid_to < on and area.successor_code:
            area = self.by_code[area.successor_code]
        return area

    def area(self, code: str) -> Area | None:
        """The area of exactly this code, listed or known by the code's form."""
        return self.by_code.get(code) or _unlisted(code)

    def region_of(self, area_code: str) -> str | None:
        """The code of the region that an area lies in, if any."""
        seen = self.by_code.get(area_code)
        while seen is not None and seen.area_type != "Region":
            seen = self.by_code.get(seen.parent_code)
        return seen.area_code if seen else None

    def _codes(self, area: Area | None) -> Iterator[Area]:
        """An area, and what became of it under each later code."""
        while area is not None:
            yield area
            area = self.by_code.get(area.successor_code)


def _unlisted(typed: str) -> Area | None:
    code = typed.strip().upper()
    return Area(code, code, UNLISTED[code[:3]]) if _CODE.fullmatch(code) else None
