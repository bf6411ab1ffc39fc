"""The layouts of the random workbooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HEAD = """
id = "seen"
name = "A partner made up by the fuzzer"
email = "seen@example.org"
example = true
"""
TABLE = """
[[collection]]
id = "seen-{name}"
title = "{name}"
files = ["{name}_*"]
[[collection.layout]]
[[collection.layout.table]]
sheet = "Figures"
header = {{ find = "{find}" }}
blank = "skip"
{keys}
"""


@dataclass(frozen=True)
class Kind:
    """A kind of return: its headings, which of them hold figures, and what the shown number of each is multiplied by."""

    headings: tuple[str, ...]
    figures: tuple[int, ...]
    keys: str
    scale: float = 1.0
    year: str = "2009/10"
    share: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "share": Kind(
            ("Area", "Year", "Per cent"), (2,),
            'area = { column = "Area" }\nperiod = { column = "Year" }\nindicator = "eyfs-good-level"\n'
            'value = [{ column = "Per cent", scale = "percent" }]', share=True,
        ),
        "count": Kind(
            ("Area", "Year", "Places"), (2,),
            'area = { column = "Area" }\nperiod = { column = "Year" }\nindicator = "childcare-places"\n'
            'value = [{ column = "Places" }]', year="2010",
        ),
        "parts": Kind(
            ("Area", "Year", "%", "Number", "Of"), (2, 3, 4),
            'area = { column = "Area" }\nperiod = { column = "Year" }\nindicator = "persistent-absence-primary"\n'
            'value = [{ column = "%", scale = "percent" }, { column = "Number", measure = "numerator" }, '
            '{ column = "Of", measure = "denominator" }]', share=True,
        ),
        "wide": Kind(
            ("Area", "2007/08", "2008/09", "2009/10"), (1, 2, 3),
            "area = { column = \"Area\" }\nperiod = { header = '^(\\d{4}/\\d{2})' }\nindicator = \"absence-primary\"\n"
            "value = [{ match = '^\\d{4}/\\d{2}', scale = \"percent\" }]", share=True,
        ),
        "money": Kind(
            ("Area", "Year", "Cut (£000)"), (2,),
            'area = { column = "Area" }\nperiod = { column = "Year" }\nindicator = "childrens-services-budget-change"\n'
            'value = [{ column = "Cut (£000)", scale = 0.001 }]', scale=0.001, year="2011",
        ),
        "stock": Kind(
            ("Area", "Year", "Places (000)"), (2,),
            'area = { column = "Area" }\nperiod = { column = "Year" }\nindicator = "childcare-places"\n'
            'value = [{ column = "Places (000)", scale = "thousands" }]', scale=1000.0, year="2010",
        ),
        "coded": Kind(
            ("Code", "Name", "Year", "Per cent"), (3,),
            'area = { column = ["Code", "Name"] }\nperiod = { column = "Year" }\nindicator = "eyfs-good-level"\n'
            'value = [{ column = "Per cent", scale = "fraction" }]', scale=100.0, share=True,
        ),
    }
)  # fmt: skip
AREAS = (
    ("E06000018", "Nottingham"), ("E06000015", "Derby"), ("E06000016", "Leicester"), ("E08000025", "Birmingham"),
    ("E06000023", "Bristol, City of"), ("E06000045", "Southampton"), ("E06000044", "Portsmouth"), ("E08000035", "Leeds"),
)  # fmt: skip


def toml(more: str = "") -> str:
    """The TOML of the partner that sends all of them; `more` are further keys of every table."""
    return HEAD + "".join(
        TABLE.format(name=name, find=kind.headings[0], keys=f"{more}\n{kind.keys}") for name, kind in KINDS.items()
    )
