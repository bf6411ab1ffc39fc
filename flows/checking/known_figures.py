"""What the checks may know of what was sent before: an owner's own rows, and of everybody else's what readers see."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.records.ledger import Ledger
from flows.settings import Settings
from inputs.layouts.partner_layouts import Partner
from schemas.definitions.models import Definitions
from schemas.observations import KEY, PAYLOAD
from warehouse.queries.published_figures import SEEN, published_figures
from warehouse.store import connection, current_rows
from warehouse.store.loads_in_force import loads_of_outcomes


def figures_known_to_owners(
    con: connection.Connection,
    given: Settings,
    definitions: Definitions,
    partners: Mapping[str, Partner],
    ledger: Ledger,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is accepted and not set aside, as each collection's owner may be told of it, and what readers see: the
    `accepted` and `published` of schemas.observations.CheckContext."""
    seen = _published_figures(con, given, definitions, ledger)
    return rows_shown_to_owners(
        current_rows.last_accepted_rows(con, loads_of_outcomes(con, ledger.set_aside)), seen, partners
    ), seen


def _published_figures(
    con: connection.Connection, given: Settings, definitions: Definitions, ledger: Ledger
) -> pl.DataFrame:
    """What readers see, as warehouse.queries.published_figures gives it. Nothing where it was published under other
    definitions than today's: those may hide what readers still see tonight."""
    live = ledger.published_versions.get(ledger.last_version)
    made = next((one for one in reversed(ledger.attempts) if live is not None and one.at <= live), None)
    if made is None or made.definitions != definitions.digest:
        return pl.DataFrame(schema=SEEN)
    return published_figures(con, given.warehouse, definitions)


def rows_shown_to_owners(accepted: pl.DataFrame, seen: pl.DataFrame, partners: Mapping[str, Partner]) -> pl.DataFrame:
    """What was accepted, as the partner who answers for each collection today may be told of it. Of rows that another
    partner sent, such as the one who answered for it before, those that readers see, without their place."""
    owners = pl.DataFrame(
        [(one.id, partner.id) for partner in partners.values() for one in partner.says.collection],
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
