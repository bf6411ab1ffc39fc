"""What definitions say of each other must agree: each refusal names the file, the key and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local_indicators.common.config_errors import Problems
from local_indicators.common.errors import DefinitionError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.schemas.definitions.derived_indicators import check_derived_indicators, check_relations
from local_indicators.schemas.reference.breakdowns import TOTAL, possible_breakdowns
from local_indicators.schemas.reference.periods import EXPECTED, IDENTIFIERS, read_period

if TYPE_CHECKING:
    from local_indicators.schemas.definitions.models import Definitions, Indicator, Target


@dataclass(frozen=True)
class Sources:
    """Where the definitions of a folder stand: the file of each indicator, and the line of each target, in the order of
    the rows."""

    folder: Path
    indicators: Mapping[str, Path]
    targets: tuple[str, ...]


def cross_check(all_of: Definitions, at: Sources) -> None:
    """Check definitions against each other. Raises DefinitionError with everything that does not agree, each naming the
    file in which the key stands."""
    problems = Problems()
    for check in (
        _check_indicator_fields,
        _check_references,
        _check_targets,
        _check_plan,
        _check_relations,
        _check_frameworks,
        _check_baskets,
    ):
        with problems.noting():
            check(all_of, at, problems)
    problems.raise_if_any()


def _refuse(file: Path, key: str, reason: str) -> NoReturn:
    raise DefinitionError(file, reason, key=key)


def _check_indicator_fields(all_of: Definitions, at: Sources, problems: Problems) -> None:
    for indicator in all_of.indicators.values():
        file = at.indicators[indicator.id]
        for check in (_check_time, _check_range, _check_scale, _check_area_types, _check_lifecycle, _check_breakdowns):
            with problems.noting():
                check(indicator, all_of, file)
        with problems.noting():
            _check_versions(indicator, file)


def _check_time(indicator: Indicator, _: Definitions, file: Path) -> None:
    if indicator.time_identifier not in IDENTIFIERS:
        hint = did_you_mean(indicator.time_identifier, tuple(IDENTIFIERS))
        reason = f"{indicator.time_identifier!r} is none of {', '.join(IDENTIFIERS)}{hint}"
        _refuse(file, f"{indicator.id}.time_identifier", reason)


def _check_range(indicator: Indicator, _: Definitions, file: Path) -> None:
    if indicator.range[0] >= indicator.range[1]:
        _refuse(file, f"{indicator.id}.range", "the lower limit must be below the upper one, such as [0, 100]")


def _check_scale(indicator: Indicator, all_of: Definitions, file: Path) -> None:
    if indicator.kind == "ordinal" and indicator.scale not in all_of.scales:
        hint = did_you_mean(indicator.scale, tuple(all_of.scales))
        reason = f"a judgement needs one of the scales {', '.join(all_of.scales)}{hint}"
        _refuse(file, f"{indicator.id}.scale", reason)


def _check_area_types(indicator: Indicator, all_of: Definitions, file: Path) -> None:
    known = sorted(all_of.geography.area_types)
    unknown = sorted(set(indicator.area_types) - set(known))
    if unknown or not indicator.area_types:
        hints = "".join(did_you_mean(name, known) for name in unknown)
        found = f"; found {', '.join(map(repr, unknown))}" if unknown else ""
        _refuse(file, f"{indicator.id}.area_types", f"each must be one of {', '.join(known)}{found}{hints}")


def _check_lifecycle(indicator: Indicator, _: Definitions, file: Path) -> None:
    if indicator.lifecycle != "adopted" and not indicator.lifecycle_reason:
        reason = f"is needed for an indicator that is {indicator.lifecycle}: say why in a sentence"
        _refuse(file, f"{indicator.id}.lifecycle_reason", reason)


def _check_breakdowns(indicator: Indicator, all_of: Definitions, file: Path) -> None:
    dimensions = {d.name: set(d.values) for d in all_of.dimensions}
    for name, values in indicator.breakdowns.items():
        if name not in dimensions:
            known = f"{', '.join(dimensions)}{did_you_mean(name, tuple(dimensions))}"
            _refuse(file, f"{indicator.id}.breakdowns", f"{name!r} is none of the dimensions {known}")
        if unknown := set(values) - dimensions[name]:
            known = ", ".join(sorted(dimensions[name]))
            reason = f"does not know {', '.join(sorted(unknown))}; its values are {known}"
            _refuse(file, f"{indicator.id}.breakdowns.{name}", reason)
    if not indicator.total and not indicator.breakdowns:
        _refuse(file, f"{indicator.id}.total", "an indicator without a Total needs a breakdown")


def _check_versions(indicator: Indicator, file: Path) -> None:
    if not indicator.versions:
        _refuse(file, f"{indicator.id}.versions", "must list at least one version")
    for before, after in zip(indicator.versions, indicator.versions[1:], strict=False):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            _refuse(
                file, f"{indicator.id}.versions", f"version {before.version} must end before {after.version} begins"
            )
        if not after.broke:
            _refuse(file, f"{indicator.id}.versions", f"version {after.version} must say what broke")


def _check_references(all_of: Definitions, at: Sources, problems: Problems) -> None:
    objectives = {o.id for o in all_of.plan.operational}
    priorities = {p.title for p in all_of.plan.priority}
    for indicator in all_of.indicators.values():
        for name, value, known in (
            ("companion", indicator.companion, all_of.indicators),
            ("change_of", indicator.change_of, all_of.indicators),
            ("disclosure", indicator.disclosure or "(none)", all_of.disclosure),
            ("officer", indicator.officer, all_of.officers),
            ("objective", indicator.objective, objectives),
            ("priority", indicator.priority, priorities),
        ):
            if not value or value in known:
                continue
            reason = f"{value!r} is none of {', '.join(sorted(known))}{did_you_mean(value, sorted(known))}"
            if not known:
                reason = f"{value!r} is not defined, and nothing of its kind is; leave {name} out, or define it"
            with problems.noting():
                _refuse(at.indicators[indicator.id], f"{indicator.id}.{name}", reason)


def _check_targets(all_of: Definitions, at: Sources, problems: Problems) -> None:
    file = at.folder / "targets.csv"
    for line, target in zip(at.targets, all_of.targets, strict=True):
        with problems.noting():
            _check_target(target, all_of, file, f"{line}, {target.indicator_id}")
    _check_ways(all_of, at, file, problems)


def _check_target(target: Target, all_of: Definitions, file: Path, key: str) -> None:
    indicator = all_of.indicators.get(target.indicator_id)
    if indicator is None:
        _refuse(file, key, f"is not an indicator{did_you_mean(target.indicator_id, tuple(all_of.indicators))}")
    if target.area_code not in all_of.geography.by_code:
        known = all_of.geography.find(target.area_code)
        hint = f"; the code of {known.name} is {known.area_code}" if known else ""
        _refuse(file, key, f"{target.area_code} is not in areas.csv{hint}")
    if target.time_identifier != indicator.time_identifier or not read_period(
        target.time_period, target.time_identifier
    ):
        expected = f"it is measured over {EXPECTED[indicator.time_identifier]}"
        _refuse(file, key, f"{target.time_period} is no {indicator.time_identifier}; {expected}")
    possible = possible_breakdowns(indicator.breakdowns, all_of.dimensions)
    if target.breakdown != TOTAL and target.breakdown not in possible:
        hint = did_you_mean(target.breakdown, sorted(possible))
        _refuse(file, key, f"has no breakdown {target.breakdown!r}{hint}")
    if indicator.kind != "number":
        _refuse(file, key, "is not a number, so it can have no target here")
    _check_form(target, file, key)


def _check_form(target: Target, file: Path, key: str) -> None:
    band = target.operator == "band"
    if band != (target.upper is not None) or (target.upper is not None and target.upper <= target.value):
        _refuse(file, f"{key}.upper", "a band needs an upper end above its value, and no other target has one")
    if band and target.relative_to:
        _refuse(file, f"{key}.relative_to", "a band cannot be relative to a comparator")
    if target.tolerance is not None and target.tolerance < 0:
        _refuse(file, f"{key}.tolerance", "must not be below 0")
    if target.base_value is not None and not target.base_period:
        _refuse(file, f"{key}.base_period", "a base value needs the period it is of")
    if not target.base_period:
        return
    base = read_period(target.base_period, target.time_identifier)
    aim = read_period(target.time_period, target.time_identifier)
    if base is None or aim is None or base.start >= aim.start:
        _refuse(file, f"{key}.base_period", f"must be an earlier {target.time_identifier}")


def _check_ways(all_of: Definitions, at: Sources, file: Path, problems: Problems) -> None:
    """One target a period in each framework, and one base for all targets of a way."""
    periods: set[tuple[str, ...]] = set()
    bases: dict[tuple[str, ...], tuple[str, float | None]] = {}
    for line, target in zip(at.targets, all_of.targets, strict=True):
        key = f"{line}, {target.indicator_id} {target.time_period}"
        if (*target.series, target.time_period) in periods:
            with problems.noting():
                _refuse(file, key, f"has two targets in {target.framework}")
        periods.add((*target.series, target.time_period))
        if target.base_period:
            base = (target.base_period, target.base_value)
            if bases.setdefault(target.series, base) != base:
                with problems.noting():
                    _refuse(file, f"{key}.base_period", "another target of the same series begins elsewhere")


def _check_plan(all_of: Definitions, at: Sources, problems: Problems) -> None:
    file = at.folder / "plan.toml"
    for priority in all_of.plan.priority:
        if priority.lead and priority.lead not in all_of.officers:
            hint = did_you_mean(priority.lead, tuple(all_of.officers))
            with problems.noting():
                _refuse(file, priority.title, f"lead {priority.lead!r} is not in officers.toml{hint}")


def _check_relations(all_of: Definitions, at: Sources, problems: Problems) -> None:
    with problems.noting():
        check_relations(all_of, at.folder / "relations.toml")
        check_derived_indicators(all_of, dict(at.indicators))


def _check_frameworks(all_of: Definitions, at: Sources, problems: Problems) -> None:
    known = [all_of.plan_id] if all_of.plan_id else []
    for framework in all_of.frameworks:
        if framework.id in known:
            _refuse(at.folder / "frameworks.toml", framework.id, "is there twice; the plan of plan.toml is one of them")
        known.append(framework.id)
    for line, target in zip(at.targets, all_of.targets, strict=True):
        if target.framework in known:
            continue
        reason = f"{target.framework!r} is none of {', '.join(known)}{did_you_mean(target.framework, known)}"
        if not known:
            reason = f"{target.framework!r} is not defined; give it in plan.toml or frameworks.toml"
        with problems.noting():
            _refuse(at.folder / "targets.csv", f"{line}, {target.indicator_id}.framework", reason)


def _check_baskets(all_of: Definitions, at: Sources, problems: Problems) -> None:
    for basket in all_of.baskets.values():
        for name in basket.components:
            if name not in all_of.indicators:
                hint = did_you_mean(name, tuple(all_of.indicators))
                with problems.noting():
                    _refuse(
                        at.folder / "baskets.toml", f"{basket.id}.components", f"{name!r} is not an indicator{hint}"
                    )
