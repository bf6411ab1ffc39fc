"""The address of an inbox on a server or in an object store, as a URL names it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

SETTING = "setting inbox"
"""What a UsageError about an inbox names, because the URL itself holds secrets."""


@dataclass(frozen=True)
class Address:
    """An inbox on a server or in an object store. `str()` of it shows neither user nor password.

    `host` is the bucket or container of an object store; `path` has no slash at its end; `options` are the parameters
    of the query, as (name, value).
    """

    scheme: str
    host: str
    port: int | None
    path: str
    user: SecretStr
    password: SecretStr
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the URL without user and password."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}{self.path}"

    def option(self, name: str) -> str:
        """Return the value of an option, or "" if it is not given."""
        return dict(self.options).get(name, "")
