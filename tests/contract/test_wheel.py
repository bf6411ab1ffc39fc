"""The wheel: outside the checkout, and with nothing of it in reach, `indicators` works from what is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.places import HOME, INCOMING
from tools.try_wheel import build_wheel

pytestmark = pytest.mark.long
ROOMS = ("common", "flows", "inputs", "replies", "schemas", "warehouse")
PRIVATE = (
    "inputs/archive/ledger.csv",
    "inputs/archive/copies/S000001.xlsx",
    "warehouse/kept/page.toml",
    "warehouse/exports/v1/a.csv",
)
"""What a night in the checkout leaves where packages are looked for."""
RETURN = INCOMING / "schools-learning" / "EYFSP_results_2010.xlsx"
CALL = (
    "import sys; from local_indicators.flows.commands import application; print(application.__file__, file=sys.stderr);"
    "sys.exit(application.main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel of this checkout unpacks to, though nights have been run in it."""
    unpacked, source = (tmp_path_factory.mktemp(name) for name in ("installed", "source"))
    for name in (*ROOMS, "definitions", "claims", "operations", "local_indicators"):
        shutil.copytree(
            HOME / name,
            source / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "archive", "*.duckdb", "kept", "exports"),
        )
    for name in ("pyproject.toml", "README.md", "prefect.yaml", "requirements.lock"):
        shutil.copy(HOME / name, source)
    for name in PRIVATE:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("private", encoding="utf-8")
    with zipfile.ZipFile(build_wheel(source, unpacked.parent)) as whole:
        whole.extractall(unpacked)
    return unpacked


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "HOME": str(folder)}
    done = subprocess.run([sys.executable, "-c", CALL, *arguments], cwd=folder, env=env, capture_output=True, text=True)
    assert done.stderr.startswith(str(installed)), done.stderr
    return done


@pytest.fixture(scope="module")
def example(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example workspace, made by what is installed."""
    folder = tmp_path_factory.mktemp("example") / "workspace"
    done = run(installed, folder.parent, "init", "--example", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_a_new_workspace_has_its_first_night(installed: Path, tmp_path: Path) -> None:
    given = (
        "--name",
        "A partnership",
        "--area",
        "Leicester",
        "--sender",
        "i@example.org",
        "--analyst",
        "a@example.org",
    )
    made = run(installed, tmp_path, "init", "own", *given)
    assert made.returncode == 0, made.stderr
    night = run(installed, tmp_path / "own", "nightly")
    assert night.returncode == 0, night.stderr
    assert (tmp_path / "own" / "warehouse" / "indicators.duckdb").is_file()


def test_a_return_is_checked_with_what_the_wheel_holds(installed: Path, example: Path) -> None:
    """Layouts, the words of names and the process that reads files all come from the wheel."""
    done = run(installed, example, "check", str(RETURN), "--partner", "schools-learning", "--json")
    (outcome,) = json.loads(done.stdout)
    assert (done.returncode, outcome["status"]) == (0, "accepted")


def test_a_template_and_a_marked_up_copy_are_made(installed: Path, example: Path, tmp_path: Path) -> None:
    template, copy = tmp_path / "template.xlsx", tmp_path / "copy.xlsx"
    assert run(installed, example, "template", "foundation-stage", "-o", str(template)).returncode == 0
    bad = INCOMING / "early-years" / "Childcare_quality_2010.xlsx"
    assert (
        run(installed, example, "check", str(bad), "--partner", "early-years", "--marked-up", str(copy)).returncode == 1
    )
    assert zipfile.is_zipfile(template)
    assert zipfile.is_zipfile(copy)


def test_there_is_one_name_and_nothing_of_tests_tools_or_nights(installed: Path) -> None:
    folders = {path.name for path in installed.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"local_indicators"}
    package = installed / "local_indicators"
    names = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    assert not {name for name in names if "archive/" in name or name.startswith(("inputs/incoming", "inputs/partners"))}
    assert not {name for name in names if name in PRIVATE}


def test_what_is_no_module_is_installed_too(installed: Path) -> None:
    wording = [path.relative_to(HOME) for room in ROOMS for path in (HOME / room).rglob("*.jinja")]
    assert len(wording) > 8
    data = [path.relative_to(HOME) for path in (HOME / "schemas" / "reference" / "data").iterdir()]
    units = [path.relative_to(HOME) for path in (HOME / "operations" / "systemd").iterdir()]
    others = [Path("prefect.yaml"), Path("requirements.lock"), Path("operations/prefect.env")]
    assert [
        path for path in (*wording, *data, *units, *others) if not (installed / "local_indicators" / path).is_file()
    ] == []
