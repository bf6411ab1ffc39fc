"""What the checks may know of earlier returns: an owner's own rows and, of everybody else's, what readers see."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from local_indicators.flows.records.ledger import Ledger
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.warehouse.queries.published_figures import SEEN, published_figures
from local_indicators.warehouse.store import connection, current_rows
from local_indicators.warehouse.store.loads_in_force import loads_of_outcomes


def figures_known_to_owners(
    con: connection.Connection,
    settings: Settings,
    definitions: Definitions,
    partners: Mapping[str, Partner],
    ledger: Ledger,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what is accepted and not set aside as each collection's owner may see it, and what readers see: `accepted`
    and `published` of the check's context."""
    seen = _published_figures(con, settings, definitions, ledger)
    return rows_shown_to_owners(
        current_rows.last_accepted_rows(con, loads_of_outcomes(con, ledger.set_aside)), seen, partners
    ), seen


def _published_figures(
    con: connection.Connection, settings: Settings, definitions: Definitions, ledger: Ledger
) -> pl.DataFrame:
    """Return what readers see; nothing if it was published under other definitions than today's, because those may hide
    what readers still see tonight."""
    live = ledger.published_versions.get(ledger.last_version)
    made = next((attempt for attempt in reversed(ledger.attempts) if live is not None and attempt.at <= live), None)
    if made is None or made.definitions != definitions.digest:
        return pl.DataFrame(schema=SEEN)
    return published_figures(con, settings.warehouse, definitions)


def rows_shown_to_owners(accepted: pl.DataFrame, seen: pl.DataFrame, partners: Mapping[str, Partner]) -> pl.DataFrame:
    """Return accepted rows as the partner who is responsible for each collection today may see them. Of rows that
    another partner sent, such as a former owner, these are the ones that readers see, without their place."""
    owners = pl.DataFrame(
        [(collection.id, partner.id) for partner in partners.values() for collection in partner.says.collection],
        schema={"collection": pl.String, "_owner": pl.String},
        orient="row",
    )
    rows = accepted.join(owners, on="collection", how="left", maintain_order="left")
    is_own = pl.col("partner").eq_missing(pl.col("_owner"))
    shown = seen.select(*KEY, "collection", "value", "value_text")
    unsaid = [pl.lit(None, rows.schema[name]).alias(name) for name in (*PAYLOAD, "source_file")]
    others = rows.filter(~is_own).with_columns(unsaid).drop("value", "value_text")
    others = others.join(shown, on=[*KEY, "collection"], how="inner").select(rows.columns)
    return pl.concat([rows.filter(is_own), others]).drop("partner").rename({"_owner": "partner"})
