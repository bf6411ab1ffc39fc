"""Partners whose returns come day by day, and the mail that follows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from local_indicators.flows.pipeline.run_report import sentences
from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

BAD = [("Nottm", *GOOD[0][1:])]
DAY = date(2011, 5, 29)
OFFICER = "director.childrens.services@example.org"


def partner(place: Place, name: str, due: date) -> None:
    toml = write_partner(place.root / "partners", name) / f"{name}.toml"
    toml.write_text(toml.read_text().replace("due = 2011-05-01", f"due = {due}"))


def send_in(place: Place, name: str, rows: Any = GOOD, file: str = "attainment.xlsx") -> Path:
    return write_return(place.inbox / name / file, rows)


def a_night(place: Place, number: int, url: str, **other: Any) -> list[str]:
    """Night `number`, counted from 1, with a mail server at a URL; what its report says."""
    return sentences(place.night(today=DAY + timedelta(number - 1), smtp_url=url, **other))


def subjects(messages: list[EmailMessage]) -> list[tuple[str, str]]:
    return [(str(m["To"]).partition("@")[0], str(m["Subject"])) for m in messages]


def superseded(place: Place) -> list[str]:
    lines = [json.loads(line) for line in (place.archive / "ledger.jsonl").read_text().splitlines()]
    return sorted(key for line in lines for key in line.get("superseded", []))
