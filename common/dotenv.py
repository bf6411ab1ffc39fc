"""The .env of a folder, read without taking anything from it into the environment."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path


def read_dotenv(folder: Path) -> dict[str, str]:
    """Return the settings in the .env of a folder by name; nothing where it cannot be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        pairs = re.findall(
            r"(?m)^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$", (folder / ".env").read_text(encoding="utf-8")
        )
        return {name: value.strip("'\"") for name, value in pairs}
    return {}
