"""Returns that give the same figure with another value: for the analyst, who may look into both."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.store import connection, current_rows


@dataclass(frozen=True)
class DisagreeingReturn:
    """One of two returns that disagree: who sent it, as which return, in which file."""

    submission: str
    collection: str
    partner: str
    path: str


@dataclass(frozen=True)
class Disagreement:
    """Two returns, and where they disagree: for each figure its key and the cell in either, as sheet and address. No
    values: some may be hidden, and whoever looks opens the files."""

    one: DisagreeingReturn
    other: DisagreeingReturn
    places: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...]


_SIDE = ("submission", "collection", "partner", "path")
_PLACE = ("sheet", "cell")


def find_disagreements(con: connection.Connection) -> list[Disagreement]:
    """Every two returns that were accepted and say different things of a figure, in the order of their submissions.

    `con` is the store. Numbers are told apart as they were sent, whatever is published of them.
    """
    columns = ", ".join(f"{side}.{name} AS {name}_{side}" for side in ("a", "b") for name in (*_SIDE, *_PLACE))
    found = con.execute(
        f"""
        WITH own AS (
            SELECT o.*, l.submission, s.partner, s.path
            FROM ({current_rows.newest_rows_by_collection()}) AS o
            JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        ), several AS (
            SELECT {current_rows.OF_KEY} FROM own GROUP BY ALL HAVING count(*) > 1
        ), chosen AS (
            SELECT * FROM own SEMI JOIN several USING ({current_rows.OF_KEY})
        )
        SELECT concat_ws(', ', a.indicator_id, a.area_code, a.time_period, a.breakdown) AS figure, {columns}
        FROM chosen AS a JOIN chosen AS b USING ({current_rows.OF_KEY})
        WHERE (a.submission, a.collection) < (b.submission, b.collection) AND a.collection <> b.collection
          AND (a.value IS DISTINCT FROM b.value OR a.value_text IS DISTINCT FROM b.value_text
               OR a.value_low IS DISTINCT FROM b.value_low OR a.value_high IS DISTINCT FROM b.value_high)
        ORDER BY submission_a, collection_a, submission_b, collection_b, figure, {", ".join(f"a.{n}" for n in KEY)}
        """
    ).pl()
    rows = found.iter_rows(named=True)
    sides = [f"{name}_{side}" for side in ("a", "b") for name in _SIDE]
    return [
        Disagreement(
            DisagreeingReturn(*of[:4]),
            DisagreeingReturn(*of[4:]),
            tuple((r["figure"], (r["sheet_a"], r["cell_a"]), (r["sheet_b"], r["cell_b"])) for r in group),
        )
        for of, group in groupby(rows, key=lambda row: tuple(row[name] for name in sides))
    ]
