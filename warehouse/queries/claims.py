"""Recompute the numbers of a written report from the published file, and say of each claim whether it stands.

A claims file (TOML) names, for each claim, its inputs, every one a figure of mart, and the stated figures with the
arithmetic that gives them and a tolerance. Nothing else enters: a claim whose input is missing has no data.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb

from local_indicators.common.config_errors import Problems
from local_indicators.common.config_files import STRICT_KEYS, build_record, read_toml
from local_indicators.common.errors import DefinitionError, UsageError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.breakdowns import TOTAL, possible_breakdowns
from local_indicators.schemas.reference.periods import EXPECTED, read_period
from local_indicators.warehouse.store.attached_files import connect_with_files

Verdict = Literal["as stated", "contradicted", "not comparable", "no data"]
WORST_FIRST: tuple[Verdict, ...] = ("contradicted", "not comparable", "no data", "as stated")
FAILS: tuple[Verdict, ...] = ("contradicted", "not comparable")
ROUNDING = 1e-9
ALIKE = {
    "indicator_id": "indicator",
    "definition_version": "indicator",
    "unit": "indicator",
    "time_identifier": "kind of period",
    "time_period": "period",
    "breakdown": "breakdown",
    "area_type": "area",
}
"""What must be the same of figures that are compared, and the word in `but_for` that lets it differ."""


@dataclass(frozen=True)
class ClaimInput:
    """One figure of mart: a reported observation by its key, or the one row and column of a SELECT over mart.
    `not_held` says why no indicator is defined for it: its claim has no data."""

    __pydantic_config__ = STRICT_KEYS
    indicator: str = ""
    area: str = ""
    period: str = ""
    breakdown: str = TOTAL
    column: Literal["value", "value_low", "value_high", "numerator", "denominator"] = "value"
    sql: str = ""
    not_held: str = ""


@dataclass(frozen=True)
class StatedFigure:
    """A number as the report states or implies it, and the arithmetic (+ - * / and inputs by name) that gives it; by
    `sense`, what is reckoned is that number to within the tolerance, or above or below it."""

    __pydantic_config__ = STRICT_KEYS
    stated: float
    reckoned: str
    tolerance: float = 0.0
    sense: Literal["is", "above", "below"] = "is"


@dataclass(frozen=True)
class ComparedInputs:
    """Inputs that the claim sets against each other: alike in all but what `but_for` lists."""

    __pydantic_config__ = STRICT_KEYS
    inputs: tuple[str, ...]
    but_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One claim of a report, in our own words."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    says: str
    inputs: Mapping[str, ClaimInput]
    figure: tuple[StatedFigure, ...]
    compares: tuple[ComparedInputs, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class InputValue:
    """What mart holds for an input: its number, and where that is an observation, its key and where it came from."""

    number: float | None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its verdict. `figures` pair what is stated with what was reckoned (NULL without data)."""

    id: str
    says: str
    verdict: Verdict
    because: str
    figures: tuple[Mapping[str, Any], ...]
    inputs: Mapping[str, Mapping[str, Any]]

    @property
    def fails(self) -> bool:
        """Whether the verdict makes `indicators claims` exit with 1."""
        return self.verdict in FAILS

    def as_dict(self) -> dict[str, Any]:
        """Return the record as `indicators claims --json` prints it."""
        return asdict(self)


def load_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of a file. Raises DefinitionError naming file, claim and reason; UsageError if there is no file."""
    if not path.is_file():
        raise UsageError(path, "is not there; name a claims file, or leave it out for all of the workspace")
    claims = tuple(build_record(Claim, row, path, str(row.get("id", "?"))) for row in read_toml(path).get("claim", []))
    if len({claim.id for claim in claims}) != len(claims):
        raise DefinitionError(path, "two claims have the same id")
    for claim in claims:
        _check(claim, path)
    return claims


def _check(claim: Claim, path: Path) -> None:
    used: set[str] = set()
    for figure in claim.figure:
        used |= _names(figure.reckoned, path, claim.id)
    compared = {name for compare in claim.compares for name in compare.inputs}
    if odd := (used | compared) - claim.inputs.keys():
        raise DefinitionError(path, f"uses {', '.join(sorted(odd))}, which is not among its inputs", key=claim.id)
    if idle := claim.inputs.keys() - used:
        raise DefinitionError(path, f"does not use its input {', '.join(sorted(idle))}", key=claim.id)
    for name, one in claim.inputs.items():
        if bool(one.sql) == bool(one.indicator and one.area and one.period):
            raise DefinitionError(path, "needs indicator, area and period, or sql", key=f"{claim.id}.inputs.{name}")


def check_claims(claims: Iterable[Claim], definitions: Definitions, path: Path) -> None:
    """Check that every figure that claims name could be one: its indicator, area, period and breakdown are defined.
    Raises DefinitionError with all that are not: a typing error is never taken for a figure that is not held."""
    problems = Problems()
    for claim in claims:
        for name, asked in claim.inputs.items():
            if not asked.sql:
                for wrong in _wrong_words(asked, definitions):
                    problems.found.append(DefinitionError(path, wrong, key=f"{claim.id}.inputs.{name}"))
    problems.raise_if_any()


def _wrong_words(asked: ClaimInput, definitions: Definitions) -> Iterator[str]:
    indicator = definitions.indicators.get(asked.indicator)
    if asked.area not in definitions.geography.by_code and not definitions.geography.named(asked.area):
        names = definitions.geography.likely_names(asked.area)
        likely = f"; did you mean {' or '.join(names)}?" if names else "; give its code"
        yield f"area {asked.area!r} is not known{likely}"
    elif (area := definitions.geography.find(asked.area)) is not None and area.area_code != asked.area:
        yield f"area must be a code; that of {asked.area} is {area.area_code}"
    if indicator is None:
        if not asked.not_held:
            hint = did_you_mean(asked.indicator, definitions.indicators)
            yield f"indicator {asked.indicator!r} is not defined{hint}; if nobody measures it, say why by not_held"
        return
    if asked.not_held:
        yield f"indicator {asked.indicator} is defined; take not_held out"
    period = read_period(asked.period, indicator.time_identifier, ending=True)
    if period is None or period.time_period != asked.period:
        code = (
            f"; write {period.time_period!r}"
            if period
            else f", which is measured over {EXPECTED[indicator.time_identifier]}"
        )
        yield f"period {asked.period!r} is no period of {indicator.id}{code}"
    possible = {TOTAL, *possible_breakdowns(indicator.breakdowns, definitions.dimensions)}
    if asked.breakdown not in possible:
        hint = did_you_mean(asked.breakdown, sorted(possible))
        yield f"breakdown {asked.breakdown!r} is none of {indicator.id}{hint}"


def judge_claims(published: Path, claims: tuple[Claim, ...]) -> list[JudgedClaim]:
    """The verdict on each claim by the published file, which is only read. Raises UsageError if there is none, or where
    an input's SQL is anything but one SELECT over mart."""
    if not published.exists():
        raise UsageError(published, "is not there yet; run `indicators nightly` first")
    with connect_with_files(live=published) as con:
        con.execute("USE live")
        con.execute("SET enable_external_access = false")
        return [
            judge_claim(claim, {name: _find(con, claim, one) for name, one in claim.inputs.items()}) for claim in claims
        ]


def judge_claim(claim: Claim, inputs: Mapping[str, InputValue]) -> JudgedClaim:
    """The verdict on a claim by the figures found for its inputs: the worst of those on its parts."""
    numbers = {name: one.number for name, one in inputs.items()}
    missing = sorted(name for name, number in numbers.items() if number is None)
    verdicts: list[tuple[Verdict, str]] = []
    if missing:
        said = ", ".join(_what(claim.inputs[name], inputs[name]) for name in missing)
        verdicts.append(("no data", f"Mart holds no reported figure for {said}."))
    verdicts += [("not comparable", reason) for compare in claim.compares if (reason := _unlike(compare, inputs))]
    figures = []
    for figure in claim.figure:
        reckoned = recompute(figure.reckoned, numbers)
        if reckoned is not None and not missing and not _holds(figure, reckoned):
            said = "" if figure.sense == "is" else f"{figure.sense} "
            verdicts.append(("contradicted", f"Stated {said}{figure.stated:g}, but mart gives {reckoned:.6g}."))
        figures.append({**asdict(figure), "reckoned": reckoned})
    verdict = next((v for v in WORST_FIRST if v in {found for found, _ in verdicts}), WORST_FIRST[-1])
    because = " ".join(reason for found, reason in verdicts if found == verdict)
    told = {name: {"number": one.number, **one.told} for name, one in inputs.items()}
    return JudgedClaim(claim.id, claim.says, verdict, because, tuple(figures), told)


def _holds(figure: StatedFigure, reckoned: float) -> bool:
    if figure.sense == "is":
        return abs(reckoned - figure.stated) <= figure.tolerance + ROUNDING
    return reckoned > figure.stated if figure.sense == "above" else reckoned < figure.stated


def _what(asked: ClaimInput, input_value: InputValue) -> str:
    if asked.sql:
        return "a query of its own"
    hidden = " (suppressed)" if input_value.told.get("conf_status") == "c" else ""
    breakdown = "" if asked.breakdown == TOTAL else f", {asked.breakdown}"
    return f"{asked.indicator} in {asked.area}, {asked.period}{breakdown}{hidden}"


def _unlike(compared_inputs: ComparedInputs, inputs: Mapping[str, InputValue]) -> str:
    """Why inputs must not be set against each other; nothing if they may be, or if one of them is missing."""
    told = [inputs[name].told for name in compared_inputs.inputs]
    if any(inputs[name].number is None for name in compared_inputs.inputs) or not all(told):
        return ""
    reasons = [
        f"{word} ({', '.join(sorted({str(row[column]) for row in told}))})"
        for column, word in ALIKE.items()
        if word not in compared_inputs.but_for and len({row[column] for row in told}) > 1
    ]
    return f"{' and '.join(compared_inputs.inputs)} differ in {', '.join(dict.fromkeys(reasons))}." if reasons else ""


def _find(con: duckdb.DuckDBPyConnection, claim: Claim, asked: ClaimInput) -> InputValue:
    if asked.sql:
        return InputValue(_selected(con, claim, asked.sql))
    columns = (*ALIKE, "conf_status", "source_file", "sheet", "cell", "submission")
    row = con.execute(
        f"""SELECT {asked.column}, {", ".join(columns)} FROM mart.observations
            WHERE indicator_id = ? AND area_code = ? AND time_period = ? AND breakdown = ? AND provenance = 'reported'
            ORDER BY definition_version DESC LIMIT 1""",
        [asked.indicator, asked.area, asked.period, asked.breakdown],
    ).fetchone()
    return InputValue(row[0], dict(zip(columns, row[1:], strict=True))) if row else InputValue(None)


def _selected(con: duckdb.DuckDBPyConnection, claim: Claim, sql: str) -> float | None:
    try:
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError(claim.id, "an input's sql must be one SELECT over mart")
        row = con.execute(sql).fetchone()
    except duckdb.Error as error:
        raise UsageError(claim.id, f"an input's sql does not run ({str(error).splitlines()[0]})") from None
    return None if row is None or row[0] is None else float(row[0])


# -- arithmetic

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def _names(text: str, path: Path, key: str) -> set[str]:
    """The inputs that a piece of arithmetic names. Raises DefinitionError where it is not arithmetic."""
    try:
        tree = ast.parse(text, mode="eval")
        _value(tree.body, {node.id: 1.0 for node in ast.walk(tree) if isinstance(node, ast.Name)})
    except ZeroDivisionError:
        pass
    except (SyntaxError, ValueError):
        raise DefinitionError(path, f"{text!r} is not arithmetic with + - * / and inputs", key=key) from None
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def recompute(text: str, numbers: Mapping[str, float | None]) -> float | None:
    """Return the value of an arithmetic expression over numbers by name; None where one is missing or divides by 0."""
    try:
        return _value(ast.parse(text, mode="eval").body, numbers)
    except (TypeError, ZeroDivisionError):  # an input is missing, or nothing to divide by
        return None


def _value(node: ast.expr, numbers: Mapping[str, float | None]) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_value(node.left, numbers), _value(node.right, numbers)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, numbers)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        number = numbers[node.id]
        if number is None:
            raise TypeError(node.id)
        return number
    raise ValueError(type(node).__name__)
