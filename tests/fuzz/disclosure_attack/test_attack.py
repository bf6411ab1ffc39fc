"""No secret follows from all that leaves, over random partnerships; and with any one protection off, some do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.disclosure_attack.attack import attack_seed
from tests.fuzz.disclosure_attack.switched_off_protections import DOORS, opened

PARTNERSHIPS = int(os.environ.get("ATTACKED", "10"))  # make attack: 300
FILES = max(1, PARTNERSHIPS // 30)
FAMILIES = 6
SEEDS = 12
"""So many seeds are tried until one shows what an open door lets out."""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(PARTNERSHIPS))
def test_no_secret_follows_from_what_is_shown(seed: int) -> None:
    report = attack_seed(seed, FAMILIES)
    assert not report.leaks, "\n".join(map(str, report.leaks[:3]))


@pytest.mark.parametrize("seed", range(FILES))
def test_no_secret_follows_from_everything_that_leaves(seed: int, tmp_path: Path) -> None:
    report = attack_seed(seed, FAMILIES, folder=tmp_path)
    assert not report.leaks, "\n".join(map(str, report.leaks[:3]))
    assert {"observations", "latest", "parquet", "quarterly report", "trend"} <= set(report.read)


@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_with_one_protection_off_something_is_found(name: str, tmp_path: Path) -> None:
    door = DOORS[name]
    for seed in range(SEEDS):
        folder = tmp_path / f"{seed}" if door.of_files else None
        if folder is not None:
            folder.mkdir()
        with opened(name):
            if attack_seed(seed, door.families, door.kind, folder).leaks:
                return
    pytest.fail(f"nobody sees that {name} are not protected")
