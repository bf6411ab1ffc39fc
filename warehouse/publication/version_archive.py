"""What is kept of every publication beside the published file: the version itself, the verdict, the difference.

All of it lies in one folder, `kept`, that only its owner may read: a candidate that was refused may hold what must not
be shown.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from warehouse.gate.gate import Verdict
from warehouse.publication.version_difference import Difference

_VERSION = re.compile(r"indicators-v(\d+)\.duckdb")
_SAFE_RUN = re.compile(r"[A-Za-z0-9._-]{1,100}")
HELD = "held.json"


@dataclass(frozen=True)
class Kept:
    """The folder beside a published file."""

    root: Path

    @classmethod
    def beside(cls, live: Path) -> Kept:
        return cls(live.parent / "kept")

    def prepare(self) -> None:
        """Make the folder. Raises OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(stat.S_IRWXU)

    # -- versions

    def versions(self) -> dict[int, Path]:
        """The published versions that are kept, oldest first."""
        found = {int(m[1]): p for p in self.root.glob("indicators-v*.duckdb") if (m := _VERSION.fullmatch(p.name))}
        return dict(sorted(found.items()))

    def keep_version(self, live: Path, version: int, most: int) -> None:
        """Keep the live file as a version, which costs no room while it is live, and let the oldest go. Raises
        OSError."""
        self.prepare()
        path = self.root / f"indicators-v{version}.duckdb"
        if not path.exists():
            try:
                os.link(live, path)
            except OSError:  # a file system without links
                part = path.with_name(f".{path.name}.part")
                shutil.copyfile(live, part)
                part.replace(path)
        for old in list(self.versions().values())[: -max(most, 1)]:
            old.unlink(missing_ok=True)

    # -- candidates that wait for a person

    def candidate(self, run: str) -> Path:
        return self.root / f"candidate-{run}.duckdb"

    def await_approval(self, candidate: Path, run: str) -> None:
        """Keep a refused candidate as the only one that can be approved. Raises OSError."""
        self.prepare()
        self.forget_candidates()
        candidate.chmod(stat.S_IRUSR | stat.S_IWUSR)
        candidate.replace(self.candidate(run))

    def forget_candidates(self) -> None:
        """Remove refused candidates; a newer one has taken their place, or one was published."""
        for path in self.root.glob("candidate-*.duckdb*"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    # -- a rollback holds publication until a person lets it go on

    @property
    def held(self) -> dict[str, Any] | None:
        """Who rolled back, when and to what, while that holds publication."""
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = orjson.loads((self.root / HELD).read_bytes())
            return found
        return None

    def hold(self, said: dict[str, Any]) -> None:
        self.prepare()
        _write(self.root / HELD, orjson.dumps(said))

    def let_go(self) -> None:
        (self.root / HELD).unlink(missing_ok=True)

    # -- what the gate found and what differs

    def record(self, run: str, about: dict[str, Any], verdict: Verdict, difference: Difference) -> Path:
        """Keep a run's verdict and difference, as JSON and as a page that needs nothing else; the page. Raises
        OSError."""
        self.prepare()
        whole = {**about, "results": [one.as_dict() for one in verdict.results], "difference": difference.as_dict()}
        _write(self.root / f"{run}.json", orjson.dumps(whole, option=orjson.OPT_INDENT_2))
        page = self.root / f"{run}.html"
        _write(page, _page(about, verdict, difference).encode())
        return page

    def recorded(self, run: str) -> dict[str, Any] | None:
        """What was kept of a run; None if nothing was."""
        if not _SAFE_RUN.fullmatch(run):
            return None
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = orjson.loads((self.root / f"{run}.json").read_bytes())
            return found
        return None


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(stat.S_IRUSR | stat.S_IWUSR)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


# -- the page ---------------------------------------------------------------------------------------------------------

_STYLE = """
body{font:16px/1.5 Arial,sans-serif;color:#0b0c0c;max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}
th,td{border-bottom:1px solid #b1b4b6;padding:.4rem .6rem;text-align:left;vertical-align:top}
td.n{text-align:right}.critical{color:#942514;font-weight:bold}.warning{color:#594d00;font-weight:bold}
.held{color:#005a30}code{font-size:.9em}summary{cursor:pointer}
"""


def _page(about: dict[str, Any], verdict: Verdict, difference: Difference) -> str:
    facts = "".join(f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in about.items())
    broken = sorted(verdict.broken, key=lambda one: one.severity != "critical")
    rows = "".join(
        f"<tr><td class='{one.severity}'>{one.severity}</td><td>{_e(one.says)}</td>"
        f"<td>{_e(one.error or f'{one.count} row(s) break it')}</td><td>{'<br>'.join(map(_e, one.rows))}</td></tr>"
        for one in broken
    )
    kept = [f"<li class=held>{_e(one.says)}</li>" for one in verdict.results if one.held]
    body = [
        f"<h1>Publication {_e(about.get('run', ''))}</h1><table>{facts}</table>",
        "<h2>What the gate found</h2>",
        _table(("Severity", "What must hold", "What was found", "Rows"), rows) if rows else "<p>Everything holds.</p>",
        f"<details><summary>{len(kept)} expectations hold</summary><ul>{''.join(kept)}</ul></details>",
        "<h2>What differs from the live file</h2>",
        f"<p>{difference.added} row(s) added, {difference.changed} changed, {difference.removed} removed.</p>",
        _table(("Indicator", "Area", "Added", "Changed", "Removed"), "".join(map(_change, difference.changes))),
        "<h2>Rows</h2>",
        _table(("", "Key", "Before", "After"), "".join(_row(row) for row in difference.examples)),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Publication {_e(about.get("run", ""))}'
        f"</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>"
    )


def _change(one: Any) -> str:
    counts = "".join(f"<td class=n>{number}</td>" for number in (one.added, one.changed, one.removed))
    return f"<tr><td><code>{_e(one.indicator_id)}</code></td><td><code>{_e(one.area_code)}</code></td>{counts}</tr>"


def _row(values: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{_e(value)}</td>' for value in values)}</tr>"


def _table(headings: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{_e(name)}</th>" for name in headings)
    return f"<table><tr>{head}</tr>{rows}</table>" if rows else "<p>None.</p>"


def _e(value: object) -> str:
    return html.escape(str(value))
