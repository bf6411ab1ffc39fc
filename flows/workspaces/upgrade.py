"""`indicators upgrade`: what a new release needs of a workspace, and what of it can be done here.

Nothing is looked up by version: each step looks at what is there, so that it may be run again, and after any release.
Every file that changes is copied first.
"""

from __future__ import annotations

import os
import re
import shutil
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import yaml

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import DefinitionError, LocalIndicatorsError, StorageError, UsageError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.common.toml_text import toml_string
from local_indicators.flows.settings import Settings, settings
from local_indicators.flows.settings_sources import MAY_HOLD_SECRETS, PATHS, has_password
from local_indicators.flows.workspace import FOLDERS, SETTINGS_FILE
from local_indicators.flows.workspaces.reduced_definitions import reduced_definitions
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.schemas.definitions.loader import REFERENCE_FOLDER, load_definitions
from local_indicators.schemas.definitions.models import Definitions

COPIES = "upgrade-copies"
PREFECT_SECONDS = 10.0
_RETIRED = ("REREAD_HOURS",)


@dataclass(frozen=True)
class Step:
    """One thing that a release needs: what, in a sentence; the file that changes, with its new text (None: it goes); or
    nothing to change here, and what a person has to do."""

    what: str
    file: Path | None = None
    text: str | None = None
    by_hand: str = ""


def upgrade_steps(given: Settings, reach: Callable[[str], Any] | None = None) -> list[Step]:
    """Return what this release needs of a workspace; nothing where it has all. `reach` asks Prefect's server, and is
    for tests. Raises LocalIndicatorsError where the definitions cannot be read at all."""
    steps = [
        Step(change.why, given.definitions / change.name, change.text)
        for change in reduced_definitions(given.definitions)
    ]
    try:
        load_partners(_as_they_will_be(given.definitions, steps), given.partners)
    except DefinitionError as error:
        steps += [
            Step(line, by_hand="correct it, then run `indicators upgrade` again") for line in str(error).splitlines()
        ]
    steps += _deployments(reach or _ask_prefect)
    steps += _units(Path("/etc/systemd/system"))
    return steps


def upgrade(given: Settings, steps: Sequence[Step], at: datetime) -> Path | None:
    """Carry out the steps that change a file, each copied first; return the folder of the copies. Nothing is changed
    where the definitions would not mean the same afterwards: raises StorageError."""
    changing = [step for step in steps if step.file is not None]
    if not changing:
        return None
    _require_same_meaning(given.definitions, changing)
    copies = given.workspace / COPIES / f"{at:%Y-%m-%d-%H%M%S}"
    try:
        for step in changing:
            if step.file is not None and step.file.exists():
                copy = copies / step.file.relative_to(given.definitions.parent)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(step.file, copy)
        for step in changing:
            if step.file is None:
                continue
            if step.text is None:
                step.file.unlink()
            else:
                write_whole(step.file, step.text.encode())
    except OSError as error:
        raise StorageError(error.filename or given.workspace, f"cannot be written ({error.strerror})") from None
    return copies


def _as_they_will_be(folder: Path, steps: Sequence[Step]) -> Definitions:
    """Load the definitions as they will be after some steps."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="indicators-") as made:
        tried = Path(made, "definitions")
        shutil.copytree(folder, tried, ignore=shutil.ignore_patterns(COPIES))
        for step in steps:
            if step.file is None or not step.file.is_relative_to(folder):
                continue
            path = tried / step.file.relative_to(folder)
            path.unlink(missing_ok=True) if step.text is None else path.write_text(step.text, encoding="utf-8")
        try:
            return load_definitions(tried)
        except DefinitionError as error:
            raise DefinitionError("the definitions", str(error).replace(str(tried), str(folder))) from None


def _require_same_meaning(folder: Path, steps: Sequence[Step]) -> None:
    """Raise StorageError if the definitions would mean something else after some steps: nothing is done then."""
    with suppress(DefinitionError):
        before, after = load_definitions(folder, folder / REFERENCE_FOLDER), _as_they_will_be(folder, steps)
        same = {
            "indicators": before.indicators == after.indicators,
            "areas": set(before.geography.areas) <= set(after.geography.areas),
            "dimensions": before.dimensions == after.dimensions[: len(before.dimensions)],
            "targets": before.targets == after.targets,
            "peers": set(before.peers) <= set(after.peers),
            "policies": dict(before.disclosure).items() <= dict(after.disclosure).items(),
            "the areas that are yours": before.home == after.home,
        }
        if changed := [name for name, alike in same.items() if not alike]:
            raise StorageError(
                folder, f"would not mean the same afterwards ({', '.join(changed)}); nothing was changed"
            )


# -- what a person has to do ------------------------------------------------------------------------------------------


def _deployments(reach: Callable[[str], Any]) -> list[Step]:
    """Deployments that begin elsewhere than those of this release."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return []
    wanted = {
        deployment["name"]: deployment["entrypoint"]
        for deployment in yaml.safe_load((PACKAGE / "prefect.yaml").read_text("utf-8"))["deployments"]
    }
    try:
        there = {found["name"]: found["entrypoint"] for found in reach(f"{url}/deployments/filter")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [
            Step(f"Prefect at {url} does not answer ({error})", by_hand="start it, then run `indicators upgrade` again")
        ]
    if old := sorted(name for name, entry in there.items() if name in wanted and entry != wanted[name]):
        return [Step(f"deployments of an earlier release: {', '.join(old)}", by_hand="run `indicators deploy`")]
    return []


def _ask_prefect(url: str) -> Any:
    request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=PREFECT_SECONDS) as answer:  # noqa: S310
        return orjson.loads(answer.read())


def _units(folder: Path) -> list[Step]:
    """Units of systemd that are set up, and run from the source tree as an earlier release did."""
    with suppress(OSError):
        old = [
            path
            for path in folder.glob("local-indicators-*.service")
            if "INDICATORS_WORKSPACE" not in path.read_text(encoding="utf-8", errors="replace")
        ]
        shipped = PACKAGE / "operations" / "systemd"
        return [
            Step(f"{path} does not name a workspace", by_hand=f"compare it with {shipped / path.name}") for path in old
        ]
    return []


# -- from a release without workspaces --------------------------------------------------------------------------------


def workspace_from(environment: Path, folder: Path, example: Path) -> list[str]:
    """Make a workspace of an installation that had its settings in a .env: indicators.toml with the same settings, a
    copy of its definitions and partners, and secrets in a .env. Archive, warehouse, outbox and inbox stay where they
    are. Return what was done, in sentences. Raises UsageError where that cannot be done."""
    path = environment / ".env" if environment.is_dir() else environment
    if not path.is_file():
        raise UsageError(path, "is not a file; name the .env of the installation")
    if (folder / SETTINGS_FILE).exists():
        raise UsageError(folder, "is a workspace already; run `indicators upgrade` in it")
    found = _variables(path)
    folder.mkdir(parents=True, exist_ok=True)
    done = [_copied(found, name, path.parent, folder, example) for name in ("definitions", "partners")]
    secrets = {name: found[name] for name in MAY_HOLD_SECRETS if has_password(found.get(name))}
    plain = {name: value for name, value in found.items() if name not in ("definitions", "partners", *secrets)}
    known = set(Settings.model_fields)
    unknown = sorted(set(plain) - known)
    lines = [
        f"{name} = {_toml_value(name, value, path.parent)}" for name, value in plain.items() if name in known
    ]  # fmt: skip
    old = {"inbox": "inputs/incoming", "archive": "inputs/archive"}
    for name in ("inbox", "warehouse", "outbox", "archive", "reports"):
        if name not in found:
            where = path.parent / old.get(name, FOLDERS[name])
            lines.append(f"{name} = {toml_string(str(where.absolute()))}")
    text = "\n".join(["# Settings of the installation that this workspace was made from.", *lines, ""])
    write_whole(folder / SETTINGS_FILE, text.encode())
    if secrets:
        _write_secrets(folder / ".env", secrets)
        done.append(f"{', '.join(secrets)} with a password went into .env")
    done += [f"{name.upper()} is no setting of this release, and was left out" for name in unknown]
    settings(workspace=folder)
    return done


def _variables(path: Path) -> dict[str, str]:
    """The settings of a .env, by name."""
    text = path.read_text(encoding="utf-8", errors="replace")
    pairs = re.findall(r"(?m)^\s*(?:export\s+)?INDICATORS_(\w+)\s*=\s*(.*?)\s*$", text)
    return {name.lower(): value.strip("'\"") for name, value in pairs if name not in _RETIRED}


def _copied(found: Mapping[str, str], name: str, beside: Path, folder: Path, example: Path) -> str:
    source = (beside / Path(found[name]).expanduser()) if name in found else example / name
    if not source.is_dir():
        raise UsageError(source, f"is not the folder of the {name}")
    shutil.copytree(source, folder / name)
    whose = str(source) if name in found else "the example, which the installation used"
    return f"{name} are copied from {whose}"


def _toml_value(name: str, value: str, beside: Path) -> str:
    if name in PATHS and "://" not in value:
        return toml_string(str((beside / Path(value).expanduser()).absolute()))
    if re.fullmatch(r"-?\d+(\.\d+)?|true|false|\d{4}-\d\d-\d\d", value):
        return value
    return toml_string(value)


def _write_secrets(path: Path, secrets: Mapping[str, str]) -> None:
    text = "".join(f"INDICATORS_{name.upper()}={value}\n" for name, value in secrets.items())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def describe(steps: Sequence[Step], *, dry_run: bool) -> list[str]:
    """Return the steps in sentences."""
    lines = []
    for step in steps:
        if step.file is None:
            lines.append(f"by hand  {step.what}: {step.by_hand}")
        else:
            lines.append(f"{'would be done' if dry_run else 'done'}     {step.what}")
    return lines


__all__ = ["LocalIndicatorsError", "Step", "describe", "upgrade", "upgrade_steps", "workspace_from"]
