"""The dashboards' contract: every table and column of `mart`, with its type and the words of its COMMENT.

The build makes tables in exactly this shape, the gate refuses any other, and docs/dashboards.md is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a mart table."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class MartTable:
    """A table of the published file. `key` columns together name one row."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def _table(name: str, comment: str, key: str, columns: str) -> MartTable:
    """A table from lines of `name TYPE comment`."""
    rows = [line.split(maxsplit=2) for line in columns.splitlines() if line.strip()]
    return MartTable(name, comment, tuple(key.split()), tuple(Column(n, t, c) for n, t, c in rows))


_WHAT = """
indicator_id VARCHAR The indicator's id, such as eyfs-good-level.
definition_version VARCHAR The version of its definition; versions are different series.
indicator VARCHAR The indicator's title.
area_code VARCHAR The area's GSS code; where there is none, our own, such as PCT:5EM or SN:E06000018.
area_name VARCHAR The area's name.
area_type VARCHAR National, Region, Sub-region, Metropolitan county, Local authority, District, NHS trust, Police force area, Council outside England, Statistical neighbours; or by the form of its code Ward, Constituency, LSOA, MSOA and the like.
time_period VARCHAR The period's code, such as 200910.
time_identifier VARCHAR What kind of period that is, such as Academic year.
period_start DATE First day of the period.
period_end DATE Last day of the period; NULL while a reporting window is still open.
breakdown VARCHAR Total, or parts such as Sex=Girls; FSM=Eligible, with the names in a fixed order.
value DOUBLE The value in unit, shares as 0 to 100; NULL with a status where it is missing for a reason.
value_low DOUBLE Lower end where the sender gave a range.
value_high DOUBLE Upper end where the sender gave a range.
value_text VARCHAR The judgement, or the words in which the sender gave the value.
unit VARCHAR Unit of value, value_low and value_high.
numerator DOUBLE People or things counted, where the sender gave it; never worked out from a percentage.
denominator DOUBLE People or things they are counted among, where the sender gave it.
lower_ci DOUBLE Lower 95% confidence limit of value, in unit; NULL where it cannot be worked out.
upper_ci DOUBLE Upper 95% confidence limit of value, in unit; NULL where it cannot be worked out.
obs_status VARCHAR Harmonised shorthand: p provisional, r revised, e estimated, b break, f forecast, u low reliability (said by the sender, or a base below the policy's minimum), x not available, z not applicable, low rounds to zero.
conf_status VARCHAR c where the value is confidential and therefore NULL.
provenance VARCHAR reported, or illustrative where a figure was invented for an example.
submission VARCHAR The submission that the value came with.
digest VARCHAR SHA-256 of the file that was sent.
source_file VARCHAR The file's path under the inbox.
sheet VARCHAR The sheet that holds the value.
cell VARCHAR The cell that holds the value, in A1.
recorded_at TIMESTAMP When the value was loaded, in UTC.
"""

MART: tuple[MartTable, ...] = (
    _table(
        "observations",
        "Current values: one row for each indicator, definition version, area, period and breakdown.",
        "indicator_id definition_version area_code time_identifier time_period breakdown",
        _WHAT,
    ),
    _table(
        "latest",
        "The newest value of each indicator, area and breakdown, with what it may be compared with.",
        "indicator_id area_code breakdown",
        _WHAT
        + """
previous_value DOUBLE The value exactly one period earlier; NULL if none is held.
change DOUBLE value less previous_value, in unit (percentage points for a share).
change_significance VARCHAR significant, not, or not tested, at 95%; tested where numerator and denominator of both periods are known.
direction VARCHAR improving or worsening by the indicator's polarity; rising or falling where it has none; no change; not comparable.
target DOUBLE The target of the partnership's own plan for this period; the lower end of a band; a target relative to a comparator, worked out.
target_text VARCHAR What the target asks for, such as at most 5, from 20 to 25, or above the neighbours' average.
target_status VARCHAR met, within tolerance, missed, or no target.
england_value DOUBLE England's value for the same period, version and breakdown.
england_gap DOUBLE value less england_value, in unit.
england_significance VARCHAR better, worse or similar where value's 95% interval is known, England's value taken as fixed; otherwise, or without polarity, not tested.
region_value DOUBLE The value of the region that the area lies in.
core_cities_value DOUBLE Unweighted mean of the core cities other than the area that have a value.
neighbours_value DOUBLE Unweighted mean of the statistical neighbours that have a value, or the average that a source printed.
neighbours_n BIGINT How many neighbours had a value; NULL for a printed average, whose members are not held.
neighbours_of VARCHAR The area whose statistical neighbours they are.
neighbours_version VARCHAR The dated list that was used, or printed average.
rank BIGINT Rank among authorities of the same kind with a reported value, 1 best by polarity, ties sharing the best of their ranks; NULL from fewer than half of them or without polarity.
rank_of BIGINT How many authorities are ranked.
quartile VARCHAR A best to D: bands of value between the quartiles (R's type 7), upper bounds inclusive; NULL where there is no rank.
not_comparable_because VARCHAR Why a comparison is missing, in sentences.
""",
    ),
    _table(
        "trend",
        "Every period of every series, with the way to its target, marks of breaks and control limits.",
        "indicator_id definition_version area_code time_identifier time_period breakdown",
        """
indicator_id VARCHAR The indicator's id.
definition_version VARCHAR The version of its definition; versions are different series.
indicator VARCHAR The indicator's title.
area_code VARCHAR The area's code.
area_name VARCHAR The area's name.
area_type VARCHAR The kind of area.
time_period VARCHAR The period's code, such as 200910.
time_identifier VARCHAR What kind of period that is.
period_start DATE First day of the period.
period_end DATE Last day of the period; NULL while a reporting window is still open.
breakdown VARCHAR Total, or parts.
value DOUBLE The value in unit; NULL where it is missing, and for a period to come on the way to a target.
value_text VARCHAR The judgement, or the words in which the sender gave the value.
unit VARCHAR Unit of value and of every number below but years and points.
lower_ci DOUBLE Lower 95% confidence limit of value.
upper_ci DOUBLE Upper 95% confidence limit of value.
obs_status VARCHAR As in observations.
conf_status VARCHAR c where the value is confidential and therefore NULL.
provenance VARCHAR reported or illustrative; NULL for a period to come.
target_framework VARCHAR The plan whose target or way this is.
target DOUBLE The target for exactly this period, as in latest.
target_text VARCHAR What the target asks for, in words.
target_status VARCHAR met, within tolerance, missed, or no target.
expected_value DOUBLE Where the straight way from the base to the target stands in this period.
required_annual_change DOUBLE Change a year that would lead from value to next_target.
achieved_annual_change DOUBLE Change a year from the base of the way to value.
next_target DOUBLE The next target after this period.
next_target_period VARCHAR The period that next_target is for, as people write it.
break_mark VARCHAR Why the series breaks before this period; NULL where it does not.
spc_points BIGINT How many points the control limits rest on: consecutive, comparable and reported; NULL below five.
spc_mean DOUBLE Their mean.
spc_lower DOUBLE Lower control limit (XmR chart).
spc_upper DOUBLE Upper control limit (XmR chart).
spc_limits VARCHAR trial below twelve points, settled from there; NULL where there are no limits.
spc_signal VARCHAR outside limits, trend of seven, two of three near a limit, seven on one side, or none; NULL where nothing is charted.
spc_variation VARCHAR improvement or concern by polarity, neutral where there is none, common cause where there is no signal.
""",
    ),
    _table(
        "scorecard",
        "Where each priority and objective of a plan stands: one row for each of its indicators, local area and breakdown; one without an indicator for what has none.",
        "framework priority objective indicator_id area_code breakdown",
        """
framework VARCHAR The plan whose target is shown, such as CYPP 2010-14.
priority VARCHAR The partnership's priority; NULL where the indicator has none.
objective VARCHAR The operational objective that is in force today; NULL where there is none.
indicator_id VARCHAR The indicator's id; NULL for a priority or objective that no indicator measures.
indicator VARCHAR The indicator's title.
officer VARCHAR The role that answers for it; NULL where nobody does.
area_code VARCHAR The area's code; NULL where no value is held.
area_name VARCHAR The area's name.
breakdown VARCHAR Total, or parts.
time_identifier VARCHAR What kind of period the latest value is for.
time_period VARCHAR The code of that period.
latest DOUBLE The latest value, in unit, as in mart.latest.
latest_text VARCHAR The latest judgement, or the words in which the value was given.
unit VARCHAR Unit of latest and target.
target DOUBLE This framework's target for that period or, where it has none, the next one it has; the lower end of a band; NULL where it is relative to a value that is not held.
target_text VARCHAR What that target asks for, such as at most 5, from 20 to 25, or above the neighbours' average.
target_period VARCHAR The code of the period that the target is for.
target_status VARCHAR met, within tolerance or missed against a target for the same period; otherwise no target.
direction VARCHAR As in mart.latest.
england_significance VARCHAR As in mart.latest.
open_actions BIGINT How many actions on this indicator the action log holds that are not done.
""",
    ),
    _table(
        "actions",
        "The action log: what was decided, who answers for it, by when, and what shows that it had an effect.",
        "time_period action",
        """
time_period VARCHAR The year of the log, such as 201112.
action VARCHAR The action's number, such as A01.
indicator_id VARCHAR The indicator that it is to move, as the log says.
title VARCHAR What is to be done.
owner VARCHAR The role that answers for it.
due VARCHAR The day by which it is due, as the log gives it.
state VARCHAR open or done, as the log says.
evidence VARCHAR What shows its effect; NULL where nothing is said.
provenance VARCHAR reported, or illustrative where the action was invented for an example.
""",
    ),
    _table(
        "baskets",
        "Indicators that are watched together; a basket has no number of its own.",
        "basket indicator_id",
        """
basket VARCHAR The basket's id, such as aspirations.
title VARCHAR What it is about.
proxy BOOLEAN Whether its indicators only stand for something that none of them measures.
indicator_id VARCHAR One of its indicators.
note VARCHAR How to read it.
""",
    ),
    _table(
        "coverage",
        "All 199 national indicators: what became of each and what stands for it now.",
        "ni",
        """
ni VARCHAR The national indicator, such as NI 055.
title VARCHAR Its title.
certainty VARCHAR How sure the title is: V verified, K known, k weakly known.
fate VARCHAR What became of it in 2011.
fate_certainty VARCHAR How sure the fate is: V verified, K known, k weakly known.
successor VARCHAR The data set that carries on, if any.
indicator_id VARCHAR The local indicator that stands for it, if any.
latest_period VARCHAR The newest period for which a reported value is held, or no measure.
""",
    ),
    _table(
        "returns",
        "The register: every return received, and every expected return that has not come.",
        "partner collection period submission",
        """
partner VARCHAR The partner's id.
collection VARCHAR The return's id; NULL where the file answers none.
period VARCHAR The period that the return is for, as the calendar writes it; NULL if nobody expected it.
due DATE The day it is due.
received_at TIMESTAMP When the file was first seen, in UTC; NULL if it has not come.
status VARCHAR accepted, accepted-with-warnings, partly-accepted, rejected, due or overdue; set-aside where it was accepted and its new figures are not published yet, because the gate found them at fault.
findings BIGINT How many findings the return has.
submission VARCHAR The submission, the owner's proof of receipt.
digest VARCHAR SHA-256 of the file that was sent.
""",
    ),
    _table(
        "set_aside",
        "The figures of returns that are set aside: what observations shows of these keys is the last that was published.",
        "indicator_id definition_version area_code time_identifier time_period breakdown submission collection",
        """
indicator_id VARCHAR The indicator's id.
definition_version VARCHAR The version of its definition.
area_code VARCHAR The area's code.
time_identifier VARCHAR The kind of period.
time_period VARCHAR The period's code.
breakdown VARCHAR Total, or parts.
submission VARCHAR The submission whose figure for this key is set aside.
collection VARCHAR The return's id.
why VARCHAR What the gate found of this figure; NULL where it is set aside only with the rest of its return.
""",
    ),
    _table(
        "revisions",
        "Every published value that later changed or was withdrawn.",
        "indicator_id definition_version area_code time_identifier time_period breakdown changed_at submission",
        """
indicator_id VARCHAR The indicator's id.
definition_version VARCHAR The version of its definition.
area_code VARCHAR The area's code.
time_identifier VARCHAR The kind of period.
time_period VARCHAR The period's code.
breakdown VARCHAR Total, or parts.
old_value DOUBLE The value before; NULL if it was missing or is not shown.
new_value DOUBLE The value after; NULL if it is missing, withdrawn or not shown.
old_text VARCHAR The words before.
new_text VARCHAR The words after.
old_status VARCHAR Observation and confidentiality status before.
new_status VARCHAR Observation and confidentiality status after, or withdrawn.
changed_at TIMESTAMP When the new value was loaded, in UTC.
old_submission VARCHAR The submission that the old value came with.
submission VARCHAR The submission that changed it.
why VARCHAR Why it changed.
""",
    ),
    _table(
        "waivers",
        "Every value that was let through a rule, by whom, until when and why.",
        "waiver",
        """
waiver VARCHAR The waiver's number, such as W000001.
collection VARCHAR The return's id.
indicator_id VARCHAR The indicator's id.
definition_version VARCHAR The version of its definition.
area_code VARCHAR The area's code.
time_identifier VARCHAR The kind of period.
time_period VARCHAR The period's code.
breakdown VARCHAR Total, or parts.
rule VARCHAR The rule that the value was let through, such as value.implausible.
value DOUBLE The value that was let through; NULL unless observations show that very value.
reason VARCHAR Why; NULL where the figure it is about is not published.
approved_by VARCHAR Who answers for it, as a role.
until DATE The last day on which it holds.
status VARCHAR active, or lapsed when that day has passed or another value was sent.
submission VARCHAR The submission it was given for.
granted_at TIMESTAMP When it was given, in UTC.
""",
    ),
    _table(
        "history",
        "What mart.as_of looks back on: every row, past and present, of the values that were revised, withdrawn or shown late.",
        "indicator_id definition_version area_code time_identifier time_period breakdown published_from",
        _WHAT
        + """
published_from TIMESTAMP From when the row was published like this, in UTC.
published_to TIMESTAMP When it was last published like this, in UTC, that instant left out; NULL while it still is.
""",
    ),
    _table(
        "publications",
        "Every version that was published, and when.",
        "data_version",
        """
data_version BIGINT The version.
published_at TIMESTAMP When it was published, in UTC.
""",
    ),
    _table(
        "publication",
        "One row: which version of the data this file is.",
        "data_version",
        """
data_version BIGINT Grows by one when a row of mart differs.
published_at TIMESTAMP When this version was published, in UTC.
run VARCHAR The run that published it.
has_examples BOOLEAN Whether example partners are loaded; then the file is for trying out only.
""",
    ),
)
TABLES = {table.name: table for table in MART}

_SAME = " AND ".join(f"h.{name} = o.{name}" for name in TABLES["observations"].key)
AS_OF = (
    f"""
CREATE MACRO mart.as_of(ts) AS TABLE
    SELECT o.* FROM mart.observations AS o
    WHERE o.recorded_at <= (SELECT max(p.published_at) FROM mart.publications AS p WHERE p.published_at <= ts::TIMESTAMP)
      AND NOT EXISTS (SELECT 1 FROM mart.history AS h WHERE {_SAME})
    UNION ALL
    SELECT h.* EXCLUDE (published_from, published_to) FROM mart.history AS h
    WHERE h.published_from <= ts::TIMESTAMP AND (h.published_to IS NULL OR h.published_to > ts::TIMESTAMP)
""",
    "COMMENT ON MACRO TABLE mart.as_of IS 'What had been published by an instant in UTC, less all that today''s policy"
    " suppresses. Columns: those of mart.observations.'",
)
"""What had been published by an instant (UTC), less everything that today's policy suppresses; the columns are those of
mart.observations. A value without a past was published by the first publication after it was loaded."""


def create_table_sql(table: MartTable, schema: str) -> list[str]:
    """The statements that make an empty table with its comments in a schema."""
    columns = ", ".join(f'"{c.name}" {c.type}' for c in table.columns)
    name = f"{schema}.{table.name}"
    return [
        f"CREATE TABLE {name} ({columns})",
        f"COMMENT ON TABLE {name} IS {_quoted(table.comment)}",
        *(f'COMMENT ON COLUMN {name}."{c.name}" IS {_quoted(c.comment)}' for c in table.columns),
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
