"""Run every check of `indicators doctor`, and print what each found and what to do.

Nothing is written, nothing is sent, and no lock is taken that a night could meet. No check can prevent another, and
none takes longer than `CHECK_SECONDS`. Results contain neither partners' data nor secrets.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.inboxes import Address, within
from local_indicators.flows.operations.doctor.doctor_context import (
    CHECK_SECONDS,
    CheckResult,
    Diagnosis,
    DoctorContext,
    PrerequisiteError,
    shell,
)
from local_indicators.flows.operations.doctor.environment_checks import (
    check_clock,
    check_disk_space,
    check_inbox_access,
    check_permissions,
)
from local_indicators.flows.operations.doctor.night_checks import check_last_night
from local_indicators.flows.operations.doctor.record_checks import (
    check_candidates,
    check_ledger,
    check_messages,
    check_published_file,
    check_set_aside_returns,
    check_store,
    name_what_to_back_up,
)
from local_indicators.flows.operations.doctor.schedule_checks import check_schedule
from local_indicators.flows.operations.doctor.service_checks import check_mail_server
from local_indicators.flows.operations.doctor.setup_checks import (
    check_definitions,
    check_layouts,
    check_libraries,
    check_settings,
)
from local_indicators.flows.operations.doctor.workspace_checks import (
    check_addresses,
    check_examples,
    check_workspace,
)
from local_indicators.flows.settings import Settings, now, settings
from local_indicators.flows.workspace import find_workspace

PROGRAM = "indicators"
OUR_COMMAND = re.compile(r"(?<![\w/.-])indicators ([a-z]+)\b")
WITHOUT_WORKSPACE = ("init",)


def examine(given: Callable[[], Settings] = settings, at: datetime | None = None) -> list[CheckResult]:
    """Return the results of all checks, in a fixed order. Never raises."""
    setup, context = check_settings(given, at or now())
    if context is None:
        return [
            setup,
            *(CheckResult(name, "look", "not looked at, because the settings cannot be used") for name in CHECKS),
        ]
    results = [setup, *(_run_check(name, check, context) for name, check in CHECKS.items())]
    return [_without_secrets(_as_run_here(result, context), context) for result in results]


def _run_check(name: str, check: Callable[[DoctorContext], Diagnosis], context: DoctorContext) -> CheckResult:
    """Run one check within `CHECK_SECONDS`; a check that fails or hangs gives a result too."""
    try:
        return CheckResult(name, *within(CHECK_SECONDS, lambda: check(context)))
    except PrerequisiteError as reason:
        return CheckResult(name, "look", f"not looked at: {reason}")
    except TimeoutError:
        return CheckResult(
            name, "wrong", f"no answer within {CHECK_SECONDS:g} seconds", "see why it hangs, then ask again"
        )
    except LocalIndicatorsError as fault:
        return CheckResult(name, "wrong", str(fault), "put right what it names")
    except Exception as error:
        return CheckResult(
            name, "wrong", f"the check itself failed ({type(error).__name__}: {error})", "tell the developers"
        )


def _as_run_here(result: CheckResult, context: DoctorContext) -> CheckResult:
    """Return a result whose commands run as they are printed: by the path of our program where the shell would not
    find it, and naming the workspace where the working directory does not."""
    program = Path(sys.executable).with_name(PROGRAM)
    by_name = shutil.which(PROGRAM)
    word = PROGRAM if by_name and Path(by_name).resolve() == program.resolve() else shell(program)
    with contextlib.suppress(LocalIndicatorsError):
        if find_workspace() == context.settings.workspace:
            return replace(result, action=OUR_COMMAND.sub(rf"{word} \1", result.action))
    there = f" --workspace {shell(context.settings.workspace)}"

    def named(match: re.Match[str]) -> str:
        return f"{word} {match[1]}{'' if match[1] in WITHOUT_WORKSPACE else there}"

    return replace(result, action=OUR_COMMAND.sub(named, result.action))


def _without_secrets(result: CheckResult, context: DoctorContext) -> CheckResult:
    """Return a result without the secrets of the settings, on one line and without control characters."""
    secrets = [context.settings.smtp_url.get_secret_value()] if context.settings.smtp_url else []
    inbox = context.settings.inbox
    if isinstance(inbox, Address):
        secrets += [inbox.password.get_secret_value(), quote(inbox.password.get_secret_value(), safe="")]
    with contextlib.suppress(LocalIndicatorsError):
        server = configured_mail_server(context.settings)
        secrets += [server.password, quote(server.password, safe="")] if server else []

    def cleaned(text: str) -> str:
        for secret in filter(None, secrets):
            text = text.replace(secret, "…")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:900]

    return CheckResult(result.check, result.level, cleaned(result.message), cleaned(result.action))


CHECKS: Mapping[str, Callable[[DoctorContext], Diagnosis]] = {
    "workspace": check_workspace,
    "libraries": check_libraries,
    "definitions": check_definitions,
    "layouts": check_layouts,
    "examples": check_examples,
    "addresses": check_addresses,
    "inbox": check_inbox_access,
    "permissions": check_permissions,
    "disk": check_disk_space,
    "clock": check_clock,
    "ledger": check_ledger,
    "store": check_store,
    "published": check_published_file,
    "candidate": check_candidates,
    "set-aside": check_set_aside_returns,
    "night": check_last_night,
    "messages": check_messages,
    "mail": check_mail_server,
    "schedule": check_schedule,
    "backups": name_what_to_back_up,
}


def print_results(results: list[CheckResult]) -> None:
    """Print a line for each check, and one that counts them by level."""
    for result in results:
        action = f"  ->  {result.action}" if result.action else ""
        print(f"{result.level:5}  {result.check:11}  {result.message}{action}")
    counts = {level: sum(result.level == level for result in results) for level in ("wrong", "look", "ok")}
    print(f"{len(results)} checks: " + ", ".join(f"{count} {level}" for level, count in counts.items()) + ".")
