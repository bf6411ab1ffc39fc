"""`indicators trace`: where a published number came from."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.cell_references import cell_in_words
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.commands.options import JsonOption, WarehouseOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json
from local_indicators.flows.settings import settings
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.warehouse.queries.trace import TracedValue
from local_indicators.warehouse.queries.trace import trace_value as trace_published


def trace(
    indicator: Annotated[str, Parameter(help="The indicator, such as children-looked-after.")],
    area: Annotated[str, Parameter(help="Code or name of the area.")],
    period: Annotated[str, Parameter(help="The period, such as 2025/26 or 202526.")],
    *,
    breakdown: Annotated[
        str | None, Parameter(help="The breakdown, such as Total or FSM=Eligible; all if left out.")
    ] = None,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> int:
    """Print where a published number came from and what it was before; exit code 1 where none is published."""
    chosen = settings(workspace=workspace, warehouse=warehouse)
    definitions = load_definitions(chosen.definitions)
    traced = trace_published(chosen.warehouse, definitions, indicator, area, period, breakdown)
    if json:
        print(as_json([_record(origin) for origin in traced]))
    elif not traced:
        print(f"No value of {indicator} for {area}, {period} is published.")
    else:
        for origin in traced:
            print(_in_words(origin))
    return 0 if traced else 1


def _record(origin: TracedValue) -> dict[str, object]:
    """Return the record that `--json` prints."""
    return {
        **origin.row,
        "sender": origin.sender,
        "received_at": origin.received_at,
        "revisions": list(origin.revisions),
        "set_aside": list(origin.newer),
    }


def _in_words(origin: TracedValue) -> str:
    """Return the answer for people."""
    row = origin.row
    value = row["value_text"] if row["value"] is None else f"{row['value']:g} {row['unit']}"
    if row["value"] is None and row["value_text"] is None:
        value = f"no value ({row['conf_status'] or row['obs_status'] or 'no reason given'})"
    lines = [
        f"{row['indicator']}: {row['area_name']}, {row['time_identifier']} {row['time_period']}, {row['breakdown']}",
        f"  value       {as_typed(value)} ({row['provenance']})",
        f"  file        {as_typed(row['source_file'])}",
        f"  cell        {as_typed(cell_in_words(row['sheet'], row['cell']))}",
        f"  sender      {origin.sender or 'not known'}",
        f"  submission  {row['submission']}, received {origin.received_at} UTC, loaded {row['recorded_at']} UTC",
        f"  digest      {row['digest']}",
    ]
    if origin.newer:
        lines.append(f"  set aside   a newer figure, of {', '.join(origin.newer)}, which is not published")
    for change in origin.revisions:
        old = change["old_value"] if change["old_value"] is not None else change["old_text"]
        lines.append(
            f"  before      {old} until {change['changed_at']} UTC ({change['old_submission']}). {change['why']}"
        )
    return "\n".join(lines)
