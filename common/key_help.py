"""What the keys of configuration files are for: read from the key_help.toml beside the module of each model."""

from __future__ import annotations

import contextlib
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = "key_help.toml"


@dataclass(frozen=True)
class KeyHelp:
    """What a key is for, in a few words, and its value in an example, as it is typed."""

    text: str
    example: str


@lru_cache(maxsize=256)
def help_of(model: type) -> Mapping[str, KeyHelp]:
    """Return what is known of each key of a model; nothing for a model that nobody has explained."""
    module = sys.modules.get(getattr(model, "__module__", ""))
    if module is None or not getattr(module, "__file__", None):
        return {}
    with contextlib.suppress(OSError):
        tables = tomllib.loads((Path(str(module.__file__)).parent / FILE).read_text(encoding="utf-8"))
        entries: Mapping[str, list[str]] = tables.get(model.__name__, {})
        return {key: KeyHelp(text, example) for key, (text, example) in entries.items()}
    return {}
