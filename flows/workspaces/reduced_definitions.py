"""Definitions of a release that had the whole reference among them, reduced to what is a partnership's own."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_indicators.schemas.definitions.frameworks import NATIONAL_SETS
from local_indicators.schemas.definitions.home_areas import EVERY_HOME
from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE

Row = dict[str, str]


@dataclass(frozen=True)
class FileChange:
    """A file of the definitions that changes: its name, its new text (None: it goes), and why, in a sentence."""

    name: str
    text: str | None
    why: str


def reduced_definitions(folder: Path) -> list[FileChange]:
    """Return what changes in a folder of definitions so that it holds only what differs from the shipped reference;
    nothing where that is so already."""
    changes = [
        *_csv_change(folder, "areas.csv", lambda row: (row["area_code"],)),
        *_alias_change(folder),
        *_peer_change(folder),
        *_national_change(folder),
    ]
    for name in ("breakdowns.toml", "disclosure.toml", "scales.toml"):
        if (folder / name).is_file() and _toml(folder / name) == _toml(SHIPPED_REFERENCE / name):
            changes.append(FileChange(name, None, f"{name} is as it is shipped, and need not be here"))
    if not (folder / "partnership.toml").exists() and (home := _home_areas(folder)):
        listed = ", ".join(f'"{code}"' for code in home)
        text = f"# The areas that the partnership is for, by code or name.\nareas = [{listed}]\n"
        changes.append(FileChange("partnership.toml", text, f"partnership.toml says which areas are yours: {listed}"))
    return changes


def _home_areas(folder: Path) -> list[str]:
    """The areas that had peers or targets, which made them the partnership's own before."""
    names = ("peers.csv", "targets.csv")
    return sorted({row["area_code"] for name in names for row in _rows(folder / name) if row.get("area_code")})


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]


def _toml(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def _meaning(row: Row) -> frozenset[tuple[str, str]]:
    """What a row says, whatever the order of its columns."""
    return frozenset((key, value) for key, value in row.items() if value)


def _text(rows: Iterable[Row]) -> str:
    rows = list(rows)
    whole = io.StringIO()
    writer = csv.DictWriter(whole, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return whole.getvalue()


def _without_shipped(name: str, own: list[Row], kept: list[Row]) -> list[FileChange]:
    """The change that leaves only some rows of a file."""
    if len(kept) == len(own):
        return []
    gone = len(own) - len(kept)
    if not kept:
        return [FileChange(name, None, f"{name} holds nothing but what is shipped, and need not be here")]
    return [FileChange(name, _text(kept), f"{name}: {gone} rows are shipped; the {len(kept)} of your own stay")]


def _csv_change(folder: Path, name: str, key: Callable[[Row], tuple[str, ...]]) -> list[FileChange]:
    own = _rows(folder / name)
    shipped = {key(row): _meaning(row) for row in _rows(SHIPPED_REFERENCE / name)}
    return _without_shipped(name, own, [row for row in own if shipped.get(key(row)) != _meaning(row)])


def _alias_change(folder: Path) -> list[FileChange]:
    """Aliases of statistical neighbours are shipped for whichever areas are the partnership's."""
    own = _rows(folder / "area_aliases.csv")
    shipped = {(row["alias"], row["area_code"]) for row in _rows(SHIPPED_REFERENCE / "area_aliases.csv")}
    home = {f"SN:{code}" for code in _home_areas(folder)}

    def is_shipped(row: Row) -> bool:
        code = EVERY_HOME if row["area_code"] in home else row["area_code"]
        return {(row["alias"], row["area_code"]), (row["alias"], code)} & shipped != set()

    return _without_shipped("area_aliases.csv", own, [row for row in own if not is_shipped(row)])


def _peer_change(folder: Path) -> list[FileChange]:
    """A list of peers is kept whole unless the whole of it is shipped."""

    def lists(path: Path) -> dict[tuple[str, str, str], list[frozenset[tuple[str, str]]]]:
        found: dict[tuple[str, str, str], list[frozenset[tuple[str, str]]]] = {}
        for row in _rows(path):
            found.setdefault(_list_of(row), []).append(_meaning(row))
        return found

    own, shipped = _rows(folder / "peers.csv"), lists(SHIPPED_REFERENCE / "peers.csv")
    same = {key for key, rows in lists(folder / "peers.csv").items() if shipped.get(key) == rows}
    return _without_shipped("peers.csv", own, [row for row in own if _list_of(row) not in same])


def _list_of(row: Row) -> tuple[str, str, str]:
    return row["area_code"], row["group_code"], row["group_version"]


def _national_change(folder: Path) -> list[FileChange]:
    """The national set is shipped, and switched on where it was used; who replaces a measure says so itself."""
    ((switch, name),) = NATIONAL_SETS.items()
    own = [{key: value for key, value in row.items() if key != "indicator_id"} for row in _rows(folder / name)]
    if not own:
        return []
    shipped = {row["ni"]: _meaning(row) for row in _rows(SHIPPED_REFERENCE / name)}
    kept = [row for row in own if shipped.get(row["ni"]) != _meaning(row)]
    changes = _without_shipped(name, own, kept)
    path = folder / "frameworks.toml"
    if "national_sets" not in (_toml(path) if path.is_file() else {}):
        line = f'# National sets that are switched on.\nnational_sets = ["{switch}"]\n\n'
        text = line + (path.read_text(encoding="utf-8-sig") if path.is_file() else "")
        changes.append(FileChange("frameworks.toml", text, "frameworks.toml switches on the national set, as before"))
    return changes
