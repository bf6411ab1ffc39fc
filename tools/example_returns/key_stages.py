"""The example return of key stage results: a csv file in the columns of the Department for Education."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

FILE_NAME = "schools-learning/Key_stages_2010.csv"
KEY_STAGES_HEAD = (
    "time_period", "time_identifier",
    "geographic_level", "country_code", "country_name", "region_code", "region_name",
    "old_la_code", "new_la_code", "la_name",
    "measure", "subject", "figure", "unit", "status",
)  # fmt: skip
COUNTRY = ("E92000001", "England")
PLACES = {
    "Nottingham": ("Local authority", *COUNTRY, "E12000004", "East Midlands", "892", "E06000018", "Nottingham"),
    "England": ("National", *COUNTRY, "", "", "", "", ""),
    "Neighbours": ("Statistical neighbours", *COUNTRY, "", "", "", "", "Statistical neighbours of Nottingham"),
}
KS1, KS2 = "KS1 level 2+, change on year", "KS2 level 4+ English and maths"
KS4, SCIENCE = "KS4 5+ A*-C incl English and maths", "KS4 2+ A*-C science"
CHANGE, EBACC = ", change on year", "KS4 English Baccalaureate"
KEY_STAGES: Sequence[tuple[str, str, str, str, str, str, str]] = (
    # place, time period, measure, subject, figure, unit, status
    ("Nottingham", "200910", KS1, "Reading", "0", "points", ""),
    ("Nottingham", "200910", KS1, "Writing", "0", "points", ""),
    ("Nottingham", "200910", KS1, "Mathematics", "-3", "points", ""),
    ("Nottingham", "200910", KS2, "Total", "67", "%", "u"),
    ("Nottingham", "200809", KS2, "Total", "67", "%", ""),
    ("England", "200910", KS2, "Total", "74", "%", "u"),
    ("Neighbours", "200910", KS2, "Total", "70", "%", "u"),
    ("Nottingham", "200910", KS4, "Total", "44.2", "%", ""),
    ("Nottingham", "200809", KS4, "Total", "41.4", "%", ""),
    ("England", "200910", KS4, "Total", "53.7", "%", ""),
    ("Nottingham", "200910", KS4 + CHANGE, "Total", "2.8", "points", ""),
    ("England", "200910", KS4 + CHANGE, "Total", "3.6", "points", ""),
    ("Nottingham", "200910", EBACC, "Total", "8.9", "%", ""),
    ("England", "200910", EBACC, "Total", "15.6", "%", ""),
    ("Nottingham", "200910", SCIENCE, "Total", "58.4", "%", ""),
    ("England", "200910", SCIENCE, "Total", "60.2", "%", ""),
    ("Nottingham", "200910", SCIENCE + CHANGE, "Total", "8.6", "points", ""),
    ("England", "200910", SCIENCE + CHANGE, "Total", "6.0", "points", ""),
)


def csv_content() -> bytes:
    """Return the bytes of the csv file."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(KEY_STAGES_HEAD)
    for place, period, *figure in KEY_STAGES:
        out.writerow((period, "Academic year", *PLACES[place], *figure))
    return text.getvalue().encode()
