"""The command line, with the steps of a night run without Prefect, which takes a quarter of the time."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from local_indicators.flows.pipeline import night_summary


def main(words: Sequence[str]) -> int:
    from local_indicators.flows.commands import application, nightly
    from local_indicators.flows.pipeline import night_steps
    from local_indicators.flows.settings import settings

    def run_flow(chosen: Mapping[str, Path | date | str | None]) -> night_summary.NightReport:
        return night_steps.run_night(settings(**chosen), "by-hand")

    nightly._run_flow = run_flow
    return application.main(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
