"""Inboxes: a folder that this machine sees, such as a mounted share, or a server or store that a URL names.

Every kind answers the same four questions (protocol.Share): what lies in a folder, what a link leads to, how a file
stands at this moment, and what its bytes are. Nothing here knows of partners.
"""

from local_indicators.flows.inboxes.inbox_address import Address
from local_indicators.flows.inboxes.inbox_protocol import Entry, Parts, Share
from local_indicators.flows.inboxes.inbox_setting import check_inbox, inbox_at, share_at
from local_indicators.flows.inboxes.mounted_folder import Mounted
from local_indicators.flows.inboxes.remote_server import Remote, within

__all__ = [
    "Address",
    "Entry",
    "Mounted",
    "Parts",
    "Remote",
    "Share",
    "check_inbox",
    "inbox_at",
    "share_at",
    "within",
]
