"""Where LibreOffice displays otherwise than Excel, and Excel is right: what a person sees is what Excel shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.seen.compare import Difference


@dataclass(frozen=True)
class Known:
    """A difference that is not ours: in which cells, and why."""

    why: str
    is_one: Callable[[Difference], bool]


KNOWN: tuple[Known, ...] = (
    Known(
        "LibreOffice gives a cell without a style the format of its column; in Excel it has the first of all styles",
        lambda one: "column style" in one.tricks and one.code == "General",
    ),
)


def is_known(difference: Difference) -> str:
    """Why a difference is none of ours; blank where it is."""
    return next((known.why for known in KNOWN if known.is_one(difference)), "")
