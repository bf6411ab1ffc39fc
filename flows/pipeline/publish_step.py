"""The step that has the published file follow the store."""

from __future__ import annotations

from local_indicators.flows.pipeline.load_step import load_instant
from local_indicators.flows.pipeline.publishing import publish as publish_recorded
from local_indicators.flows.run_context import RunContext
from local_indicators.warehouse.publication.publish import Publication
from local_indicators.warehouse.store import private_store


def publish(context: RunContext) -> Publication:
    """Publish what the store holds, or leave the published file as it is."""
    with private_store.open_store(context.settings.store) as con:
        return publish_recorded(
            con,
            context.settings,
            context.definitions,
            context.partners,
            context.archive,
            context.ledger,
            today=context.today,
            run=context.run,
            at=load_instant(context, con),
        )
