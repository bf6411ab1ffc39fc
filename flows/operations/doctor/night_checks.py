"""The check of the last night: at work, failed, cut off, ended, too long ago, or none yet."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.delivery.fault_alarm import CUT_OFF, AlarmSettings, remembered_faults
from local_indicators.flows.operations.doctor.doctor_context import (
    MAX_NIGHT_AGE,
    MAX_NIGHT_DURATION,
    Diagnosis,
    DoctorContext,
)

RUN_ONE = "run: indicators nightly"
FLOW = "nightly"


def check_last_night(context: DoctorContext) -> Diagnosis:
    """Check that a night ended well within the last 26 hours, or is at work."""
    night = context.night
    if context.night_at_work:
        return _at_work(context)
    if failed := _failed(context):
        return failed
    if night.began is not None and night.unended:
        return _cut_off(context, night.began)
    if night.ended is None:
        return _none_noted(context)
    if context.at - night.ended > MAX_NIGHT_AGE:
        ago = _duration(context.at - night.ended)
        do = f"see the check schedule; {RUN_ONE}"
        return "wrong", f"the last night ended at {_time(night.ended)}, {ago} ago", do
    return "ok", f"the last night ended at {_time(night.ended)}", ""


def _at_work(context: DoctorContext) -> Diagnosis:
    """Say of a night that has not ended since when it is at work, and whether that is too long."""
    began, process = context.night.began, context.night.process
    assert began is not None  # noqa: S101 - else no night is at work
    if context.writers is None:
        where = context.night.machine or "this one"
        message = f"a night began at {_time(began)} on the machine {where}; whether it is at work cannot be seen here"
        return "look", message, f"on {where}, run: indicators doctor"
    which = f" (process {process})" if process else ""
    lasted = context.at - began
    if lasted > MAX_NIGHT_DURATION:
        look = f"ps -o etime,time,args -p {process}; to end it: kill {process}; " if process else ""
        message = f"the night of {_time(began)} has been at work for {_duration(lasted)}{which}"
        return "wrong", message, f"see what holds it up: {look}the next night goes on from where it stops"
    return "ok", f"a night has been at work since {_time(began)}{which}", ""


def _failed(context: DoctorContext) -> Diagnosis | None:
    """Return why the last night failed, as runs remember their own faults; None where none did since a night ended
    well, or another began after it."""
    given, night = context.settings, context.night
    reach = AlarmSettings(workspace=given.workspace, outbox=given.outbox, archive=given.archive)
    faults = remembered_faults(reach, FLOW)
    if not faults:
        return None
    fault = faults[-1]
    last = datetime.fromisoformat(fault["last"])
    if any(time is not None and time > last for time in (night.began, night.ended)):
        return None
    if fault["said"] == CUT_OFF:
        return _cut_off(context, night.began if night.began is not None and night.unended else last)
    times = f", {fault['times']} times since {_time(datetime.fromisoformat(fault['since']))}"
    often = times if fault["times"] > 1 else ""
    return "wrong", f"the night of {_time(last)} failed{often}: {fault['said']}", f"put that right, then {RUN_ONE}"


def _cut_off(context: DoctorContext, began: datetime) -> Diagnosis:
    """Say that a night began and that its process is gone."""
    other = " (another run is at work now)" if context.writers else ""
    message = f"the night of {_time(began)} crashed: it did not end, and its process is gone{other}"
    return "wrong", message, f"nothing is lost, the next goes on from where it stopped; {RUN_ONE}"


def _none_noted(context: DoctorContext) -> Diagnosis:
    """Say that no night has run, or that only the ledger knows of one."""
    with contextlib.suppress(LocalIndicatorsError):
        if attempts := context.ledger.attempts:
            message = f"the ledger knows of a night at {_time(attempts[-1].at)}, and whether it ended is not noted"
            return "look", message, RUN_ONE
    return "look", "no night has run yet", RUN_ONE


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _duration(lasted: timedelta) -> str:
    """Return a duration in words: hours, and from three days on in days."""
    hours = int(lasted.total_seconds() // 3600)
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"
