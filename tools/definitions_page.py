"""Writes docs/definitions.md from the models: `python -m tools.definitions_page`. Every key, with what it is for."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from local_indicators.common.key_help import help_of
from local_indicators.inputs.layouts.partner_layouts import CollectionRecord, PartnerRecord, RequireRecord
from local_indicators.schemas.definitions import models
from local_indicators.schemas.reference.breakdowns import Dimension
from local_indicators.schemas.reference.geography import Alias, Area
from local_indicators.schemas.return_calendar import ExpectedPeriod

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "docs" / "definitions.md"


@dataclass(frozen=True)
class DefinitionFile:
    """A file of the definitions: where, what it is for, what holds without it, its records, and an example of it."""

    name: str
    purpose: str
    without: str
    records: tuple[tuple[type, str], ...]
    example: str


ADDED = "The shipped ones hold; yours are added, and one of the same name takes the place of a shipped one."
FILES: tuple[DefinitionFile, ...] = (
    DefinitionFile(
        "partnership.toml",
        "Which areas are yours. Scorecards and templates are about them, and *statistical neighbours* in a sheet means theirs.",
        "The areas that have peers or targets are taken for yours.",
        ((models.Partnership, ""),),
        'areas = ["Leicester"]\n',
    ),
    DefinitionFile(
        "indicators/*.toml",
        "What is measured. A table for each indicator, in as many files as you like; what is under `[defaults]` holds for "
        "every indicator of its file. `indicators add indicator` writes one with every key explained.",
        "Nothing: at least one indicator is needed.",
        ((models.Indicator, ""), (models.IndicatorVersion, "versions")),
        '[school-attendance]\ntitle = "School attendance"\ndefinition = "Sessions attended as a percentage of those possible."\n'
        'unit = "%"\ntime_identifier = "Academic year"\npolarity = "higher"\nnumerator = "sessions attended"\n'
        'denominator = "possible sessions"\nofficer = "head-of-schools"\npriority = "Being at school"\n'
        'breakdowns = { Sex = ["Girls", "Boys"] }\n\n'
        '[absence]\ntitle = "School absence"\ndefinition = "Sessions missed as a percentage of those possible."\n'
        'unit = "%"\ntime_identifier = "Academic year"\npolarity = "lower"\nnumerator = "sessions missed"\n'
        'denominator = "possible sessions"\n',
    ),
    DefinitionFile(
        "plan.toml",
        "The partnership's plan: its objectives and priorities, with dates.",
        "The scorecard lists the adopted indicators without priorities.",
        (
            (models.Framework, "[framework]"),
            (models.DatedTitle, "[[strategic]]"),
            (models.Priority, "[[priority]]"),
            (models.OperationalObjective, "[[operational]]"),
        ),
        '[framework]\nid = "Plan 2026-30"\ntitle = "Plan 2026 to 2030"\nvalid_from = 2026-04-01\n\n'
        '[[priority]]\ntitle = "Being at school"\nlead = "head-of-schools"\n\n'
        '[[operational]]\nid = "attendance"\ntitle = "Better attendance"\nvalid_from = 2026-04-01\n',
    ),
    DefinitionFile(
        "officers.toml",
        "Accountable officers: roles, never people. A table for each.",
        "Nobody but the analyst is told of what is overdue.",
        ((models.Officer, ""),),
        '[head-of-schools]\nrole = "Head of schools"\nemail = "head.of.schools@example.org"\nvalid_from = 2024-01-01\n',
    ),
    DefinitionFile(
        "targets.csv",
        "Targets: a line for each indicator, area, breakdown and period. Columns that you do not need may be left out.",
        "Nothing is compared with a target.",
        ((models.Target, ""),),
        "indicator_id,framework,area_code,breakdown,time_period,time_identifier,operator,value,tolerance\n"
        "school-attendance,Plan 2026-30,E06000016,Total,202627,Academic year,>=,94,0.5\n",
    ),
    DefinitionFile(
        "peers.csv",
        "Dated lists of the areas that one is compared with. The group `statistical_neighbours` gives the neighbours' "
        "average, `core_cities` that of the core cities.",
        "The shipped lists hold: those that are public and at hand. A list of yours takes the place of the shipped one of "
        "its area, group and version.",
        ((models.Peer, ""),),
        "area_code,group_code,group_title,group_version,valid_from,valid_to,order,member_code,member_name\n"
        "E06000016,statistical_neighbours,Statistical neighbours,2025-04,2025-04-01,,1,E08000025,Birmingham\n",
    ),
    DefinitionFile(
        "frameworks.toml",
        'National sets that are switched on, by `national_sets = ["national-indicator-set"]` before the first table, and '
        "frameworks besides the plan that set targets.",
        "No national set is answered for in `mart.coverage`.",
        ((models.Framework, "[[framework]]"),),
        'national_sets = ["national-indicator-set"]\n\n[[framework]]\nid = "City plan"\ntitle = "The city\'s plan"\n'
        "valid_from = 2025-04-01\n",
    ),
    DefinitionFile(
        "areas.csv",
        "Areas of your own, such as patches and wards by name. All of England's councils, regions and police areas are "
        "shipped; codes of wards and smaller areas are known by their form.",
        ADDED,
        ((Area, ""),),
        "area_code,name,area_type,parent_code\nPATCH:NORTH,North patch,Patch,E06000016\n",
    ),
    DefinitionFile(
        "area_aliases.csv",
        "Other names that partners type for areas.",
        ADDED,
        ((Alias, ""),),
        "alias,area_type,area_code\nThe north,Patch,PATCH:NORTH\n",
    ),
    DefinitionFile(
        "breakdowns.toml",
        "Dimensions by which figures are broken down.",
        ADDED,
        ((Dimension, "[[dimension]]"),),
        '[[dimension]]\nname = "Phase"\nvalues = ["Primary", "Secondary"]\n',
    ),
    DefinitionFile(
        "disclosure.toml",
        "Policies by which small numbers are hidden. A table for each.",
        ADDED + " An indicator that names no policy gets one that protects people.",
        ((models.DisclosurePolicy, ""),),
        '[schools]\ntitle = "Pupils of a school"\nprimary_min = 10\nround_base = 0\nsecondary = true\nzero_ok = true\n'
        'min_denominator = 20\nreason = "Schools are small."\n',
    ),
    DefinitionFile(
        "scales.toml",
        "Scales of judgements, best first. A table for each.",
        ADDED,
        ((models.Scale, ""),),
        '[self-assessment]\ntitle = "Self-assessment"\nvalid_from = 2024-01-01\nvalues = ["green", "amber", "red"]\n',
    ),
    DefinitionFile(
        "relations.toml",
        "Which indicator's value can be worked out from which, so that what is hidden in one is not given away by another.",
        "Only what the definitions themselves say is known: parts, totals, shares of one denominator.",
        ((models.IndicatorRelation, "[[relation]]"),),
        '[[relation]]\nkind = "complement"\nindicator = "absence"\nof = ["school-attendance"]\n',
    ),
    DefinitionFile(
        "baskets.toml",
        "Indicators that are watched together, or stand for something that nobody measures. A table for each.",
        "There are none.",
        ((models.Basket, ""),),
        '[at-school]\ntitle = "Being at school"\nproxy = false\ncomponents = ["school-attendance", "absence"]\n',
    ),
    DefinitionFile(
        "../partners/*.toml",
        "Who sends what: a file for each partner, named by its id, as is its folder in the inbox. How a sheet lies is "
        "described in [Layouts](layouts.md).",
        "At least one partner is needed.",
        (
            (PartnerRecord, ""),
            (CollectionRecord, "[[collection]]"),
            (ExpectedPeriod, "expect"),
            (RequireRecord, "require"),
        ),
        'id = "schools"\nname = "Schools"\nemail = "schools.data@example.org"\n\n[[collection]]\nid = "attendance"\n'
        'title = "Attendance"\nfiles = ["attendance*.xlsx"]\nexpect = [{ period = "2025/26", due = 2026-10-30 }]\n\n'
        '[[collection.layout]]\n[[collection.layout.table]]\nheader = { find = "Area" }\narea = { column = "Area" }\n'
        'period = { column = "Year" }\nindicator = "school-attendance"\nvalue = [{ column = "Attendance" }]\n',
    ),
)
_NAMED_BY_TABLE = (models.Indicator, models.Officer, models.Scale, models.DisclosurePolicy, models.Basket)
_WORDS: Mapping[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "date"}
HEAD = """# Definitions, file by file

Made from the models by `python -m tools.definitions_page`; do not edit it. These files lie in `definitions/` of your
[workspace](start.md); partners lie beside it. Only `indicators/` and one partner must be there. What ships with the code is
added to, or replaced entry by entry, by what you give. A wrong file is refused at start: every error of it is told at once,
with its line, what may stand there and an example.

A `.toml` file may hold comments after `#`; texts stand in quotes, dates do not. A `.csv` file is saved as UTF-8 (in Excel:
*CSV UTF-8*); an empty cell takes the default.
"""


def page() -> str:
    """Return the page."""
    return HEAD + "".join(f"\n{_section(file)}" for file in FILES)


def _section(file: DefinitionFile) -> str:
    name = file.name.removeprefix("../")
    lines = [f"## `{name}`", "", file.purpose, "", f"**Without it**: {file.without}", ""]
    for record, title in file.records:
        lines += [f"### `{title}`", ""] if title else []
        lines += ["| Key | What it is for | What may stand there | If left out |", "|---|---|---|---|"]
        lines += [_row(record, field) for field in fields(record) if field.name != "layout"]
        lines.append("")
    kind = "csv" if file.name.endswith(".csv") else "toml"
    return "\n".join([*lines, f"```{kind}", file.example.rstrip("\n"), "```", ""])


def _row(record: Any, field: Field[Any]) -> str:
    told = help_of(record).get(field.name)
    words = _cell(told.text) if told else ""
    return f"| `{field.name}` | {words} | {_cell(_allowed(get_type_hints(record)[field.name]))} | {_cell(_default(record, field))} |"


def _allowed(hint: Any) -> str:
    """What may stand in a place, in words."""
    origin, inner = get_origin(hint), [part for part in get_args(hint) if part is not type(None)]
    if hint in _WORDS:
        return _WORDS[hint]
    if is_dataclass(hint):
        return "a table"
    if origin is Literal:
        return ", ".join(f"`{word}`" if word else "nothing" for word in inner)
    if origin in (Union, types.UnionType) and len(inner) == 1:
        return _allowed(inner[0])
    if origin is tuple:
        return (
            "tables" if is_dataclass(inner[0]) else "two numbers" if len(inner) == 2 and ... not in inner else "a list"
        )
    if origin is not None and issubclass(origin, Mapping):
        return "a table of names and values"
    return _allowed(inner[0]) if inner else "text"


def _default(record: type, field: Field[Any]) -> str:
    if field.name == "id" and record in _NAMED_BY_TABLE:
        return "it is the name of the table"
    if field.name in ("range", "decimals", "disclosure"):
        return "by the unit"
    if field.default is MISSING and field.default_factory is MISSING:
        return "it must be given"
    value: Any = field.default if field.default_factory is MISSING else field.default_factory()
    if isinstance(value, str | Sequence | Mapping) and not value:
        return "nothing"
    if value is None:
        return "open" if field.name.startswith("valid") else "nothing"
    if isinstance(value, tuple):
        return "one version, for all periods" if field.name == "versions" else ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
