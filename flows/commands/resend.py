"""`indicators resend`: a message again, as it was written."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.safe_text import as_typed
from local_indicators.flows.commands.options import ArchiveOption, OutboxOption, WorkspaceOption
from local_indicators.flows.delivery.resending import resend as send_again
from local_indicators.flows.settings import settings


def resend(
    name: Annotated[str, Parameter(help="A submission, such as S12, or a message, as the outbox names it.")],
    *,
    workspace: WorkspaceOption = None,
    outbox: OutboxOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Send the answer to a submission again, to where its owner is written to now; exit code 1 where it is not sent."""
    done = send_again(settings(workspace=workspace, outbox=outbox, archive=archive), name)
    for message in done:
        if message.trouble:
            why = f"{as_typed(message.trouble)}. It is {message.file}"
            print(f"{message.message}: not sent to {as_typed(message.to)}: {why}")
        else:
            print(f"{message.message}: sent again to {as_typed(message.to)}.")
    return 1 if any(message.trouble for message in done) else 0
