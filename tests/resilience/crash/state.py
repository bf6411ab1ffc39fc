"""What a place holds when its nights are done, without instants and runs: the same whether or not they were killed."""

from __future__ import annotations

import hashlib
import json
import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import duckdb

State = dict[str, Any]
UNTOLD = ("at", "first_seen", "judged_at", "recorded_at", "line", "previous")
TEMPORARY = re.compile(r"\.part$|\.wal$|^\.making-|^\.writable$|^candidate-(?!.*kept)|^\.latest$")


def mart_of(con: duckdb.DuckDBPyConnection, schema: str = "mart") -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a schema, without instants and runs."""
    columns = con.execute(
        """SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() JOIN duckdb_tables()
           USING (database_name, schema_name, table_name)
           WHERE schema_name = ? AND data_type NOT LIKE 'TIMESTAMP%' AND column_name NOT IN ('run') AND NOT temporary
           GROUP BY ALL ORDER BY 1""",
        [schema],
    ).fetchall()
    return {
        table: con.execute(f'SELECT {", ".join(names)} FROM "{schema}"."{table}" ORDER BY ALL').fetchall()
        for table, names in columns
    }


def digest_of(tables: dict[str, list[tuple[Any, ...]]]) -> str:
    return hashlib.sha256(repr(sorted(tables.items())).encode()).hexdigest()


def state_of(root: Path) -> State:
    """All that must be equal, by name."""
    warehouse, archive, outbox = root / "warehouse", root / "archive", root / "outbox"
    state: State = {}
    for name, schema in (("indicators", "mart"), ("store", "main")):
        path = warehouse / f"{name}.duckdb"
        if path.exists():
            with duckdb.connect(str(path), read_only=True) as con:
                state |= {f"{name} {table}": rows for table, rows in mart_of(con, schema).items()}
    state |= _ledger(archive / "ledger.jsonl")
    state["outbox"] = sorted((path.name, _words(path)) for path in outbox.glob("*.eml"))
    for folder in ("holding", "files", "outcomes", "copies"):
        state[f"archive {folder}"] = _names(archive / folder)
    state["kept versions"] = sorted(p.name for p in (warehouse / "kept").glob("indicators-v*"))
    state["waiting candidates"] = len(list((warehouse / "kept").glob("candidate-*.duckdb")))
    exports = warehouse / "exports"
    state["exports"] = sorted(p.name for p in exports.glob("*")) + [str((exports / "latest").readlink())]
    state["exported"] = {p.name: p.read_text("utf-8") for p in sorted((exports / "latest").glob("*.csv"))}
    state["left behind"] = _left_behind(root)
    return state


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _left_behind(root: Path) -> list[str]:
    kept = root / "warehouse" / "kept"
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if TEMPORARY.search(p.name) and p.parent != kept)


def _words(path: Path) -> str:
    """A message without the time at which it was written, and times and runs that it tells."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    text = re.sub(r"\d{1,2} \w+ \d{4},? (at )?\d\d:\d\d(:\d\d)?|\d\d:\d\d(:\d\d)?", "TIME", text)
    text = re.sub(r"(indicators approve|[Rr]un) [\w.-]+", "RUN", text)
    return f"{message['To']} {message['Subject']} {sorted(p.get_filename() or '' for p in message.iter_attachments())} {text}"


def _ledger(path: Path) -> State:
    """What the ledger says that must be said once and in order, and how far each message has come."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    said: dict[str, list[str]] = {"submission": [], "outcomes": [], "waiver": [], "lapse": []}
    messages: dict[str, tuple[Any, ...]] = {}
    for line in lines:
        kind = line["kind"]
        if kind in said:
            said[kind].append(json.dumps(_timeless(line), sort_keys=True))
        elif kind == "message":
            messages[line["id"]] = (line["recipient"], sorted(line["news"]), "waiting")
        elif kind == "delivery":
            messages[line["message"]] = (*messages[line["message"]][:2], line["state"])
    return {f"ledger {kind}": found for kind, found in said.items()} | {"ledger message": sorted(messages.items())}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in UNTOLD}
    if isinstance(value, list):
        return [_timeless(one) for one in value]
    return "INSTANT" if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value) else value


def unlike(state: State, other: State) -> list[str]:
    """In what two states differ, in a few words each."""
    said = []
    for name in sorted(state.keys() | other.keys()):
        mine, theirs = state.get(name), other.get(name)
        if mine == theirs:
            continue
        if isinstance(mine, list) and isinstance(theirs, list):
            only = [row for row in mine if row not in theirs][:2], [row for row in theirs if row not in mine][:2]
            said.append(
                f"{name}: {len(mine)} and {len(theirs)}; only here {only[0]!r:.400}; only there {only[1]!r:.400}"
            )
        else:
            said.append(f"{name}: {mine!r:.300} and {theirs!r:.300}")
    return said
