"""Ranks and quartiles."""

from __future__ import annotations

import polars as pl


def with_ranks(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `rank`, `rank_of` and `quartile` added, within each `group`.

    Reads `value` and `polarity`, which is higher or lower. 1 is best and ties share the best of their ranks ("min", as
    in rank() of SQL). Quartiles are bands of value with inclusive upper bounds, between the quartiles that R calls type
    7 (linear between order statistics; Hyndman and Fan 1996), A best: as the local authority interactive tool of the
    Department for Education bands them. 1, 2, 3, 4, 5, lower being better, are A, A, B, C, D; higher being better D, D,
    C, B, A.
    """
    higher = pl.col("polarity") == "higher"
    cuts = rows.group_by("group").agg(
        pl.len().cast(pl.Int64).alias("rank_of"),
        *(pl.col("value").quantile(share, "linear").alias(f"_{share}") for share in (0.25, 0.5, 0.75)),
    )
    ascending = pl.when(higher).then(-pl.col("value")).otherwise(pl.col("value"))
    band = (
        1
        + (pl.col("value") > pl.col("_0.25")).cast(pl.Int8)
        + (pl.col("value") > pl.col("_0.5")).cast(pl.Int8)
        + (pl.col("value") > pl.col("_0.75")).cast(pl.Int8)
    )
    best_first = pl.when(higher).then(5 - band).otherwise(band)
    return (
        rows.join(cuts, on="group", how="left", maintain_order="left")
        .with_columns(
            ascending.rank("min").over("group").cast(pl.Int64).alias("rank"),
            best_first.replace_strict({1: "A", 2: "B", 3: "C", 4: "D"}, return_dtype=pl.String).alias("quartile"),
        )
        .drop("_0.25", "_0.5", "_0.75")
    )
