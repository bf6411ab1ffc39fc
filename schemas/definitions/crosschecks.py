"""What definitions say of each other must agree: each refusal names the file, the key and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.breakdowns import TOTAL, spell_out
from schemas.faults import DefinitionFault
from schemas.periods import IDENTIFIERS, read_period

if TYPE_CHECKING:
    from schemas.definitions import Definitions, Indicator, Target


def cross_check(all_of: Definitions, folder: Path) -> None:
    """Check the definitions of a folder against each other. Raises DefinitionFault."""
    for check in (
        _check_indicator_fields,
        _check_references,
        _check_national,
        _check_peers,
        _check_targets,
        _check_plan,
        _check_relations,
        _check_frameworks,
        _check_baskets,
    ):
        check(all_of, folder)


def _refuse(file: Path, key: str, reason: str) -> None:
    raise DefinitionFault(file, reason, key=key)


def _check_indicator_fields(all_of: Definitions, folder: Path) -> None:
    dimensions = {d.name: set(d.values) for d in all_of.dimensions}
    for one in all_of.indicators.values():
        file = folder / "indicators"
        if one.time_identifier not in IDENTIFIERS:
            _refuse(
                file,
                f"{one.id}.time_identifier",
                f"{one.time_identifier!r} is none of {', '.join(IDENTIFIERS)}",
            )
        if one.range[0] >= one.range[1]:
            _refuse(file, f"{one.id}.range", "the lower limit must be below the upper one")
        if one.kind == "ordinal" and one.scale not in all_of.scales:
            _refuse(file, f"{one.id}.scale", f"a judgement needs one of the scales {', '.join(all_of.scales)}")
        for name, values in one.breakdowns.items():
            if name not in dimensions:
                _refuse(
                    file,
                    f"{one.id}.breakdowns",
                    f"{name!r} is none of the dimensions {', '.join(dimensions)}",
                )
            if unknown := set(values) - dimensions[name]:
                _refuse(file, f"{one.id}.breakdowns.{name}", f"does not know {', '.join(sorted(unknown))}")
        if not one.total and not one.breakdowns:
            _refuse(file, f"{one.id}.total", "an indicator without a Total needs a breakdown")
        unknown_types = set(one.area_types) - all_of.geography.area_types
        if unknown_types or not one.area_types:
            known = ", ".join(sorted(all_of.geography.area_types))
            _refuse(file, f"{one.id}.area_types", f"each must be one of {known}")
        if one.lifecycle != "adopted" and not one.lifecycle_reason:
            _refuse(file, f"{one.id}.lifecycle_reason", f"is needed for an indicator that is {one.lifecycle}")
        _check_versions(one, file)


def _check_versions(one: Indicator, file: Path) -> None:
    if not one.versions:
        _refuse(file, f"{one.id}.versions", "must list at least one version")
    for before, after in zip(one.versions, one.versions[1:], strict=False):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            _refuse(file, f"{one.id}.versions", f"version {before.version} must end before {after.version} begins")
        if not after.broke:
            _refuse(file, f"{one.id}.versions", f"version {after.version} must say what broke")


def _check_references(all_of: Definitions, folder: Path) -> None:
    file = folder / "indicators"
    objectives = {o.id for o in all_of.plan.operational}
    priorities = {p.title for p in all_of.plan.priority}
    for one in all_of.indicators.values():
        for name, value, known in (
            ("companion", one.companion, all_of.indicators),
            ("change_of", one.change_of, all_of.indicators),
            ("disclosure", one.disclosure or "(none)", all_of.disclosure),
            ("officer", one.officer, all_of.officers),
            ("objective", one.objective, objectives),
            ("priority", one.priority, priorities),
        ):
            if value and value not in known:
                _refuse(file, f"{one.id}.{name}", f"{value!r} is none of {', '.join(sorted(known))}")


def _check_national(all_of: Definitions, folder: Path) -> None:
    file = folder / "national_indicators.csv"
    numbers = [n.ni for n in all_of.national]
    if len(set(numbers)) != len(numbers):
        _refuse(file, "ni", "a national indicator is listed twice")
    stands_for = {n.ni: n.indicator_id for n in all_of.national if n.indicator_id}
    replaced = {i.replaces: i.id for i in all_of.indicators.values() if i.replaces}
    if stands_for != replaced:
        odd = sorted(set(stands_for.items()) ^ set(replaced.items()))
        said = ", ".join(f"{ni} {of}" for ni, of in odd)
        _refuse(file, "indicator_id", f"does not agree with what the indicators say they replace: {said}")


def _check_peers(all_of: Definitions, folder: Path) -> None:
    for peer in all_of.peers:
        for code in (peer.area_code, peer.member_code):
            if code not in all_of.geography.by_code:
                _refuse(folder / "peers.csv", code, "is not in areas.csv")


def _check_targets(all_of: Definitions, folder: Path) -> None:
    file = folder / "targets.csv"
    for target in all_of.targets:
        indicator = all_of.indicators.get(target.indicator_id)
        if indicator is None:
            raise DefinitionFault(file, "is not an indicator", key=target.indicator_id)
        if target.area_code not in all_of.geography.by_code:
            _refuse(file, target.indicator_id, f"{target.area_code} is not in areas.csv")
        if target.time_identifier != indicator.time_identifier or not read_period(
            target.time_period, target.time_identifier
        ):
            _refuse(file, target.indicator_id, f"{target.time_period} is no {indicator.time_identifier}")
        if target.breakdown != TOTAL and target.breakdown not in spell_out(indicator.breakdowns, all_of.dimensions):
            _refuse(file, target.indicator_id, f"has no breakdown {target.breakdown!r}")
        if indicator.kind != "number":
            _refuse(file, target.indicator_id, "is not a number, so it can have no target here")
        _check_form(target, file)
    _check_ways(all_of.targets, file)


def _check_form(target: Target, file: Path) -> None:
    key = f"{target.indicator_id} {target.time_period}"
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


def _check_ways(targets: Iterable[Target], file: Path) -> None:
    """One target a period in each framework, and one base for all targets of a way."""
    periods: set[tuple[str, ...]] = set()
    bases: dict[tuple[str, ...], tuple[str, float | None]] = {}
    for target in targets:
        key = f"{target.indicator_id} {target.time_period}"
        if (*target.series, target.time_period) in periods:
            _refuse(file, key, f"has two targets in {target.framework}")
        periods.add((*target.series, target.time_period))
        if target.base_period:
            base = (target.base_period, target.base_value)
            if bases.setdefault(target.series, base) != base:
                _refuse(file, f"{key}.base_period", "another target of the same series begins elsewhere")


def _check_plan(all_of: Definitions, folder: Path) -> None:
    for priority in all_of.plan.priority:
        if priority.lead and priority.lead not in all_of.officers:
            _refuse(folder / "plan.toml", priority.title, f"lead {priority.lead!r} is not in officers.toml")


def _check_relations(all_of: Definitions, folder: Path) -> None:
    file = folder / "relations.toml"
    for relation in all_of.relations:
        for name in (relation.indicator, *relation.of):
            if name not in all_of.indicators:
                _refuse(file, relation.indicator, f"{name!r} is not an indicator")
        if len(relation.of) != 1 and relation.kind != "sum":
            _refuse(file, relation.indicator, f"a {relation.kind} is of one indicator")
        if len(relation.breakdowns) != (2 if relation.kind == "gap" else 0):
            _refuse(file, relation.indicator, "a gap, and nothing else, names the two breakdowns it lies between")
        for breakdown in relation.breakdowns:
            if breakdown not in spell_out(all_of.indicators[relation.of[0]].breakdowns, all_of.dimensions):
                _refuse(file, relation.indicator, f"{relation.of[0]} has no breakdown {breakdown!r}")


def _check_frameworks(all_of: Definitions, folder: Path) -> None:
    known = [all_of.plan.framework.id, *(one.id for one in all_of.frameworks)]
    if len(set(known)) != len(known):
        _refuse(folder / "frameworks.toml", "id", "a framework is listed twice")
    for target in all_of.targets:
        if target.framework not in known:
            reason = f"the framework {target.framework!r} is none of {', '.join(known)}"
            _refuse(folder / "targets.csv", target.indicator_id, reason)


def _check_baskets(all_of: Definitions, folder: Path) -> None:
    for basket in all_of.baskets.values():
        for name in basket.components:
            if name not in all_of.indicators:
                _refuse(folder / "baskets.toml", f"{basket.id}.components", f"{name!r} is not an indicator")
