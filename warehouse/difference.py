"""What a candidate would change: rows added, changed and removed, by indicator and area, against the live file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from schemas.tables import KEY, PAYLOAD
from warehouse.files import attached

MOST_EXAMPLES = 500
"""Single rows that a difference names; the counts are of all."""


@dataclass(frozen=True)
class Change:
    """How many rows of one indicator and area differ."""

    indicator_id: str
    area_code: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class Difference:
    """The rows of mart.observations that differ. `examples` are (kind, key in words, old, new); `live_rows` is how many
    the live file has."""

    changes: tuple[Change, ...] = ()
    examples: tuple[tuple[str, str, str, str], ...] = ()
    live_rows: int = 0

    @property
    def added(self) -> int:
        return sum(one.added for one in self.changes)

    @property
    def changed(self) -> int:
        return sum(one.changed for one in self.changes)

    @property
    def removed(self) -> int:
        return sum(one.removed for one in self.changes)

    @property
    def changed_pct(self) -> float:
        """Live rows that change or go, in percent of all live rows; 0 where there is none."""
        return 100.0 * (self.changed + self.removed) / self.live_rows if self.live_rows else 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_SHOWN = tuple(name for name in PAYLOAD if name != "provenance")
_OF_KEY = ", ".join(KEY)


def _said(table: str) -> str:
    """What a row says, as one struct, so that rows compare whole."""
    return f"{{{', '.join(f'{name}: {table}.{name}' for name in PAYLOAD)}}}"


def _words(table: str) -> str:
    """What a row says, in words."""
    parts = [f"{table}.{name}::VARCHAR" for name in _SHOWN]
    return f"concat_ws(' ', {', '.join(parts)})"


_DIFFERS = f"""
WITH differing AS (
    SELECT {_OF_KEY},
        CASE WHEN b.there IS NULL THEN 'added' WHEN c.there IS NULL THEN 'removed' ELSE 'changed' END AS kind,
        b.words AS old, c.words AS new
    FROM (SELECT {_OF_KEY}, true AS there, {_said("b")} AS said, {_words("b")} AS words
          FROM live.mart.observations AS b) AS b
    FULL JOIN (SELECT {_OF_KEY}, true AS there, {_said("c")} AS said, {_words("c")} AS words
               FROM candidate.mart.observations AS c) AS c USING ({_OF_KEY})
    WHERE b.there IS NULL OR c.there IS NULL OR b.said IS DISTINCT FROM c.said
)
"""


def difference(candidate: Path, live: Path | None) -> Difference:
    """The difference of two published files; without a live one, or with one of another shape, every row is added."""
    with attached(candidate=candidate, live=live) as con:
        if live is not None:
            try:
                return _against(con)
            except duckdb.BinderException:  # a live file of another shape has no row in common
                pass
        rows = con.execute(
            "SELECT indicator_id, area_code, count(*) FROM candidate.mart.observations GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return Difference(tuple(Change(indicator, area, count, 0, 0) for indicator, area, count in rows))


def _against(con: duckdb.DuckDBPyConnection) -> Difference:
    counted = con.execute(
        f"""{_DIFFERS} SELECT indicator_id, area_code, count(*) FILTER (kind = 'added'),
                              count(*) FILTER (kind = 'changed'), count(*) FILTER (kind = 'removed')
            FROM differing GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    examples = con.execute(
        f"""{_DIFFERS} SELECT kind, concat_ws(', ', {_OF_KEY}), coalesce(old, ''), coalesce(new, '')
            FROM differing ORDER BY kind DESC, {_OF_KEY} LIMIT {MOST_EXAMPLES}"""
    ).fetchall()
    total = con.execute("SELECT count(*) FROM live.mart.observations").fetchone()
    return Difference(
        tuple(Change(*row) for row in counted), tuple(tuple(row) for row in examples), int(total[0]) if total else 0
    )
