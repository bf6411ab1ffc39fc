"""Rules on values."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "value.above-maximum",
        "hard",
        "The value is higher than it can be.",
        "Correct the value.",
        "A percentage of 167.",
    ),
    Rule(
        "value.below-minimum",
        "hard",
        "The value is lower than it can be.",
        "Correct the value.",
        "A count of -3.",
    ),
    Rule(
        "value.implausible",
        "waivable",
        "The value lies outside what has ever been plausible for this indicator.",
        "Correct the value, or tell us why it is right and it can be let through.",
        "40 children's centres in one city becoming 4,000.",
    ),
    Rule(
        "value.not-in-scale",
        "hard",
        "This judgement is not one of the scale's.",
        "Use one of the judgements of the scale.",
        "'fair' on the scale outstanding, good, adequate, inadequate.",
    ),
    Rule(
        "value.not-whole",
        "hard",
        "A count of people or things must be a whole number.",
        "Type the whole number that was counted; the cell may hold more decimals than its format shows.",
        "12.5 pupils.",
    ),
    Rule(
        "value.range-reversed",
        "hard",
        "The lower end of the range is above its upper end.",
        "Swap or correct the two ends.",
        "From 10,000 to 7,000.",
    ),
    Rule(
        "value.numerator-above-denominator",
        "hard",
        "More are counted in the numerator than in the denominator.",
        "Correct the numerator or the denominator.",
        "14 of 12 schools.",
    ),
    Rule(
        "value.does-not-match",
        "hard",
        "The percentage or rate is not what its numerator and denominator give.",
        "Correct whichever of the three is wrong.",
        "35% beside 14 of 35.",
    ),
    Rule(
        "value.off-by-rounding",
        "waivable",
        "The percentage or rate is not exactly what its counts give, but they look rounded, and it is within that.",
        "Send the exact counts, or tell us that they are rounded and to what, and it can be let through.",
        "5.8% beside 60 of 1,005, rounded to 5.",
    ),
    Rule(
        "value.outside-interval",
        "waivable",
        "The value lies outside the interval that is printed with it.",
        "Correct the value or the ends of its interval, or tell us why both are right.",
        "54.1 with an interval from 45 to 52.",
    ),
    Rule(
        "value.jump",
        "advisory",
        "The value has moved further since the last period than it ever tends to.",
        "Check the value. If it is right there is nothing to do; if it is not, correct it and send the file again.",
        "54% of children, after five years between 50% and 52%, becoming 5.4%.",
    ),
    Rule(
        "value.hidden-in-part",
        "advisory",
        "Part of this figure is hidden by a mark, and part of it is given, which may tell the rest.",
        "Hide the percentage and both counts, or give all three. Where the value itself is hidden, nothing is shown.",
        "'c' for the percentage beside 14 of 35 pupils.",
    ),
)
