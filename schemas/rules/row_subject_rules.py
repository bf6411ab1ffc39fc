"""Rules on what a row is about."""

from __future__ import annotations

from local_indicators.schemas.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "indicator.unknown",
        "hard",
        "This name stands for none of the indicators of this return.",
        "Use one of the names in the template.",
        "'KS4 5 A*-C (old)'.",
    ),
    Rule(
        "area.unknown",
        "hard",
        "This is not an area we know.",
        "Use the area's full name or its code, as in E06000016 for Leicester.",
        "'Nottm'.",
    ),
    Rule(
        "area.wrong-type",
        "hard",
        "The indicator is not measured for this kind of area.",
        "Give the figure for a kind of area that the indicator is measured for.",
        "A council's area in the health trusts' return.",
    ),
    Rule(
        "area.contradicts",
        "hard",
        "Two cells of one row name different areas, so we cannot tell whose figure this is.",
        "Correct the code or the name, so that both are of the area that the figure is of.",
        "E06000016, which is Leicester, beside the name Derby.",
    ),
    Rule(
        "area.name-mistyped",
        "advisory",
        "The name beside this area's code looks mistyped, or the code beside its name; the other one was read.",
        "Correct the name or the code.",
        "E06000016 beside 'Leicestr'.",
    ),
    Rule(
        "period.unknown",
        "hard",
        "This is not a period that the indicator is measured over.",
        "Type the period in the form expected.",
        "'last year', or a single term where a whole year belongs.",
    ),
    Rule(
        "area.title-differs",
        "advisory",
        "A title names another area than the figures are of.",
        "Check which of them is right, and correct the other.",
        "'Leicester: absence' on the sheet called Derby.",
    ),
    Rule(
        "period.said-twice",
        "hard",
        "Two cells of one row name different periods, so we cannot tell which one the figure is of.",
        "Correct the one that is wrong.",
        "2009/10 under Year beside 2008/09 under School year.",
    ),
    Rule(
        "period.contradicts",
        "advisory",
        "A title names another period than the figures are of.",
        "Check which of them is right, and correct the other.",
        "'Primary absence 2008/09' above figures of 2009/10.",
    ),
    Rule(
        "period.in-future",
        "waivable",
        "The period has not begun yet.",
        "Correct the period, or send the figure once there is one.",
        "2014/15 in a return sent in 2011.",
    ),
    Rule(
        "breakdown.unknown",
        "hard",
        "This group is none of those that the indicator is broken down by.",
        "Use one of the groups in the template.",
        "'FSM (ever 6)' where Eligible or Not eligible belongs.",
    ),
    Rule(
        "area.replaced",
        "advisory",
        "This code had been replaced by another before the period; the figure is kept under the new code.",
        "Use the new code from now on.",
        "E08000020 for Gateshead in 2014/15.",
    ),
    Rule(
        "area.ended",
        "advisory",
        "This area had ceased to be before the period, and no single one took its place; the figure is kept under it.",
        "Check that the figure is of this area, or give those of the areas that followed it.",
        "Cumbria in 2024/25.",
    ),
    Rule(
        "status.unknown",
        "hard",
        "This is not a status that a figure can have.",
        "Use p (provisional), r (revised), e (estimated), f (forecast), u (low reliability), b (break), or nothing.",
        "'to be agreed' under Status.",
    ),
    Rule(
        "provenance.unknown",
        "hard",
        "The basis of a figure must be reported or illustrative.",
        "Type reported or illustrative.",
        "'guess' under Basis.",
    ),
)
