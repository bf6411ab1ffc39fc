"""What the setting `inbox` names: read from its text, checked before anything is asked, and opened."""

from __future__ import annotations

import importlib
import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from local_indicators.common.errors import UsageError
from local_indicators.flows.inboxes.azure_blob import AZURE_BLOB
from local_indicators.flows.inboxes.in_memory import IN_MEMORY
from local_indicators.flows.inboxes.inbox_address import SETTING, Address
from local_indicators.flows.inboxes.inbox_protocol import Share
from local_indicators.flows.inboxes.mounted_folder import Mounted
from local_indicators.flows.inboxes.remote_server import Remote
from local_indicators.flows.inboxes.s3 import S3
from local_indicators.flows.inboxes.server_kind import ServerKind
from local_indicators.flows.inboxes.sftp import SFTP

KINDS: Mapping[str, ServerKind] = {"s3": S3, "az": AZURE_BLOB, "sftp": SFTP, "memory": IN_MEMORY}
"""The kinds of servers by the scheme of a URL."""
URL_FORMS = (
    "it must be a path, or a URL such as sftp://user:password@host/path, s3://bucket/path or az://container/path"
)


def inbox_at(value: object) -> object:
    """Return what `value` names: the Address of a URL, the Path of a file:// URL, anything else as it is.

    Raises UsageError, whose words show no secret, for a URL that cannot be used.
    """
    if not isinstance(value, str) or "://" not in value:
        return value
    try:
        parts = urlsplit(value)
        host, port = unquote(parts.hostname or ""), parts.port
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise UsageError(SETTING, f"the URL cannot be read; {URL_FORMS}") from None
    if parts.scheme == "file" and host in ("", "localhost") and not parts.query:
        return Path(unquote(parts.path))
    if parts.scheme not in KINDS or not host or parts.fragment:
        raise UsageError(SETTING, f"the URL cannot be used; {URL_FORMS}")
    _check_options(parts, options)
    address = Address(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=unquote(parts.path).rstrip("/"),
        user=SecretStr(unquote(parts.username or "")),
        password=SecretStr(unquote(parts.password or "")),
        options=tuple(options),
    )
    _check_endpoint(urlsplit(address.option("endpoint")))
    return address


def _check_options(parts: SplitResult, options: list[tuple[str, str]]) -> None:
    """Raise UsageError for an option that URLs of this scheme do not have."""
    supported = KINDS[parts.scheme].options
    if unknown := {name for name, _ in options} - supported:
        listed = ", ".join(sorted(supported)) or "none"
        names = ", ".join(sorted(unknown))
        raise UsageError(SETTING, f"{parts.scheme} URLs have no option {names}; there are: {listed}")


def _check_endpoint(endpoint: SplitResult) -> None:
    """Raise UsageError for an endpoint that holds secrets, or to which they would travel in clear text."""
    if endpoint.username or (endpoint.scheme == "http" and not _on_this_machine(endpoint.hostname or "")):
        raise UsageError(SETTING, "endpoint must be an https:// address without user or password")


def _on_this_machine(host: str) -> bool:
    """Return whether a host is this machine."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def share_at(inbox: Path | Address, seconds: float) -> Share:
    """Open an inbox for reading; `seconds` is how long a server may be silent. Raises OSError for a missing folder."""
    return Remote(inbox, KINDS[inbox.scheme], seconds) if isinstance(inbox, Address) else Mounted(inbox)


def check_inbox(inbox: Path | Address) -> None:
    """Raise UsageError for an inbox that cannot be read as things are, without asking any server."""
    if not isinstance(inbox, Address):
        if not inbox.is_dir():
            raise UsageError(inbox, "the inbox is not there; make the folder, or name another with --inbox")
        return
    kind = KINDS[inbox.scheme]
    try:
        importlib.import_module(kind.module)
    except ImportError:
        install = f"pip install 'local-indicators[{kind.extra}]'"
        raise UsageError(
            SETTING, f"{inbox.scheme}:// needs the package {kind.module}; install it with {install}"
        ) from None
    kind.check(inbox)
