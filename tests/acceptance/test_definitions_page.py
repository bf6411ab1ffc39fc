"""docs/definitions.md: it is what the models say, every key is explained, and its examples load together."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from local_indicators.common.key_help import help_of
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from tools.definitions_page import FILES, PAGE, page

RECORDS = {record for file in FILES for record, _ in file.records}


def test_the_page_is_what_the_models_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()  # if not: python -m tools.definitions_page


@pytest.mark.parametrize("record", sorted(RECORDS, key=str))
def test_every_key_is_explained_with_an_example(record: type) -> None:
    explained = help_of(record)
    for field in fields(record):
        assert field.name in explained, f"{record.__name__}.{field.name}"
        assert explained[field.name].text
    assert explained.keys() <= {field.name for field in fields(record)}


def test_the_examples_load_together(tmp_path: Path) -> None:
    for file in FILES:
        path = tmp_path / "definitions" / file.name.replace("*", "schools")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.example, encoding="utf-8")
    definitions = load_definitions(tmp_path / "definitions")
    partners = load_partners(definitions, tmp_path / "partners")
    assert definitions.home == {"E06000016"}
    assert set(partners) == {"schools"}
    assert definitions.geography.find("The north") is not None
    assert (len(definitions.national), len(definitions.targets), len(definitions.baskets)) == (199, 1, 1)


@pytest.mark.parametrize(
    "name", [file.name for file in FILES if file.name not in ("indicators/*.toml", "../partners/*.toml")]
)
def test_every_other_file_may_be_absent(name: str, tmp_path: Path) -> None:
    """Alone with an indicator that names nothing of the others."""
    for file in FILES:
        if file.name == name and name not in ("targets.csv", "relations.toml", "baskets.toml", "plan.toml"):
            path = tmp_path / file.name
            path.write_text(file.example.replace("PATCH:NORTH\n", "E06000016\n").replace(",Patch,E", ",Local authority,E"), encoding="utf-8")  # fmt: skip
    (tmp_path / "indicators").mkdir()
    (tmp_path / "indicators" / "a.toml").write_text(
        '[a]\ntitle = "A"\ndefinition = "B."\nunit = "people"\ntime_identifier = "Financial year"\n', encoding="utf-8"
    )
    assert set(load_definitions(tmp_path).indicators) == {"a"}
