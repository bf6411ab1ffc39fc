"""The forms in which partners send a number: in digits, as a printed share, as a range, in words, or hidden."""

from __future__ import annotations

from typing import Any

from tests.fuzz.disclosure_attack.people import Meaning

WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
HIDDEN = {"value": None, "conf_status": "c"}


def put(form: str, meaning: Meaning, counted: int, among: int | None) -> dict[str, Any]:
    """The measures of a row that says a number of people (among so many, for a share) in some form."""
    if among is None:
        return _count(form, counted)
    if not among:
        return {"value": None, "obs_status": "z"}
    value = round(meaning.per * counted / among, meaning.decimals)
    if form == "printed":
        return {"value": value}
    if form == "based":
        return {"value": value, "denominator": among}
    if form == "hidden":
        return dict(HIDDEN)
    if form == "range":
        low = float(int(meaning.per * counted / among) // 5 * 5)
        return {**HIDDEN, "value_low": low, "value_high": low + 5.0, "denominator": among}
    if form == "words":
        return {"value": value, "value_text": f"{counted} of {among}"}
    return {"value": value, "numerator": counted, "denominator": among}


def _count(form: str, counted: int) -> dict[str, Any]:
    if form == "hidden" and counted:
        return dict(HIDDEN)
    if form == "under" and 0 < counted < 5:
        return {**HIDDEN, "value_low": 0.0, "value_high": 4.0}
    if form == "range" and counted:
        low = max(1, counted - 1) if counted < 10 else counted // 10 * 10
        return {**HIDDEN, "value_low": float(low), "value_high": float(low + (1 if counted < 10 else 9))}
    if form == "ends" and counted:
        return {**HIDDEN, "value_low": float(counted), "value_high": float(counted)}
    if form == "words" and counted < len(WORDS):
        return {**HIDDEN, "value_text": f"{WORDS[counted]} children"}
    return {"value": float(counted)}
