"""`indicators init`: a new workspace."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import TodayOption
from local_indicators.flows.commands.template import write_template
from local_indicators.flows.settings import london_today, now, settings
from local_indicators.flows.workspaces.new_workspace import (
    FIRST_PARTNER,
    copy_example,
    described_partnership,
    make_workspace,
)

QUESTIONS = {
    "--name": "Name of the partnership",
    "--area": "Its area, by name or code (several with a semicolon between)",
    "--sender": "Address that messages come from",
    "--analyst": "Address of the performance analyst",
}


def init(
    folder: Annotated[Path, Parameter(help="The folder of the workspace: a new or an empty one.")],
    *,
    name: Annotated[str | None, Parameter(help="The name of the partnership.")] = None,
    area: Annotated[list[str] | None, Parameter(help="An area it is for, by name or code; may be given often.")] = None,
    sender: Annotated[str | None, Parameter(help="The address that messages come from.")] = None,
    analyst: Annotated[str | None, Parameter(help="The address of the performance analyst.")] = None,
    example: Annotated[bool, Parameter(negative="", help="Copy the example partnership of 2011 instead.")] = False,
    today: TodayOption = None,
) -> int:
    """Write a workspace that runs a first night at once; asks what is not given, if there is somebody to ask."""
    folder = folder.expanduser().absolute()
    if example:
        copy_example(folder)
        print(f"A copy of the example workspace is in {folder}.")
    else:
        answers = _answers({"--name": name, "--area": "; ".join(area or []), "--sender": sender, "--analyst": analyst})
        areas = [typed.strip() for typed in answers["--area"].split(";") if typed.strip()]
        described = described_partnership(answers["--name"], areas, answers["--sender"], answers["--analyst"])
        make_workspace(folder, described, today or london_today(now()))
        blank = folder / "inbox" / FIRST_PARTNER / "Children looked after.xlsx"
        write_template("looked-after", settings(workspace=folder, today=today), blank)
        print(f"The workspace of {described.name} is in {folder}; its README.md has the next five steps.")
    print(f"Run its first night:\n  cd {_quoted(folder)}\n  indicators nightly")
    return 0


def _answers(given: dict[str, str | None]) -> dict[str, str]:
    """What was given, and what is answered to questions about the rest. Raises UsageError where nobody can be asked."""
    missing = [option for option, value in given.items() if not value]
    if missing and not sys.stdin.isatty():
        raise UsageError(", ".join(missing), "is needed, because there is no terminal to ask in")
    asked = {option: input(f"{QUESTIONS[option]}: ").strip() for option in missing}
    return {option: value or asked[option] for option, value in given.items()}


def _quoted(folder: Path) -> str:
    return shlex.quote(str(folder))
