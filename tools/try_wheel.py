"""Builds the wheel and tries it as a newcomer would: `python -m tools.try_wheel [DIST]`, DIST being dist unless given.

It is installed with everything it needs into a clean environment, from the lock; then two workspaces are made and have
their nights, with nothing of the checkout in reach.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PARTNERSHIP = ("--name", "A partnership", "--area", "Leicester", "--sender", "indicators@example.org")


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a checkout into a folder and return its path."""
    shutil.rmtree(source / "build", ignore_errors=True)  # what an earlier build left would be in the wheel
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    words = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source)]
    subprocess.run([*pip, *words], check=True)  # noqa: S603
    shutil.rmtree(source / "build", ignore_errors=True)
    (wheel,) = folder.glob("local_indicators-*.whl")
    return wheel


def main() -> int:
    """Build, install, try; return the exit code."""
    dist = Path(sys.argv[1] if len(sys.argv) > 1 else CHECKOUT / "dist").resolve()
    dist.mkdir(parents=True, exist_ok=True)
    for old in dist.glob("local_indicators-*.whl"):
        old.unlink()
    wheel = build_wheel(CHECKOUT, dist)
    with tempfile.TemporaryDirectory(prefix="try-wheel-") as folder:
        environment = Path(folder, "environment")
        print("Installing into a clean environment ...", flush=True)
        _install(environment, wheel)
        _try(environment / "bin" / "indicators", Path(folder))
    print(f"{wheel} installs, and has its nights.")
    return 0


def _install(environment: Path, wheel: Path) -> None:
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = Path(sys.executable).with_name("uv")
    locked = [str(uv), "pip", "install", "--quiet", "--python", python] if uv.exists() else pip
    _run([*locked, "--require-hashes", "-r", str(CHECKOUT / "requirements.lock")], environment)
    _run([*pip, "--no-deps", "--no-index", str(wheel)], environment)
    names = {path.name for path in wheel_packages(environment)}
    if names != {"local_indicators"}:
        raise SystemExit(f"the wheel installs {', '.join(sorted(names))} as names of the top level")


def wheel_packages(environment: Path) -> list[Path]:
    """Return the folders of the top level that the wheel put into an environment."""
    (record,) = environment.glob("lib/python*/site-packages/local_indicators-*.dist-info/RECORD")
    tops = {line.split("/")[0] for line in record.read_text(encoding="utf-8").splitlines() if ".dist-info" not in line}
    return [record.parents[1] / top for top in tops if top != ".."]


def _try(indicators: Path, folder: Path) -> None:
    own, example = folder / "own", folder / "example"
    _run([str(indicators), "init", str(own), *PARTNERSHIP, "--analyst", "analyst@example.org"], folder)
    _run([str(indicators), "init", str(example), "--example"], folder)
    for workspace in (own, example):
        _run([str(indicators), "nightly"], workspace)
        _run([str(indicators), "status"], workspace)
    _run([str(indicators), "claims"], example, answer_may_be_no=True)  # three figures of 2011 do not add up
    _run([str(indicators), "template", "looked-after", "-o", "looked-after-again.xlsx"], own)


def _run(words: Sequence[str], folder: Path, *, answer_may_be_no: bool = False) -> None:
    """Run a command in a folder with a bare environment. Raises SystemExit with what it printed where it fails."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode and not (answer_may_be_no and done.returncode == 1):
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


if __name__ == "__main__":
    sys.exit(main())
