"""What messages to all recipients have in common: what people call things, days and times, returns by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from local_indicators.common.safe_text import as_typed
from local_indicators.schemas.notifications import Notification


@dataclass(frozen=True)
class Names:
    """What people call things: the partner or role that is written to, returns by collection, partners by id."""

    reader: str
    titles: Mapping[str, str]
    partners: Mapping[str, str]

    def title(self, collection: str | None) -> str:
        """Return what a collection's return is called; a file may answer none."""
        return self.titles.get(collection or "", "A file that answers none of your returns")

    def partner(self, partner_id: str) -> str:
        """Return what a partner is called; the id of one that is no partner any more."""
        return self.partners.get(partner_id, partner_id)


def day_of(day: date) -> str:
    """Return a day as 26 May 2011."""
    return f"{day.day} {day:%B %Y}"


def time_of(at: datetime) -> str:
    """Return an instant as 26 May 2011 01:30 UTC."""
    return f"{day_of(at.date())} {at:%H:%M} UTC"


def of_kind(notifications: Iterable[Notification], *kinds: str) -> list[Notification]:
    """Return the notifications of these kinds, in order."""
    return [item for item in notifications if item.kind in kinds]


def return_and_period(item: Notification, names: Names) -> str:
    """Return an expected return by its title and period."""
    if item.expected_return is None:
        return names.title(item.outcome.collection if item.outcome else None)
    return f"{names.title(item.expected_return.collection)}, {item.expected_return.expected.period}"


def path_in_words(item: Notification) -> str:
    """Return the path of the file that the notification is about, inert; empty where it is about none."""
    return as_typed(item.submission.path) if item.submission else ""
