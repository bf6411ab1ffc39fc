"""`indicators claims`: every number of a written report, recomputed from what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import JsonOption, WarehouseOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json
from local_indicators.flows.settings import settings
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.warehouse.queries.claims import WORST_FIRST, Claim, check_claims, judge_claims, load_claims


def claims(
    file: Annotated[Path | None, Parameter(help="A claims file; all of the workspace's if left out.")] = None,
    *,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> int:
    """Print a verdict on each claim; exit code 1 where one fails."""
    chosen = settings(workspace=workspace, warehouse=warehouse)
    files = [file] if file else sorted(chosen.claims.glob("*.toml"))
    if not files:
        raise UsageError(chosen.claims, "holds no claims file (*.toml); docs/claims.md says how one is written")
    definitions = load_definitions(chosen.definitions)
    claims_made: tuple[Claim, ...] = ()
    for path in files:
        claims_made += (loaded := load_claims(path))
        check_claims(loaded, definitions, path)
    verdicts = judge_claims(chosen.warehouse, claims_made)
    if json:
        print(as_json([verdict.as_dict() for verdict in verdicts]))
    else:
        for claim in verdicts:
            print(f"{claim.id:6} {claim.verdict:15} {' '.join(filter(None, (claim.says, claim.because)))}")
        counts = {name: sum(claim.verdict == name for claim in verdicts) for name in reversed(WORST_FIRST)}
        print(f"{len(verdicts)} claims: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    return 1 if any(claim.fails for claim in verdicts) else 0
