"""Claims: every number of a report against mart, and no verdict that survives the loss or the change of an input."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy.optimize import least_squares

from local_indicators.common.errors import DefinitionError, UsageError
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.warehouse.queries.claims import (
    Claim,
    InputValue,
    JudgedClaim,
    judge_claim,
    judge_claims,
    load_claims,
    recompute,
)
from tests.support.places import CLAIMS, Place

Example = tuple[Place, NightReport]

EXPECTED = {
    **dict.fromkeys(
        [
            "C01",
            "C02",
            "C04",
            "C10",
            "C11",
            "C12",
            "C14",
            "C22",
            "C23",
            "C24",
            "C25",
            "C26",
            "C27",
            "C28",
            "C29",
            "C30",
            "C31",
            "C33",
            "C34",
            "C37",
            "C38",
            "C39",
            "C40",
        ],
        "as stated",
    ),
    **dict.fromkeys(["C03", "C06", "C07"], "contradicted"),
    "C35": "not comparable",
    **dict.fromkeys(
        ["C05", "C08", "C09", "C13", "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C32", "C36"], "no data"
    ),
}


@pytest.fixture(scope="module")
def judged(example_night: Example) -> dict[str, JudgedClaim]:
    place, _ = example_night
    return {claim.id: claim for claim in judge_claims(place.published, load_claims(CLAIMS))}


def test_the_review_of_2011_is_judged_claim_by_claim(judged: dict[str, JudgedClaim]) -> None:
    assert {name: one.verdict for name, one in judged.items()} == EXPECTED
    assert list(judged) == [f"C{n:02d}" for n in range(1, 41)]
    assert "suppressed" in judged["C36"].because
    assert "breakdown" in judged["C35"].because


def found(judged_claim: JudgedClaim) -> dict[str, InputValue]:
    return {
        name: InputValue(told["number"], {k: v for k, v in told.items() if k != "number"})
        for name, told in judged_claim.inputs.items()
    }


def test_every_input_decides(judged: dict[str, JudgedClaim]) -> None:
    claims: dict[str, Claim] = {claim.id: claim for claim in load_claims(CLAIMS)}
    for name, one in judged.items():
        inputs = found(one)
        assert judge_claim(claims[name], inputs).verdict == one.verdict
        for asked, held in inputs.items():
            if held.number is None:
                continue
            lost = judge_claim(claims[name], {**inputs, asked: InputValue(None)})
            assert lost.verdict == "no data" or one.verdict in ("no data", "not comparable"), (name, asked)
            if one.verdict == "as stated":
                moved = InputValue(held.number * 1.2 + 3, held.told)
                assert judge_claim(claims[name], {**inputs, asked: moved}).verdict == "contradicted", (name, asked)


NUDGES: tuple[Callable[[float], float], ...] = (
    lambda x: 1.2 * x + 3,
    lambda x: 0.8 * x - 3,
    lambda x: -x - 1e6,
    lambda x: x + 1e6,
)


@pytest.mark.parametrize("claim", load_claims(CLAIMS), ids=lambda claim: claim.id)
def test_of_all_forty_every_input_is_needed_and_decides(claim: Claim, judged: dict[str, JudgedClaim]) -> None:
    """With figures that bear the claim out, whether mart holds them or not: each lost gives no data, each changed another
    verdict."""
    held = {name: one["number"] for name, one in judged[claim.id].inputs.items()}
    bears_it_out = (
        judge_claim(claim, {name: InputValue(number) for name, number in held.items()}).verdict == "as stated"
    )
    numbers = held if bears_it_out else borne_out(claim, {n: 10.0 if v is None else v for n, v in held.items()})
    inputs = {name: InputValue(number) for name, number in numbers.items()}
    assert judge_claim(claim, inputs).verdict == "as stated"
    for name, number in numbers.items():
        assert judge_claim(claim, {**inputs, name: InputValue(None)}).verdict == "no data", name
        changed = {judge_claim(claim, {**inputs, name: InputValue(nudge(number))}).verdict for nudge in NUDGES}
        assert "contradicted" in changed, name


def borne_out(claim: Claim, start: dict[str, float]) -> dict[str, float]:
    """Numbers for the inputs of a claim, near those it starts from, with which every figure comes out."""
    names = sorted(start)

    def off(values: Any) -> list[float]:
        numbers: dict[str, float | None] = {name: float(value) for name, value in zip(names, values, strict=True)}
        told = []
        for one in claim.figure:
            reckoned = recompute(one.reckoned, numbers)
            aim = one.stated + {"is": 0.0, "above": 1.0, "below": -1.0}[one.sense]
            told.append(1e6 if reckoned is None else (reckoned - aim) / max(one.tolerance, 0.001))
        return told

    solved = least_squares(off, [start[name] + 0.01 for name in names], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return {name: float(value) for name, value in zip(names, solved.x, strict=True)}


def test_what_must_not_be_compared_is_not_whatever_the_numbers(judged: dict[str, JudgedClaim]) -> None:
    claim = next(claim for claim in load_claims(CLAIMS) if claim.id == "C35")
    inputs = found(judged["C35"])
    breakdown = {
        name: InputValue(one.number, {**one.told, "breakdown": "Total"}) for name, one in inputs.items() if one.told
    }
    assert judge_claim(claim, {**inputs, **breakdown}).verdict == "as stated"  # the breakdown is an input, too


def test_a_change_in_the_published_file_changes_the_verdict(example_night: Example, tmp_path: Path) -> None:
    place, _ = example_night
    copy = Path(shutil.copy(place.published, tmp_path / "indicators.duckdb"))
    with duckdb.connect(str(copy)) as con:
        con.execute(
            "UPDATE mart.observations SET value = 45 WHERE indicator_id = 'ks4-five-good-gcses' AND value = 44.2"
        )
        con.execute("UPDATE mart.observations SET provenance = 'illustrative' WHERE indicator_id = 'ema-claimants'")
        con.execute("UPDATE mart.observations SET value = 5 WHERE indicator_id = 'priorities-with-lead-director'")
    verdicts = {claim.id: claim.verdict for claim in judge_claims(copy, load_claims(CLAIMS))}
    assert (verdicts["C23"], verdicts["C38"], verdicts["C06"]) == ("contradicted", "no data", "as stated")


def test_the_command_says_no_when_a_claim_fails(
    example_night: Example, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    place, _ = example_night
    assert main(["claims", "--warehouse", str(place.published), "--json"]) == 1
    assert [load["verdict"] for load in json.loads(capsys.readouterr().out)] == list(
        dict(sorted(EXPECTED.items())).values()
    )
    fine = tmp_path / "fine.toml"
    fine.write_text(
        '[[claim]]\nid = "A"\nsays = "Centres"\nfigure = [{ stated = 18, reckoned = "c" }]\n'
        'inputs.c = { indicator = "childrens-centres", area = "E06000018", period = "2011" }\n',
        encoding="utf-8",
    )
    assert main(["claims", str(fine), "--warehouse", str(place.published)]) == 0
    assert "1 as stated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("inputs", "reckoned", "fault"),
    [
        ('a = { sql = "DELETE FROM mart.latest" }', "a", UsageError),
        ('a = { sql = "SELECT 1; SELECT 2" }', "a", UsageError),
        ("a = { sql = \"SELECT count(*) FROM read_text('/etc/hosts')\" }", "a", UsageError),
        ('a = { indicator = "x" }', "a", DefinitionError),
        ('a = { sql = "SELECT 1" }', "a + b", DefinitionError),
        ('a = { sql = "SELECT 1" }', "a.real", DefinitionError),
        ('a = { sql = "SELECT 1" }\nb = { sql = "SELECT 2" }', "a", DefinitionError),
    ],
)
def test_a_claims_file_can_do_nothing_but_read_mart(
    inputs: str, reckoned: str, fault: type[Exception], example_night: Example, tmp_path: Path
) -> None:
    place, _ = example_night
    path = tmp_path / "claims.toml"
    path.write_text(
        f'[[claim]]\nid = "A"\nsays = "A"\nfigure = [{{ stated = 1, reckoned = "{reckoned}" }}]\n[claim.inputs]\n{inputs}\n',
        encoding="utf-8",
    )
    with pytest.raises(fault):
        judge_claims(place.published, load_claims(path))
