"""Inboxes in S3, or in an object store that speaks its protocol."""

from __future__ import annotations

from typing import Any

from local_indicators.common.readable_files import BLOCK
from local_indicators.flows.inboxes.inbox_address import Address
from local_indicators.flows.inboxes.server_kind import ServerKind


def connect(address: Address, seconds: float) -> Any:
    """Return s3fs's file system for an address; `seconds` is how long the store may be silent."""
    from s3fs import S3FileSystem

    region = address.option("region")
    return S3FileSystem(
        key=address.user.get_secret_value() or None,
        secret=address.password.get_secret_value() or None,
        endpoint_url=address.option("endpoint") or None,
        profile=address.option("profile") or None,
        client_kwargs={"region_name": region} if region else {},
        config_kwargs={"connect_timeout": seconds / 3, "read_timeout": seconds / 3, "retries": {"max_attempts": 2}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


S3 = ServerKind(
    module="s3fs",
    extra="s3",
    connect=connect,
    options=frozenset({"endpoint", "region", "profile"}),
    reading={"block_size": 4 * BLOCK},
)
