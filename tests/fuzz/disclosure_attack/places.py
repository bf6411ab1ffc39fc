"""Public geography as any reader knows it: which councils lie in which larger area, of every layer.

The councils and their regions are those of areas.csv, read here by itself; the layers that cut across (police areas,
metropolitan counties, Inner and Outer London, health trusts) are written down from what is public, so that nothing
here depends on what disclosure control believes.
"""

from __future__ import annotations

import csv
from functools import cache

from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE
from local_indicators.schemas.reference.geography import ENGLAND

INNER = ("01", "07", "12", "13", "14", "19", "20", "22", "23", "25", "28", "30", "32", "33")
"""The City and the boroughs of Inner London by the last digits of their codes, as the Office for National Statistics
counts them: with Haringey and Newham, without Greenwich."""
WARDS = {f"E0500{n:04d}": "E06000018" for n in range(8850, 8853)}
"""Wards of Nottingham as partners may report them."""


def _coded(prefix: str, numbers: range) -> frozenset[str]:
    return frozenset(f"{prefix}{n:06d}" for n in numbers)


ACROSS: dict[str, frozenset[str]] = {
    "E23000013": _coded("E06", range(1, 5)),  # Cleveland: Hartlepool, Middlesbrough, Redcar and Cleveland, Stockton
    "E23000012": _coded("E06", range(10, 14)),  # Humberside: Hull, East Riding, North and North East Lincolnshire
    "E23000019": frozenset({"E06000018", "E10000024"}),  # Nottinghamshire: the city and the county
    "E23000018": frozenset({"E06000015", "E10000007"}),  # Derbyshire
    "E23000021": frozenset({"E06000016", "E06000017", "E10000018"}),  # Leicestershire, with Rutland
    "E23000005": _coded("E08", range(1, 11)),  # Greater Manchester
    "E11000001": _coded("E08", range(1, 11)),
    "E23000010": _coded("E08", range(32, 37)),  # West Yorkshire
    "E11000006": _coded("E08", range(32, 37)),
    "E23000004": _coded("E08", range(11, 16)),  # Merseyside
    "E11000002": _coded("E08", range(11, 16)),
    "E13000001": frozenset(f"E090000{n}" for n in INNER),
    "E13000002": frozenset(f"E0900{n:04d}" for n in range(1, 34)) - {f"E090000{n}" for n in INNER},
    "PCT:5EM": frozenset({"E06000018"}),  # Nottingham City Primary Care Trust: the same place
}


@cache
def _listed() -> dict[str, tuple[str, str]]:
    with (SHIPPED_REFERENCE / "areas.csv").open(encoding="utf-8", newline="") as file:
        return {row["area_code"]: (row["area_type"], row["parent_code"]) for row in csv.DictReader(file)}


@cache
def members(code: str) -> frozenset[str]:
    """The smallest places that an area consists of: councils, a county's districts, a city's wards and what is left."""
    if code in ACROSS:
        return frozenset(unit for council in ACROSS[code] for unit in members(council))
    if code in WARDS:
        return frozenset({code})
    kind = _listed()[code][0]
    if kind in ("Region", "National"):
        councils = [c for c, (k, up) in _listed().items() if k == "Local authority" and (code == ENGLAND or up == code)]
        return frozenset(unit for council in councils for unit in members(council))
    districts = [c for c, (k, up) in _listed().items() if k == "District" and up == code]
    if districts:
        return frozenset(districts)
    return frozenset({code, *(ward for ward, city in WARDS.items() if city == code)})
