"""Rules on rows together, and on what was sent before."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "key.duplicate",
        "hard",
        "The same figure is given more than once.",
        "Keep one of the rows, or correct the one that is about something else.",
        "Two rows for Leicester, 2009/10, Total.",
    ),
    Rule(
        "total.does-not-match",
        "hard",
        "The total is not what its parts add up to.",
        "Correct the total or the part that is wrong.",
        "A total of 40 schools beside 30 maintained schools and 12 academies.",
    ),
    Rule(
        "total.off-by-rounding",
        "waivable",
        "The total is not exactly what its parts add up to, but they look rounded, and it is within that.",
        "Send the exact counts, or tell us that they are rounded and to what, and it can be let through.",
        "A total of 40 beside 25 and 20, all rounded to 5.",
    ),
    Rule(
        "total.outside-parts",
        "waivable",
        "The share of all is lower than that of every part, or higher, and all are in some part.",
        "Correct the share of all or that of the part that is wrong, or tell us why all are right.",
        "50% of all beside 60% of those with free school meals and 62% of the rest.",
    ),
    Rule(
        "total.complement-differs",
        "waivable",
        "Two shares that are all there is do not make 100% together.",
        "Correct the one that is wrong, or tell us why both are right.",
        "68.4% with level 2 at 19 beside 30% without it.",
    ),
    Rule(
        "total.below-areas",
        "waivable",
        "Less is counted in an area than in the areas within it together.",
        "Correct the count that is wrong, or tell us why all are right.",
        "20 schools in the East Midlands beside 12 in Leicester and 12 in Derby.",
    ),
    Rule(
        "row.missing",
        "hard",
        "A row that this return must hold is not there.",
        "Add the row, or correct one that stands under a wrong name; where there is no figure, type the mark for why.",
        "Leicester for 2009/10 without England.",
    ),
    Rule(
        "companion.missing",
        "hard",
        "This figure may only be read beside its companion, which is missing.",
        "Give the companion figure for the same area and period.",
        "NEET without the percentage not known.",
    ),
    Rule(
        "key.withdrawn",
        "advisory",
        "A figure that an earlier return gave is not in this one, and is withdrawn.",
        "Nothing, if that is meant. Otherwise put the row back and send the file again.",
        "The row for England, there last time and gone now.",
    ),
    Rule(
        "key.differs",
        "advisory",
        "What is published for this figure comes from another return, and is a different value.",
        "Correct the value if it is wrong. If it is right, tell us: we know who sent the other one.",
        "5.8 here where 5.9, from the schools return, is published.",
    ),
    Rule(
        "period.gone",
        "advisory",
        "The return before gave figures of this period too, and this one does not; they stay as they were.",
        "Nothing, if that is meant. Otherwise put them back and send the file again.",
        "2008, in a table that gave 2007 to 2010 last time and now gives 2007, 2009 and 2010.",
    ),
)
