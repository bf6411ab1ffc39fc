"""Write text as TOML, so that whatever it holds is text again when it is read."""

from __future__ import annotations

import json


def toml_string(text: str) -> str:
    """Return a text as a basic string of TOML, on one line: quotes, backslashes and control characters escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
