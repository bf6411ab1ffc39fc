"""What is kept of every publication beside the published file: the version itself, the verdict, the difference.

All of it lies in one folder, `kept`, that only its owner may read: a candidate that was refused may hold what must not
be shown.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from local_indicators.common.atomic_files import put_in_place, write_whole
from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication.verdict_page import verdict_page
from local_indicators.warehouse.publication.version_difference import VersionDifference

_VERSION = re.compile(r"indicators-v(\d+)\.duckdb")
_SAFE_RUN = re.compile(r"[A-Za-z0-9._-]{1,100}")
HELD = "held.json"


@dataclass(frozen=True)
class VersionArchive:
    """The folder beside a published file."""

    root: Path

    @classmethod
    def beside(cls, live: Path) -> VersionArchive:
        """Return the archive beside a published file."""
        return cls(live.parent / "kept")

    def prepare(self) -> None:
        """Make the folder. Raises OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(stat.S_IRWXU)

    # -- versions

    def versions(self) -> dict[int, Path]:
        """Return the published versions that are kept, the oldest first, by number."""
        matches = ((_VERSION.fullmatch(path.name), path) for path in self.root.glob("indicators-v*.duckdb"))
        return dict(sorted((int(match[1]), path) for match, path in matches if match))

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
                put_in_place(part, path)
        for old in list(self.versions().values())[: -max(most, 1)]:
            old.unlink(missing_ok=True)

    # -- candidates that wait for a person

    def candidate_path(self, run: str) -> Path:
        """Return where the refused candidate of a run is kept."""
        return self.root / f"candidate-{run}.duckdb"

    def await_approval(self, candidate: Path, run: str) -> None:
        """Keep a refused candidate as the only one that can be approved. Raises OSError."""
        self.prepare()
        self.delete_candidates()
        candidate.chmod(stat.S_IRUSR | stat.S_IWUSR)
        candidate.replace(self.candidate_path(run))

    def delete_candidates(self) -> None:
        """Remove refused candidates; a newer one has taken their place, or one was published."""
        for path in self.root.glob("candidate-*.duckdb*"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    # -- a rollback, after which nothing is published until a person approves

    @property
    def rollback_in_force(self) -> dict[str, Any] | None:
        """Who rolled back, when and to what, while nothing is published because of it; else None."""
        with contextlib.suppress(FileNotFoundError):
            rollback: dict[str, Any] = orjson.loads((self.root / HELD).read_bytes())
            return rollback
        return None

    def record_rollback(self, rollback: dict[str, Any]) -> None:
        """Record who rolled back, when and to what: nothing is published until that is ended. Raises OSError."""
        self.prepare()
        write_whole(self.root / HELD, orjson.dumps(rollback))

    def end_rollback(self) -> None:
        """End a rollback: publication goes on."""
        (self.root / HELD).unlink(missing_ok=True)

    # -- what the gate found and what differs

    def record_verdict(
        self,
        run: str,
        about: dict[str, Any],
        verdict: Verdict,
        difference: VersionDifference,
        branding: Branding = NO_BRANDING,
    ) -> Path:
        """Keep a run's verdict and difference as JSON and as a page that needs nothing else; return the page's path.

        Raises OSError, and DefinitionError where the organisation's own template of the page cannot be filled in.
        """
        self.prepare()
        whole = {
            **about,
            "results": [result.as_dict() for result in verdict.results],
            "difference": difference.as_dict(),
        }
        write_whole(self.root / f"{run}.json", orjson.dumps(whole, option=orjson.OPT_INDENT_2))
        page = self.root / f"{run}.html"
        write_whole(page, verdict_page(about, verdict, difference, branding).encode())
        return page

    def recorded_verdict(self, run: str) -> dict[str, Any] | None:
        """Return what was kept of a run as JSON; None if nothing was."""
        if not _SAFE_RUN.fullmatch(run):
            return None
        with contextlib.suppress(FileNotFoundError):
            content: dict[str, Any] = orjson.loads((self.root / f"{run}.json").read_bytes())
            return content
        return None
