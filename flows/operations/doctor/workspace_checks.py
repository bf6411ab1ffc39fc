"""Checks of what a workspace is made of: where it lies, and what of it is still the example's."""

from __future__ import annotations

import csv
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.operations.doctor.doctor_context import (
    IN_CHECKOUT,
    Diagnosis,
    DoctorContext,
    edit,
    require,
    shell,
    shortened,
)
from local_indicators.flows.workspace import SETTINGS_FILE
from local_indicators.flows.workspaces.new_workspace import EXAMPLE

OWN_PATHS = ("inbox", "archive", "warehouse", "outbox", "reports", "partners", "definitions", "claims")
EXAMPLE_DOMAINS = ("example.org", "example.com", "example.net", "example.edu", "example", "invalid")
"""Domains that are set aside for examples (RFC 2606, RFC 6761): nobody gets mail there."""


def check_workspace(context: DoctorContext) -> Diagnosis:
    """Check that the workspace, and everything that its settings name, lies outside the code."""
    folder = context.settings.workspace
    if context.is_example:
        message = f"{folder} is the example workspace, which comes with the code: for a trial only"
        return "look", message, f"make one of your own: indicators init {shell(_new_place('local-indicators'))}"
    if _in_code(folder):
        message = f"{folder} lies inside the code, where an upgrade may take it away"
        return "wrong", message, f"run: mv {shell(folder, _new_place(folder.name))}"
    inside = {
        name: path for name in OWN_PATHS if isinstance(path := getattr(context.settings, name), Path) and _in_code(path)
    }
    if inside:
        message = ", ".join(f"{name} is {path}" for name, path in inside.items())
        where = [path for path in (folder / SETTINGS_FILE, folder / ".env") if path.exists()]
        set_by = [f"INDICATORS_{name.upper()}" for name in inside if f"INDICATORS_{name.upper()}" in os.environ]
        do = f"run: unset {' '.join(set_by)}" if set_by else f"name folders of the workspace: {edit(*where)}"
        return "wrong", f"inside the code, where an upgrade may take it away: {message}", do
    return "ok", str(folder), ""


def _in_code(path: Path) -> bool:
    """Return whether a path lies in the checkout, the package, or the environment that it is installed into."""
    resolved = path.resolve()
    code = [PACKAGE, *([PACKAGE.parent] if IN_CHECKOUT else [])]
    environment = [Path(sys.prefix).resolve()] if sys.prefix != sys.base_prefix else []
    return "site-packages" in resolved.parts or any(resolved.is_relative_to(p) for p in (*code, *environment))


def _new_place(name: str) -> Path:
    """Return a folder outside the code that is not there yet."""
    home = Path.home() if not _in_code(Path.home()) else Path("/srv")
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    return next(path for path in (home / each for each in names) if not path.exists())


def check_examples(context: DoctorContext) -> Diagnosis:
    """Check that nothing of the example is in use, and that the archive holds returns of known partners only."""
    partners = require("layouts", lambda: context.partners)
    examples = sorted(partner.id for partner in partners.values() if partner.says.example)
    if examples and context.is_example:
        do = f"for returns of your own: indicators init {shell(_new_place('local-indicators'))}"
        return "look", f"example partners: {shortened(examples)}", do
    copied = {file: what for file, what in _copied_from_example(context) if what}
    if copied:
        do = f"put your own in their place: {edit(*_few(copied))}"
        return "look", f"taken from the example: {'; '.join(_together(copied))}", do
    submissions = require("ledger", lambda: context.ledger).submissions.values()
    unknown = sorted({submission.partner for submission in submissions} - set(partners))
    if unknown:
        message = f"the archive holds returns of {shortened(unknown)}, of whom there is no TOML in partners"
        new = shell(
            "--archive", _sibling(context.settings.archive), "--warehouse", _sibling(context.settings.warehouse)
        )
        return "look", message, f"if they were a trial, begin again beside them: indicators nightly {new}"
    return "ok", "nothing of the example", ""


def _few(files: Iterable[Path]) -> list[Path]:
    """Return at most two files of each folder."""
    kept: dict[Path, list[Path]] = {}
    for file in files:
        kept.setdefault(file.parent, []).append(file)
    return [file for together in kept.values() for file in together[:2]]


def _sibling(path: Path) -> Path:
    """Return the path that takes the place of one that a trial used."""
    return (
        path.with_name(f"{path.name}-2")
        if not path.suffix
        else path.parent.with_name(f"{path.parent.name}-2") / path.name
    )


def _together(copied: Mapping[Path, str]) -> Iterator[str]:
    """Yield what was copied in words, with the partners in one item."""
    partners = [what.removeprefix("partner ") for what in copied.values() if what.startswith("partner ")]
    if partners:
        yield f"example partners {shortened(partners)}"
    yield from (what for what in copied.values() if not what.startswith("partner "))


def _copied_from_example(context: DoctorContext) -> Iterator[tuple[Path, str]]:
    """Yield each file of definitions and partners with what of it is the example's, "" for nothing."""
    definitions, folder, shipped = context.definitions, context.settings.definitions, EXAMPLE / "definitions"
    senders = {path.stem: _read_toml(path) for path in sorted((EXAMPLE / "partners").glob("*.toml"))}
    for name, partner in sorted(context.partners.items()):
        theirs = senders.get(name, {})
        same = (partner.says.name, partner.says.email) == (theirs.get("name"), theirs.get("email"))
        yield context.settings.partners / f"{name}.toml", f"partner {name}" if partner.says.example or same else ""
    plan = _read_toml(shipped / "plan.toml")
    titles = {entry.get("title") for entry in plan.get("priority", ())}
    same_titles = sum(entry.title in titles for entry in definitions.plan.priority)
    is_plan = definitions.plan_id and definitions.plan_id == plan.get("framework", {}).get("id")
    copied_plan = is_plan or (titles and 2 * same_titles > len(titles))
    yield folder / "plan.toml", f"the plan {definitions.plan_id}".strip() if copied_plan else ""
    roles = {
        (name, entry.get("role"), entry.get("email")) for name, entry in _read_toml(shipped / "officers.toml").items()
    }
    officers = [o for o in definitions.officers.values() if (o.id, o.role, o.email) in roles]
    yield folder / "officers.toml", f"{len(officers)} of {len(definitions.officers)} officers" if officers else ""
    ours, theirs_too = _csv_rows(folder / "targets.csv"), set(_csv_rows(shipped / "targets.csv"))
    targets = [row for row in ours if row in theirs_too]
    yield folder / "targets.csv", f"{len(targets)} of {len(ours)} targets" if targets else ""


@cache
def _read_toml(path: Path) -> dict[str, Any]:
    """Return a shipped TOML; nothing where it is not there."""
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _csv_rows(path: Path) -> list[tuple[str, ...]]:
    """Return the rows of a csv below its headings; none where it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:] if row]


def check_addresses(context: DoctorContext) -> Diagnosis:
    """Check that no address to write to, or from, is one of an example."""
    given = context.settings
    partners = require("layouts", lambda: context.partners)
    if context.is_example:
        return "ok", "those of the example, where mail reaches nobody", ""
    ours = {"sender": given.sender, "analyst": given.analyst}
    settings = [name for name, address in ours.items() if is_example_address(address)]
    officers = [officer.id for officer in context.definitions.officers.values() if is_example_address(officer.email)]
    senders = sorted(partner.id for partner in partners.values() if is_example_address(partner.says.email))
    named = [f"the {name} (INDICATORS_{name.upper()})" for name in settings]
    named += [f"officers {shortened(sorted(officers))}"] if officers else []
    named += [f"partners {shortened(senders)}"] if senders else []
    if not named:
        return "ok", "none is an example's", ""
    files = [given.workspace / SETTINGS_FILE] if settings else []
    files += [given.definitions / "officers.toml"] if officers else []
    files += _few([given.partners / f"{name}.toml" for name in senders])
    message = f"an address of an example, where mail reaches nobody: {'; '.join(named)}"
    return "look", message, f"write the real ones into: {edit(*files)}"


def is_example_address(address: str) -> bool:
    """Return whether an e-mail address is in a domain that is set aside for examples."""
    domain = address.rpartition("@")[2].rstrip(".").lower()
    return any(domain == example or domain.endswith(f".{example}") for example in EXAMPLE_DOMAINS)
