"""Copies of the published file for people without DuckDB: tidy csv files as Explore Education Statistics takes them,
and Parquet. They are made from the published file alone, which is suppressed already.

Each version has a folder of its own, `exports/v000001` and so on, made whole before it gets its name; `exports/latest`
is a link to the newest, changed by one rename. So a reader never sees files of two versions together.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from local_indicators.common.atomic_files import put_folder_in_place
from local_indicators.common.safe_text import csv_text
from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.reference.geography import ENGLAND, Geography
from local_indicators.schemas.reference.periods import MONTHS, QUARTERS, SINGLE_YEARS, SPLIT_YEARS, TERMS
from local_indicators.warehouse.store.attached_files import connect_with_files

FOLDER, LATEST = "exports", "latest"
KEPT = 3
"""How many versions stay, so that a reader of the one before the newest can finish."""
LONGEST_NAME, LONGEST_LABEL = 50, 80

GROUPS: Mapping[str, tuple[str, ...]] = {
    **{name.lower().replace(" ", "_"): (name,) for name in (*SPLIT_YEARS, *SINGLE_YEARS)},
    "terms": tuple(TERMS),
    "financial_quarters": tuple(QUARTERS),
    "months": MONTHS,
}
"""The files by the time identifiers that the standard lets stand in one file. It knows no series of
weeks, months or quarters, no pooled years, no twelve months to a month, no year to date and no reporting window: those
are in the Parquet file only."""

LEVELS: Mapping[str, str] = {
    "National": "National",
    "Region": "Regional",
    "Local authority": "Local authority",
    "District": "Local authority district",
    "Ward": "Ward",
}
"""The standard's name for each type of area it knows; rows of others are in the Parquet file only."""

PLACE = {
    "Regional": ("region_code", "region_name"),
    "Local authority": ("old_la_code", "new_la_code", "la_name"),
    "Local authority district": ("lad_code", "lad_name"),
    "Ward": ("ward_code", "ward_name"),
}
COUNTRY = ("country_code", "country_name")
UNITS = {"%": "%", "pp": "pp", "£m": "£m"}
SUFFIXES = {"%": "percent", "pp": "points", "£m": "pounds_m", "rank": "rank"}
META = ("col_name", "col_type", "label", "indicator_grouping", "indicator_unit", "indicator_dp", "filter_hint",
        "filter_grouping_column")  # fmt: skip


def update_exports(live: Path, definitions: Definitions) -> Path:
    """Have the exports beside a published file be of its version; the folder that holds them. Does nothing where they
    are already. Raises OSError where the folder cannot be written."""
    root = live.parent / FOLDER
    with connect_with_files(live=live) as con:
        con.execute("USE live")
        version = con.execute("SELECT data_version FROM mart.publication").fetchall()[0][0]
        folder = root / f"v{version:06d}"
        if not (folder / "manifest.json").exists():
            making = root / f".making-v{version:06d}"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            _write(con, making, version, definitions)
            shutil.rmtree(folder, ignore_errors=True)
            put_folder_in_place(making, folder)
    _point(root, folder.name)
    _tidy_up(root, folder.name)
    return folder


def _point(root: Path, name: str) -> None:
    link = root / LATEST
    if link.is_symlink() and link.readlink() == Path(name):
        return
    new = root / f".{LATEST}"
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(link)


def _tidy_up(root: Path, newest: str) -> None:
    old = sorted(p.name for p in root.glob("v[0-9]*") if p.is_dir() and p.name != newest)
    for name in (*old[: max(0, len(old) - KEPT + 1)], *(p.name for p in root.glob(".making-*"))):
        shutil.rmtree(root / name, ignore_errors=True)


def _write(con: duckdb.DuckDBPyConnection, folder: Path, version: int, definitions: Definitions) -> None:
    con.execute(
        f"""COPY (SELECT {version}::BIGINT AS data_version, * FROM mart.observations)
            TO '{_quoted(folder / "indicators.parquet")}' (FORMAT parquet, KV_METADATA {{data_version: '{version}'}})"""
    )
    _areas(con, definitions.geography)
    files = {"indicators.parquet": _count(con, "SELECT count(*) FROM mart.observations")}
    for name, identifiers in GROUPS.items():
        rows = _tidy(con, folder / f"{name}.csv", identifiers, version, definitions)
        if rows:
            files[f"{name}.csv"] = rows
    said = {
        "data_version": version,
        "published_at": _text(con, "SELECT published_at FROM mart.publication"),
        "has_examples": bool(_count(con, "SELECT has_examples::INT FROM mart.publication")),
        "rows": files,
    }
    (folder / "manifest.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])


def _text(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    return str(con.execute(sql).fetchall()[0][0])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


# -- tidy csv


def _areas(con: duckdb.DuckDBPyConnection, geography: Geography) -> None:
    """A temporary table of the areas that have values, with the names and codes of each level they lie in."""
    columns = [*COUNTRY, *(name for names in PLACE.values() for name in names)]
    con.execute(f"CREATE TEMP TABLE place (area_code VARCHAR, {', '.join(f'{name} VARCHAR' for name in columns)})")
    for (code,) in con.execute("SELECT DISTINCT area_code FROM mart.observations ORDER BY 1").fetchall():
        told = _place(code, geography)
        con.execute(
            f"INSERT INTO place VALUES ({', '.join('?' * (len(columns) + 1))})", [code, *map(told.get, columns)]
        )


def _place(code: str, geography: Geography) -> dict[str, str]:
    told: dict[str, str] = {}
    area = geography.area(code)
    while area is not None:
        level = LEVELS.get(area.area_type, "")
        names = COUNTRY if level == "National" else PLACE.get(level, ())
        if names and names[0] not in told:
            codes = [area.dfe_code or "z", area.area_code] if len(names) == 3 else [area.area_code]
            told.update(zip(names, [*codes, csv_text(area.name)], strict=True))
        area = geography.by_code.get(area.parent_code)
    if "country_code" not in told:
        told.update(country_code=ENGLAND, country_name="England")
    return told


def _tidy(
    con: duckdb.DuckDBPyConnection, path: Path, identifiers: Sequence[str], version: int, definitions: Definitions
) -> int:
    """Write one file and its meta file; how many rows it has. Only reported numbers: what was invented stays out."""
    chosen = f"""provenance = 'reported' AND time_identifier IN ({_list(identifiers)})
                 AND area_type IN ({_list(LEVELS)})"""
    held = con.execute(
        f"SELECT DISTINCT indicator_id, area_type, breakdown FROM mart.observations WHERE {chosen}"
    ).fetchall()
    ids = {indicator for indicator, *_ in held}
    indicators = [
        indicator for indicator in definitions.indicators.values() if indicator.kind == "number" and indicator.id in ids
    ]
    if not indicators:
        return 0
    places = _place_columns({LEVELS[kind] for _, kind, _ in held})
    filters = {
        _snake(dimension.name): dimension.name
        for dimension in definitions.dimensions
        if any(f"{dimension.name}=" in breakdown for *_, breakdown in held)
    }
    names = _column_names(indicators)
    kinds = " ".join(f"WHEN '{kind}' THEN '{level}'" for kind, level in LEVELS.items())
    columns = [
        "time_period", "time_identifier", f"CASE area_type {kinds} END AS geographic_level", *places,
        *(f"{_part(name)} AS {column}" for column, name in filters.items()),
    ]  # fmt: skip
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE wide AS
            PIVOT (SELECT {", ".join(columns)}, indicator_id, {_cell(indicators)} AS cell
                   FROM mart.observations JOIN place USING (area_code)
                   WHERE {chosen} AND indicator_id IN ({_list(indicator.id for indicator in indicators)}))
            ON indicator_id IN ({_list(indicator.id for indicator in indicators)}) USING any_value(cell)"""
    )
    units = "time_period", "time_identifier", "geographic_level", *places, *filters
    cells = [f"coalesce(\"{indicator.id}\", 'z') AS {names[indicator.id]}" for indicator in indicators]
    told = f"SELECT {', '.join([*units, *cells])}, {version} AS data_version FROM wide ORDER BY {', '.join(units)}"
    con.execute(f"COPY ({told}) TO '{_quoted(path)}' (FORMAT csv, HEADER)")
    _write_meta(path.with_suffix(".meta.csv"), filters, indicators, names)
    return _count(con, "SELECT count(*) FROM wide")


def _place_columns(levels: set[str]) -> list[str]:
    """The columns that name places of some levels; a lower level fills in the higher ones."""
    filled = levels | ({"Regional"} if levels & (PLACE.keys() - {"Regional"}) else set())
    return [*COUNTRY, *(name for level in PLACE if level in filled for name in PLACE[level])]


def _write_meta(
    path: Path, filters: Mapping[str, str], indicators: Sequence[Indicator], names: Mapping[str, str]
) -> None:
    """Write the meta file of a csv: its filters, its indicators, and the version of the data."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(META)
        out.writerows((column, "Filter", csv_text(name), "", "", "", "", "") for column, name in filters.items())
        for indicator in indicators:
            label, unit = csv_text(indicator.title[:LONGEST_LABEL]), UNITS.get(indicator.unit, "")
            out.writerow((names[indicator.id], "Indicator", label, "", unit, indicator.decimals, "", ""))
        out.writerow(("data_version", "Indicator", "Version of the data", "", "", 0, "", ""))


def _part(name: str) -> str:
    return f"coalesce(nullif(regexp_extract(breakdown, '(?:^|; ){name}=([^;]*)', 1), ''), 'Total')"


def _cell(indicators: Sequence[Indicator]) -> str:
    """The cell of a row: its number, with the decimals of its indicator, or the symbol that says why there is none."""
    by_decimals: dict[int, list[str]] = {}
    for indicator in indicators:
        by_decimals.setdefault(indicator.decimals, []).append(indicator.id)
    numbers = " ".join(
        f"WHEN value IS NOT NULL AND indicator_id IN ({_list(ids)}) THEN format('{{:.{decimals}f}}', value)"
        for decimals, ids in by_decimals.items()
    )
    return f"""CASE {numbers} WHEN conf_status = 'c' THEN 'c'
        WHEN obs_status IN ('z', 'low', 'u') THEN obs_status ELSE 'x' END"""


def _list(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def _column_names(indicators: Sequence[Indicator]) -> dict[str, str]:
    """A column name for each indicator, such as english_baccalaureate_percent: at most fifty characters, each once."""
    names: dict[str, str] = {}
    for indicator in indicators:
        suffix = SUFFIXES.get(indicator.unit) or ("rate" if indicator.unit.startswith("rate") else "count")
        short = _snake(indicator.id)[: LONGEST_NAME - len(suffix) - 1].rstrip("_")
        name, number = f"{short}_{suffix}", 2
        while name in names.values():
            tail = f"_{number}_{suffix}"
            name, number = short[: LONGEST_NAME - len(tail)] + tail, number + 1
        names[indicator.id] = name
    return names


def _snake(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
