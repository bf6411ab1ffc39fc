"""The house: imports run one way, and what is committed names no place of ours."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

from tests.conftest import HOME

MAY_IMPORT = {
    "schemas": {"schemas"},
    "inputs": {"inputs", "schemas"},
    "warehouse": {"warehouse", "schemas"},
    "flows": {"flows", "inputs", "schemas", "warehouse"},
    "tools": {"tools", "flows", "inputs", "schemas", "warehouse"},
}
INSTALLED = tuple(package for package in MAY_IMPORT if package != "tools")
PURE = ("schemas/checks/__init__.py", "schemas/checks/rows.py", "schemas/checks/together.py",
        "schemas/checks/absence.py", "schemas/checks/arithmetic.py", "schemas/checks/history.py", "schemas/checks/slate.py", "schemas/findings.py", *(f"schemas/periods/{name}.py" for name in ("days", "footnotes", "kinds", "made", "reading", "weeks")), "schemas/calendar.py", "schemas/tables.py",
        "schemas/outcomes.py", "schemas/news.py", "schemas/precedence.py", "inputs/parse.py", *(f"inputs/tables/{name}.py" for name in ("account", "columns", "fields", "measures", "notes", "rows", "sayings", "values")),
        "inputs/identify.py", "inputs/numbers.py", "inputs/number_formats.py", "inputs/rich_text.py", "inputs/characters.py", "inputs/cells.py",
        "inputs/replies/fitting.py", "inputs/replies/mail.py", "inputs/replies/messages.py", "inputs/replies/notices.py", "inputs/stamps.py",
        *(f"inputs/replies/templates/{name}.py" for name in ("blank_template", "layout_sources", "pattern_words", "sample_entries", "template_request")),
        *(f"inputs/replies/templates/entries/{name}.py" for name in ("allowed_areas", "allowed_entries", "allowed_figures", "allowed_periods", "allowed_words", "typed_words")),
        *(f"inputs/replies/templates/pages/{name}.py" for name in ("cell_entries", "columns", "heading_rows", "headings", "page_builder", "page_layout", "row_words", "rows", "sheet_names", "sheet_scope")))  # fmt: skip


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_imports_run_one_way() -> None:
    wrong = [
        f"{path.relative_to(HOME)} imports {name}"
        for package, allowed in MAY_IMPORT.items()
        for path in (HOME / package).rglob("*.py")
        for name in _imports(path)
        if name.split(".")[0] in MAY_IMPORT and name.split(".")[0] not in allowed
    ]
    assert not wrong


def test_libraries_stay_at_home() -> None:
    homes = {"openpyxl": "inputs", "python_calamine": "inputs", "duckdb": "warehouse", "prefect": "flows"}
    wrong = [
        f"{path.relative_to(HOME)} imports {name}"
        for package in INSTALLED
        for path in (HOME / package).rglob("*.py")
        for name in _imports(path)
        if homes.get(name.split(".")[0], package) != package
    ]
    assert not wrong


def test_pure_modules_read_no_clock_and_no_disk() -> None:
    for name in PURE:
        text = (HOME / name).read_text(encoding="utf-8")
        for forbidden in (".now(", ".today()", "open(", "read_bytes", "read_text", "import os", "import time"):
            assert forbidden not in text, f"{name} uses {forbidden}"


def test_flow_files_define_no_classes() -> None:
    tree = ast.parse((HOME / "flows" / "nightly.py").read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_the_lock_names_versions_and_hashes_and_no_index() -> None:
    for lock in ("requirements.lock", "requirements-uv.lock"):
        lines = (HOME / lock).read_text(encoding="utf-8").splitlines()
        assert all("://" not in line and not line.startswith("-") for line in lines)
        assert sum("==" in line for line in lines) > 0
        assert sum("--hash=sha256:" in line for line in lines) >= sum("==" in line for line in lines)


def test_check_imports_neither_prefect_nor_great_expectations(tmp_path: Path) -> None:
    from tests.makers import write_partner, write_return

    write_partner(tmp_path / "partners")
    script = (
        "import sys; from flows.commands.application import main;"
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
