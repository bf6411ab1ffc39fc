"""Prefect's server, asked over its API without importing Prefect, which takes more than a second."""

from __future__ import annotations

import base64
import contextlib
import os
import tomllib
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from local_indicators.common.dotenv import read_dotenv

ANSWER_SECONDS = 10.0
PAGES = "/v2/artifacts/key"
"""Where Prefect's pages show artifacts by key, the newest first; no menu leads there."""


@dataclass(frozen=True)
class PrefectServer:
    """Where Prefect's API answers, without a slash at its end, and how to sign in there."""

    url: str
    sign_in: str = field(default="", repr=False)
    """The value of the header Authorization."""

    def ask(self, path: str, content: object = None, method: str = "") -> Any:
        """Return the answer at a path of the API, within ANSWER_SECONDS; with content it is a POST unless `method` says
        otherwise. Raises OSError or ValueError."""
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("PREFECT_API_URL is no URL")
        headers = {"Content-Type": "application/json"} | ({"Authorization": self.sign_in} if self.sign_in else {})
        body = None if content is None else orjson.dumps(content)
        url = f"{self.url}{path}"
        request = urllib.request.Request(url, body, headers, method=method or None)  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
            answer = response.read()
        return orjson.loads(answer) if answer else None


def configured_server(workspace: Path, env: Mapping[str, str] = os.environ) -> PrefectServer | None:
    """Return the server that the runs of a workspace are said to be on, found as Prefect finds it; None if none is."""
    url = prefect_setting("PREFECT_API_URL", workspace, env).rstrip("/")
    if not url:
        return None
    if key := prefect_setting("PREFECT_API_KEY", workspace, env):
        return PrefectServer(url, f"Bearer {key}")
    if words := prefect_setting("PREFECT_API_AUTH_STRING", workspace, env):
        return PrefectServer(url, f"Basic {base64.b64encode(words.encode()).decode()}")
    return PrefectServer(url)


def prefect_setting(name: str, workspace: Path, env: Mapping[str, str] = os.environ) -> str:
    """Return a setting of Prefect: from the environment, the .env of the workspace or the active profile; "" if there
    is none."""
    if value := env.get(name) or read_dotenv(workspace).get(name):
        return value
    home = Path(env.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        profiles = tomllib.loads((home / "profiles.toml").read_text("utf-8"))
        active = env.get("PREFECT_PROFILE") or profiles.get("active", "")
        return str(profiles.get("profiles", {}).get(active, {}).get(name, ""))
    return ""
