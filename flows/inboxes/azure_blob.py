"""Inboxes in Azure Blob Storage."""

from __future__ import annotations

from typing import Any

from local_indicators.common.readable_files import BLOCK
from local_indicators.flows.inboxes.inbox_address import Address
from local_indicators.flows.inboxes.server_kind import ServerKind


def connect(address: Address, seconds: float) -> Any:
    """Return adlfs's file system for an address; `seconds` is how long the store may be silent."""
    from adlfs import AzureBlobFileSystem

    return AzureBlobFileSystem(
        account_name=address.user.get_secret_value() or address.option("account") or None,
        account_key=address.password.get_secret_value() or None,
        connection_timeout=int(seconds),
        read_timeout=int(seconds),
        use_listings_cache=False,
        skip_instance_cache=True,
    )


AZURE_BLOB = ServerKind(
    module="adlfs",
    extra="azure",
    connect=connect,
    options=frozenset({"account"}),
    reading={"block_size": 4 * BLOCK},
)
