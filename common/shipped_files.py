"""What is shipped with the code besides modules: the example workspace, deployments, units, the lock."""

from __future__ import annotations

from pathlib import Path

import local_indicators

PACKAGE = Path(local_indicators.__file__).resolve().parent
"""The folder of the package, in a checkout or installed."""
CODE = (PACKAGE.parent, PACKAGE)
"""The folders below which code of ours lies: in a checkout the rooms are beside the package, which links to them."""


def is_our_code(file: Path) -> bool:
    """Return whether a file is code of ours, and no library's."""
    resolved = file.resolve()
    if not any(resolved.is_relative_to(folder) for folder in CODE):
        return False
    return "site-packages" not in resolved.parts or resolved.is_relative_to(PACKAGE)


def name_of_code(file: Path) -> str:
    """Return the path of a file of ours from where the rooms are, such as flows/settings.py."""
    resolved = file.resolve()
    root = PACKAGE if resolved.is_relative_to(PACKAGE) else PACKAGE.parent
    return resolved.relative_to(root).as_posix()
