"""Checks of how the installation is set up: settings, libraries, definitions and layouts."""

from __future__ import annotations

import importlib.metadata
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import get_close_matches
from importlib.util import find_spec

from local_indicators.common.dotenv import read_dotenv
from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.inboxes import Address
from local_indicators.flows.operations.doctor.doctor_context import (
    IN_CHECKOUT,
    CheckResult,
    Diagnosis,
    DoctorContext,
    edit,
    require,
    shell,
    shortened,
)
from local_indicators.flows.settings import Settings
from local_indicators.flows.template_check import check_templates
from local_indicators.flows.workspace import SETTINGS_FILE
from local_indicators.schemas.definitions.models import Definitions, Plan

TODAY = "INDICATORS_TODAY"


def check_settings(given: Callable[[], Settings], at: datetime) -> tuple[CheckResult, DoctorContext | None]:
    """Check the settings; return the result and, where they can be used, the context for all other checks."""
    try:
        context = DoctorContext(given(), at)
    except LocalIndicatorsError as fault:
        return CheckResult("settings", "wrong", str(fault), "correct it where it stands, or in the environment"), None
    except Exception as error:
        return CheckResult(
            "settings", "wrong", f"cannot be read ({type(error).__name__})", "see that .env is text"
        ), None
    result = _secrets_in_the_open(context) or _unknown_settings(context) or _fixed_day(context)
    message = f"workspace {context.settings.workspace}, published file {context.settings.warehouse}"
    return CheckResult("settings", *(result or ("ok", message))), context


def _secrets_in_the_open(context: DoctorContext) -> Diagnosis | None:
    """Return whether others can read a .env with secrets."""
    file = context.settings.workspace / ".env"
    if not file.exists() or not stat.S_IMODE(file.stat().st_mode) & 0o077 or not _has_secret(context.settings):
        return None
    return "wrong", f"others can read {file}, and there are secrets", f"run: {shell('chmod', '600', file)}"


def _unknown_settings(context: DoctorContext) -> Diagnosis | None:
    """Return the settings in the environment and in .env that there are none of."""
    known = {f"INDICATORS_{name.upper()}" for name in Settings.model_fields} | {"INDICATORS_DEBUG"}

    def unknown(names: Iterable[str]) -> list[str]:
        return sorted({name for name in names if name.upper().startswith("INDICATORS_")} - known)

    by_hand, in_file = unknown(os.environ), unknown(read_dotenv(context.settings.workspace))
    if not by_hand and not in_file:
        return None
    likely = [match for name in (*by_hand, *in_file) for match in get_close_matches(name, known, n=1)]
    hint = f"; did you mean {shortened(likely)}?" if likely else ""
    do = f"run: unset {' '.join(by_hand)}" if by_hand else f"correct it: {edit(context.settings.workspace / '.env')}"
    return "look", f"no setting is called {', '.join((*by_hand, *in_file))}{hint}", do


def _fixed_day(context: DoctorContext) -> Diagnosis | None:
    """Return that a day is taken for today, and where that is said."""
    given = context.settings
    if given.today is None:
        return None
    message = f"every night takes {given.today} for today"
    if TODAY in os.environ:
        return "look", f"{message} ({TODAY} in the environment)", f"for real nights, run: unset {TODAY}"
    file = given.workspace / (".env" if TODAY in read_dotenv(given.workspace) else SETTINGS_FILE)
    return "look", f"{message} ({file})", f"for real nights, take out the line: {edit(file)}"


def _has_secret(settings: Settings) -> bool:
    """Return whether the settings contain a secret."""
    inbox = settings.inbox
    return settings.smtp_url is not None or (isinstance(inbox, Address) and bool(inbox.password.get_secret_value()))


def check_libraries(_: DoctorContext) -> Diagnosis:
    """Check that the installed packages are those of requirements.lock. Where the package was installed from an index
    or a wheel, its installer chose them: others may do, and what an extra needs may be left out."""
    from packaging.markers import Marker

    lock = PACKAGE / "requirements.lock"
    if not lock.exists():
        return "ok", "there is no requirements.lock to compare with", ""
    wanted = re.findall(
        r"(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\\n]+))?", lock.read_text("utf-8")
    )
    installed = {
        _normalized_package_name(distribution.name): distribution.version
        for distribution in importlib.metadata.distributions()
        if distribution.name
    }
    applicable = [
        (name, version) for name, version, marker in wanted if not marker or Marker(marker.strip()).evaluate()
    ]
    missing = [name for name, _ in applicable if _normalized_package_name(name) not in installed]
    other = [
        f"{name} is {installed[_normalized_package_name(name)]} and not {version}"
        for name, version in applicable
        if installed.get(_normalized_package_name(name), version) != version
    ]
    installer = [sys.executable, "-m", "pip"] if find_spec("pip") else ["uv", "pip"]
    aimed = [] if find_spec("pip") else ["--python", sys.executable]
    again = f"install what the lock says: {shell(*installer, 'install', *aimed, '-r', lock)}"
    if missing and IN_CHECKOUT:
        return "wrong", f"not installed: {shortened(missing)}", again
    if other:
        return "wrong" if IN_CHECKOUT else "look", f"not as this release was tried: {shortened(other)}", again
    return "ok", f"{len(applicable)} packages as the lock says", ""


def _normalized_package_name(name: str) -> str:
    """Return a package name as the package index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_definitions(context: DoctorContext) -> Diagnosis:
    """Check that the definitions load, and the organisation's own templates of messages and pages."""
    check_templates(context.settings.branding)
    absent = absent_parts(context.definitions)
    without = f"; without {', '.join(absent)}" if absent else ""
    return "ok", f"{len(context.definitions.indicators)} indicators{without}", ""


def absent_parts(definitions: Definitions) -> list[str]:
    """Return the parts of definitions that are absent, each with what that means; all of them may be."""
    has_peers = any(peer.area_code in definitions.home for peer in definitions.peers)
    parts = (
        (definitions.plan != Plan(), "a plan (no scorecard by priority)"),
        (definitions.officers, "officers (nobody but the analyst hears of overdue returns)"),
        (definitions.targets, "targets (no figure is met or missed)"),
        (has_peers, "neighbours (none to compare with)"),
    )
    return [meaning for there, meaning in parts if not there]


def check_layouts(context: DoctorContext) -> Diagnosis:
    """Check that the TOML files of the partners load."""
    require("definitions", lambda: context.definitions)
    count = sum(len(partner.says.collection) for partner in context.partners.values())
    return "ok", f"{len(context.partners)} partners with {count} returns", ""
