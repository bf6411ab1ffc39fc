"""Inboxes on SFTP servers."""

from __future__ import annotations

import os
from typing import Any

from local_indicators.common.errors import UsageError
from local_indicators.flows.inboxes.inbox_address import SETTING, Address
from local_indicators.flows.inboxes.server_kind import ServerKind


def connect(address: Address, seconds: float) -> Any:
    """Return sshfs's file system for an address; `seconds` is how long connecting and signing in may take each."""
    from sshfs import SSHFileSystem

    password, key = address.password.get_secret_value(), address.option("key_file")
    credentials: dict[str, Any] = {}
    if key:
        credentials = {"client_keys": [key], "passphrase": password or None}
    elif password:
        credentials = {"password": password, "client_keys": None, "agent_path": None}
    if user := address.user.get_secret_value():
        credentials["username"] = user
    return SSHFileSystem(
        address.host,
        port=address.port or 22,
        known_hosts=address.option("known_hosts") or (),  # () is the account's own file; None would trust any server
        connect_timeout=seconds,
        login_timeout=seconds,
        keepalive_interval=15,
        sftp_client_kwargs={"path_errors": "surrogateescape"},
        skip_instance_cache=True,
        **credentials,
    )


def check(address: Address) -> None:
    """Raise UsageError for a key or a list of known hosts that is not there, which the library calls a refusal."""
    for name in ("key_file", "known_hosts"):
        if (path := address.option(name)) and not os.access(path, os.R_OK):
            raise UsageError(SETTING, f"the file that {name} names cannot be read")


def root(address: Address) -> str:
    """Return the inbox's path on the server: absolute, or with `/~/` one from the home folder of the account."""
    if address.path.startswith("/~"):
        return address.path.removeprefix("/~").strip("/") or "."
    return address.path


SFTP = ServerKind(
    module="sshfs",
    extra="sftp",
    connect=connect,
    options=frozenset({"key_file", "known_hosts"}),
    store=False,
    root=root,
    check=check,
)
