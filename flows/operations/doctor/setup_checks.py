"""Checks of how the installation is set up: settings, libraries, definitions, layouts and example data."""

from __future__ import annotations

import importlib.metadata
import os
import re
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.inboxes import Address
from local_indicators.flows.operations.doctor.doctor_context import (
    CheckResult,
    Diagnosis,
    DoctorContext,
    read_dotenv,
    require,
    shortened,
)
from local_indicators.flows.settings import Settings
from local_indicators.flows.template_check import check_templates


def check_settings(given: Callable[[], Settings], at: datetime) -> tuple[CheckResult, DoctorContext | None]:
    """Check the settings; return the result and, where they can be used, the context for all other checks."""
    try:
        context = DoctorContext(given(), at)
    except LocalIndicatorsError as fault:
        return CheckResult("settings", "wrong", str(fault), "correct it in the environment or in .env"), None
    except Exception as error:
        return CheckResult(
            "settings", "wrong", f"cannot be read ({type(error).__name__})", "see that .env is text"
        ), None
    known = {f"INDICATORS_{name.upper()}" for name in Settings.model_fields} | {"INDICATORS_DEBUG"}
    unknown = sorted({name for name in (*os.environ, *read_dotenv()) if name.upper().startswith("INDICATORS_")} - known)
    if (file := Path(".env")).exists() and stat.S_IMODE(file.stat().st_mode) & 0o077 and _has_secret(context.settings):
        return CheckResult(
            "settings", "wrong", "others can read .env, and there are secrets", "run: chmod 600 .env"
        ), context
    if unknown:
        return CheckResult(
            "settings", "look", f"no setting is called {', '.join(unknown)}", "correct the spelling"
        ), context
    if context.settings.today is not None:
        message = f"INDICATORS_TODAY makes every night take {context.settings.today} for today"
        return CheckResult("settings", "look", message, "leave it out for real nights"), context
    return CheckResult("settings", "ok", f"published file {context.settings.warehouse}"), context


def _has_secret(settings: Settings) -> bool:
    """Return whether the settings contain a secret."""
    inbox = settings.inbox
    return settings.smtp_url is not None or (isinstance(inbox, Address) and bool(inbox.password.get_secret_value()))


def check_libraries(_: DoctorContext) -> Diagnosis:
    """Check that the installed packages are those of requirements.lock."""
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
    again = "install again from the lock: rm .venv/ready && make install"
    if missing:
        return "wrong", f"not installed: {shortened(missing)}", again
    if other:
        return "wrong", shortened(other), again
    return "ok", f"{len(applicable)} packages as the lock says", ""


def _normalized_package_name(name: str) -> str:
    """Return a package name as the package index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_definitions(context: DoctorContext) -> Diagnosis:
    """Check that the definitions load, and the organisation's own templates of messages and pages."""
    check_templates(context.settings.branding)
    return "ok", f"{len(context.definitions.indicators)} indicators", ""


def check_layouts(context: DoctorContext) -> Diagnosis:
    """Check that the TOML files of the partners load."""
    require("definitions", lambda: context.definitions)
    count = sum(len(partner.says.collection) for partner in context.partners.values())
    return "ok", f"{len(context.partners)} partners with {count} returns", ""


def check_examples(context: DoctorContext) -> Diagnosis:
    """Check that no example partner is loaded and that the archive holds returns of known partners only."""
    partners = require("layouts", lambda: context.partners)
    examples = sorted(partner.id for partner in partners.values() if partner.says.example)
    if examples:
        do = "for a real installation, point INDICATORS_PARTNERS at partners of your own, with an archive of their own"
        return "look", f"example partners: {shortened(examples)}", do
    submissions = require("ledger", lambda: context.ledger).submissions.values()
    unknown = sorted({submission.partner for submission in submissions} - set(partners))
    if unknown:
        do = "if they were examples or a trial, begin again with an archive, store and published file of your own"
        return "look", f"the archive holds returns of {shortened(unknown)}, of whom there is no TOML", do
    return "ok", "no example data", ""
