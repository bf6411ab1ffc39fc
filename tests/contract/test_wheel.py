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

pytestmark = pytest.mark.long
PACKAGES = ("common", "flows", "inputs", "replies", "schemas", "warehouse")
RETURN = INCOMING / "schools-learning" / "EYFSP_results_2010.xlsx"
CALL = (
    "import sys; from local_indicators.flows.commands import application; print(application.__file__, file=sys.stderr);"
    "sys.exit(application.main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel of this checkout unpacks to."""
    made, unpacked, source = (tmp_path_factory.mktemp(name) for name in ("wheel", "installed", "source"))
    for package in PACKAGES:
        shutil.copytree(
            HOME / package,
            source / package,
            ignore=shutil.ignore_patterns("__pycache__", "archive", "*.duckdb", "kept", "exports"),
        )
    shutil.copytree(HOME / "local_indicators", source / "local_indicators", symlinks=True)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(HOME / name, source)
    build = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(made),
        str(source),
    ]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True)
    (wheel,) = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as whole:
        whole.extractall(unpacked)
    return unpacked


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "INDICATORS_TODAY": "2011-05-26"}
    done = subprocess.run(
        [sys.executable, "-c", CALL, *arguments], cwd=installed, env=env, capture_output=True, text=True
    )
    assert done.stderr.startswith(str(installed)), done.stderr
    return done


def test_a_return_is_checked_with_what_the_wheel_holds(installed: Path) -> None:
    """Definitions, layouts, the words of names and the process that reads files all come from the wheel."""
    done = run(installed, "check", str(RETURN), "--partner", "schools-learning", "--json")
    (outcome,) = json.loads(done.stdout)
    assert (done.returncode, outcome["status"]) == (0, "accepted")


def test_a_template_and_a_marked_up_copy_are_made(installed: Path, tmp_path: Path) -> None:
    template, copy = tmp_path / "template.xlsx", tmp_path / "copy.xlsx"
    assert run(installed, "template", "foundation-stage", "-o", str(template)).returncode == 0
    bad = INCOMING / "early-years" / "Childcare_quality_2010.xlsx"
    assert run(installed, "check", str(bad), "--partner", "early-years", "--marked-up", str(copy)).returncode == 1
    assert zipfile.is_zipfile(template)
    assert zipfile.is_zipfile(copy)


def test_nothing_of_tests_or_tools_is_installed(installed: Path) -> None:
    folders = {path.name for path in installed.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"local_indicators"}


def test_the_words_of_messages_and_pages_are_installed(installed: Path) -> None:
    templates = [path.relative_to(HOME) for package in PACKAGES for path in (HOME / package).rglob("*.jinja")]
    assert len(templates) > 8
    assert [path for path in templates if not (installed / "local_indicators" / path).is_file()] == []
