"""Write a new entry into the files of a workspace, with every key explained, and only if everything still loads."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.config_files import read_toml
from local_indicators.common.errors import DefinitionError, UsageError
from local_indicators.common.key_help import KeyHelp, help_of
from local_indicators.common.suggestions import did_you_mean
from local_indicators.common.toml_text import toml_string
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import CollectionRecord, PartnerRecord, load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import (
    Definitions,
    Indicator,
    Officer,
    OperationalObjective,
    Target,
)

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
WIDTH = 44
"""From which column on a key is explained, where it is short enough."""


@dataclass(frozen=True)
class Entry:
    """An entry to write: its kind, its id, and its keys as they were typed."""

    kind: str
    id: str
    given: Mapping[str, str]
    file: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of entry: the record that it is, the keys that must be given for it, how its text is made, and keys that
    may be given besides those of the record."""

    record: type
    needs: tuple[str, ...]
    text: Callable[[Entry, Settings], tuple[Path, str]]
    also: tuple[str, ...] = ()


def add_entry(entry: Entry, settings: Settings) -> Path:
    """Write an entry and return the file that it is in. Raises UsageError for a kind, id or key that is none or is
    missing, DefinitionError for one that does not load: then nothing is written."""
    kind = KINDS.get(entry.kind)
    if kind is None:
        raise UsageError(entry.kind, f"is none of {', '.join(KINDS)}")
    if entry.kind not in ("target",) and not _ID.fullmatch(entry.id):
        raise UsageError(entry.id, "must be small letters, digits and hyphens, such as school-attendance")
    known = {field.name for field in fields(kind.record)} | {*kind.needs, *kind.also}
    if unknown := sorted(set(entry.given) - known):
        raise UsageError(f"key {unknown[0]}", f"is none of a new {entry.kind}; known are {', '.join(sorted(known))}")
    if missing := missing_keys(entry):
        examples = " ".join(f"{name}={_typed(example)}" for name, example in missing.items())
        reason = f"needs {', '.join(missing)}; for example: indicators add {entry.kind} {entry.id} {examples}"
        raise UsageError(f"a new {entry.kind}", reason)
    path, text = kind.text(entry, settings)
    if entry.kind in ("indicator", "officer") and path.exists() and entry.id in read_toml(path):
        raise UsageError(entry.id, f"is in {path} already")
    _require_loading(settings, path, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())
    if entry.kind == "partner" and isinstance(settings.inbox, Path):
        (settings.inbox / entry.id).mkdir(parents=True, exist_ok=True)
    return path


def missing_keys(entry: Entry) -> dict[str, str]:
    """Return the keys that an entry still needs, each with its value in an example."""
    kind = KINDS[entry.kind]
    helps = {**_OTHER_KEYS, **help_of(kind.record)}
    return {name: helps[name].example for name in kind.needs if name not in entry.given}


def _typed(example: str) -> str:
    """An example as it is typed into a shell."""
    bare = example.strip('"')
    return bare if re.fullmatch(r"[\w%.@:/-]+", bare) else f"'{bare}'"


_OTHER_KEYS = {
    "indicator": KeyHelp("the id of the indicator that the return gives", '"children-looked-after"'),
    "partner": KeyHelp("the id of the partner who sends it", '"childrens-services"'),
    "period": KeyHelp("the first period that is expected", '"2025/26"'),
    "due": KeyHelp("the day on which it is due", "2026-06-30"),
    "plan": KeyHelp("the id of the plan, where there is none yet", '"Plan 2026-30"'),
}


# -- the text of each kind --------------------------------------------------------------------------------------------


def _value(record: type, name: str, typed: str) -> str:
    """A value as TOML: what is TOML already as it is, anything else as text, by the type of its example."""
    helps = {**_OTHER_KEYS, **help_of(record)}
    example = helps[name].example if name in helps else '""'
    if example.startswith('"'):
        return toml_string(typed)
    try:
        tomllib.loads(f"x = {typed}")
    except tomllib.TOMLDecodeError:
        return f"[{toml_string(typed)}]" if example.startswith("[") else toml_string(typed)
    return f"[{typed}]" if example.startswith("[") and not typed.startswith("[") else typed


def _keys(entry: Entry, record: type, first: Sequence[str], without: Sequence[str] = ("id",)) -> list[str]:
    """A line for each key of a record: what is given, and the others as comments, each with what it is for."""
    helps, lines = help_of(record), []
    names = [field.name for field in fields(record) if field.name not in without]
    optional = {f.name for f in fields(record) if f.default is not MISSING or f.default_factory is not MISSING}
    for name in sorted(names, key=lambda name: (name not in first and name not in entry.given, names.index(name))):
        told = helps.get(name)
        if name in entry.given:
            line = f"{name} = {_value(record, name, entry.given[name])}"
        elif name in optional or name not in first:
            line = f"# {name} = {told.example if told else ''}"
        else:
            continue
        lines.append(f"{line.ljust(WIDTH)} # {told.text}" if told else line)
    return lines


def _appended(path: Path, lines: Sequence[str], opening: str = "") -> str:
    """The text of a file with lines after what it holds."""
    before = path.read_text(encoding="utf-8").rstrip("\n") + "\n\n" if path.exists() else opening
    return before + "\n".join(lines) + "\n"


def _indicator(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.definitions / "indicators" / f"{entry.file or 'own'}.toml"
    return path, _appended(path, [f"[{entry.id}]", *_keys(entry, Indicator, KINDS["indicator"].needs)])


def _officer(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.definitions / "officers.toml"
    opening = "# Accountable officers: roles, never people.\n\n"
    return path, _appended(path, [f"[{entry.id}]", *_keys(entry, Officer, KINDS["officer"].needs)], opening)


def _objective(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.definitions / "plan.toml"
    opening = ""
    if not path.exists():
        if "plan" not in entry.given:
            reason = "is not there yet; name it too: plan='Plan 2026-30'"
            raise UsageError(f"the plan {path}", reason)
        name, begins = toml_string(entry.given["plan"]), entry.given["valid_from"]
        opening = f"# The partnership's plan.\n\n[framework]\nid = {name}\ntitle = {name}\nvalid_from = {begins}\n\n"
    lines = ["[[operational]]", f"id = {toml_string(entry.id)}"]
    return path, _appended(path, [*lines, *_keys(entry, OperationalObjective, KINDS["objective"].needs)], opening)


def _partner(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.partners / f"{entry.id}.toml"
    if path.exists():
        raise UsageError(path, "is there already")
    lines = ["# Who sends what. `indicators add collection` adds a return.", f"id = {toml_string(entry.id)}"]
    return path, _appended(path, [*lines, *_keys(entry, PartnerRecord, ("name", "email"), ("id", "collection"))])


def _collection(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.partners / f"{entry.given['partner']}.toml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in settings.partners.glob("*.toml")))
        raise UsageError(entry.given["partner"], f"is no partner; there are {known}. indicators add partner adds one")
    indicator = _definitions(settings).indicators.get(entry.given["indicator"])
    if indicator is None:
        raise UsageError(entry.given["indicator"], "is no indicator; `indicators add indicator` adds one")
    own = Entry(entry.kind, entry.id, {k: v for k, v in entry.given.items() if k in ("title", "files", "on_error")})
    lines = ["[[collection]]", f"id = {toml_string(entry.id)}"]
    lines += _keys(own, CollectionRecord, ("title", "files"), ("id", "layout", "expect", "require"))
    period, due = toml_string(entry.given["period"]), entry.given["due"]
    lines += [f"expect = [{{ period = {period}, due = {due} }}]".ljust(WIDTH) + " # one for each period"]
    lines += [
        "",
        "[[collection.layout]]".ljust(WIDTH) + " # how its sheets lie; docs/layouts.md has every key",
        "[[collection.layout.table]]",
        'sheet = "Figures"'.ljust(WIDTH) + " # * stands for any sheet",
        'header = { find = "Area" }'.ljust(WIDTH) + " # the headings are in the first row with a cell that reads so",
        'area = { column = "Area" }',
        f"period = {{ column = {toml_string(indicator.time_identifier)} }}",
        f"indicator = {toml_string(indicator.id)}",
        f"value = [{{ column = {toml_string(indicator.title)} }}]",
    ]
    return path, _appended(path, lines)


def _target(entry: Entry, settings: Settings) -> tuple[Path, str]:
    path = settings.definitions / "targets.csv"
    names = [field.name for field in fields(Target)]
    if path.exists():
        names = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    given = {"breakdown": "Total", **entry.given, "indicator_id": entry.id}
    indicator = _definitions(settings).indicators.get(entry.id)
    if indicator is None:
        raise UsageError(entry.id, f"is no indicator{did_you_mean(entry.id, tuple(_definitions(settings).indicators))}")
    given.setdefault("time_identifier", indicator.time_identifier)
    if left_out := sorted(set(given) - set(names)):
        raise UsageError(path, f"has no column {', '.join(left_out)}; add it to its first line")
    row = ",".join(_csv_cell(given.get(name, "")) for name in names)
    before = path.read_text(encoding="utf-8-sig").rstrip("\n") if path.exists() else ",".join(names)
    return path, f"{before}\n{row}\n"


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n]', text) else text


KINDS: Mapping[str, Kind] = {
    "partner": Kind(PartnerRecord, ("name", "email"), _partner),
    "collection": Kind(CollectionRecord, ("partner", "title", "files", "indicator", "period", "due"), _collection),
    "indicator": Kind(Indicator, ("title", "definition", "unit", "time_identifier"), _indicator),
    "officer": Kind(Officer, ("role", "email", "valid_from"), _officer),
    "objective": Kind(OperationalObjective, ("title", "valid_from"), _objective, ("plan",)),
    "target": Kind(Target, ("framework", "area_code", "time_period", "operator", "value"), _target),
}
"""What can be added. An indicator's target is added under the id of the indicator."""


def _definitions(settings: Settings) -> Definitions:
    return load_definitions(settings.definitions)


def _require_loading(settings: Settings, path: Path, text: str) -> None:
    """Try the definitions and partners with a file as it would be. Raises DefinitionError, which names the file that it
    would be in, for what the entry alone brings in."""
    with tempfile.TemporaryDirectory(prefix="indicators-") as folder:
        tried = Path(folder)
        for name, source in (("definitions", settings.definitions), ("partners", settings.partners)):
            shutil.copytree(source, tried / name) if source.is_dir() else (tried / name).mkdir()
            if path.is_relative_to(source):
                copy = tried / name / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text, encoding="utf-8")
        try:
            definitions = load_definitions(tried / "definitions")
            if any((tried / "partners").glob("*.toml")):
                load_partners(definitions, tried / "partners")
        except DefinitionError as error:
            message = str(error).replace(str(tried / "definitions"), str(settings.definitions))
            message = message.replace(str(tried / "partners"), str(settings.partners))
            raise DefinitionError("nothing was written", message.replace("\n", "; ")) from None


def parsed_keys(words: Sequence[str]) -> dict[str, str]:
    """Return keys and values of words such as title='Attendance'. Raises UsageError for a word without an =."""
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"[a-z_]+", name):
            raise UsageError(word, "must be a key and its value, such as title='School attendance'")
        given[name] = value
    return given
