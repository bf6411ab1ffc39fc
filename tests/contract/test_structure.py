"""The house: imports run one way, and what is committed names no place of ours."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

from tests.support.places import HOME

INSTALLED = ("common", "schemas", "inputs", "warehouse", "replies", "flows")
PURE_ROOMS = ("schemas", "inputs/parsing", "inputs/layouts", "inputs/personal_data", "inputs/readers", "replies", "warehouse/statistics", "warehouse/disclosure")  # fmt: skip
READS_ITS_OWN_DATA = {
    "schemas/definitions/loader.py",
    "inputs/layouts/partner_layouts.py",
    "inputs/personal_data/vocabulary/name_lexicon.py",
}


def test_pure_modules_read_no_clock_and_no_disk() -> None:
    """But for the definitions, the layouts and the words by which names are told, which are files of their own."""
    modules = {path for room in PURE_ROOMS for path in (HOME / room).rglob("*.py")}
    assert len(modules) > 100
    for path in sorted(modules):
        if path.relative_to(HOME).as_posix() not in READS_ITS_OWN_DATA:
            text = path.read_text(encoding="utf-8")
            for forbidden in (
                ".now(",
                ".today()",
                " open(",
                "read_bytes(",
                "read_text(",
                "import os\n",
                "import time\n",
            ):
                assert forbidden not in text, f"{path} uses {forbidden}"


def test_installed_packages_have_every_folder_that_holds_modules() -> None:
    for package in INSTALLED:
        for path in (HOME / package).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path.parent


def test_everything_is_imported_by_its_one_name() -> None:
    """A room imported by its bare name would be a second copy of it, and is not there once installed."""
    bare = re.compile(rf"^\s*(?:from|import) (?:{'|'.join(INSTALLED)})\b", re.MULTILINE)
    modules = [p for folder in (*INSTALLED, "tests", "tools", "bench") for p in (HOME / folder).rglob("*.py")]
    assert [path for path in modules if bare.search(path.read_text(encoding="utf-8"))] == []
    linked = {path.name for path in (HOME / "local_indicators").iterdir() if path.is_symlink() and path.is_dir()} - {
        "operations"
    }
    assert linked == set(INSTALLED)


def test_every_path_that_newcomers_are_sent_to_is_there() -> None:
    """Every path in backquotes in CONTRIBUTING.md."""
    named = re.findall(r"`([a-z_]+(?:/[\w.-]+)+/?)`", (HOME / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    assert not [name for name in named if not (HOME / name).exists()]


def test_flow_files_define_no_classes() -> None:
    tree = ast.parse((HOME / "flows" / "nightly_flow.py").read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_the_lock_names_versions_and_hashes_and_no_index() -> None:
    for lock in ("requirements.lock", "requirements-uv.lock"):
        lines = (HOME / lock).read_text(encoding="utf-8").splitlines()
        assert all("://" not in line and not line.startswith("-") for line in lines)
        assert sum("==" in line for line in lines) > 0
        assert sum("--hash=sha256:" in line for line in lines) >= sum("==" in line for line in lines)


def test_check_imports_neither_prefect_nor_great_expectations(tmp_path: Path) -> None:
    from tests.support.small_returns import write_partner, write_return

    write_partner(tmp_path / "partners")
    script = (
        "import sys; from local_indicators.flows.commands.application import main;"
        f"main(['check', {str(write_return(tmp_path / 'attainment.xlsx'))!r}]);"
        "print([m for m in ('prefect', 'great_expectations', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run(
        [str(HOME / ".venv" / "bin" / "python"), "-c", script],
        cwd=HOME,
        env={"INDICATORS_PARTNERS": str(tmp_path / "partners"), "INDICATORS_TODAY": "2011-05-31"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith("[]"), done.stdout
