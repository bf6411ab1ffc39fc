"""Neither are people missed nor totals refused: sheets of many forms, each made by chance; `make persons` makes more."""

from __future__ import annotations

import os

import pytest

from local_indicators.inputs.personal_data import refuse_person_level_data
from tests.fuzz.personal_data.people import FORMS, sheet_with_people
from tests.fuzz.personal_data.returns import MAKERS, sheet_of_totals

SEEDS = range(int(os.environ.get("PERSONS", "24")))
"""Seeds from 1,000 are held out: no rule was made by looking at them."""


@pytest.mark.parametrize("form", FORMS)
def test_people_are_recognised_in_every_form(form: str) -> None:
    missed = [seed for seed in SEEDS if refuse_person_level_data(sheet_with_people(form, seed)) is None]
    assert not missed


@pytest.mark.parametrize("kind", MAKERS)
def test_totals_plans_and_forms_are_let_through(kind: str) -> None:
    refused = [found for seed in SEEDS if (found := refuse_person_level_data(sheet_of_totals(kind, seed))) is not None]
    assert not refused
