"""What is on its way out: since when, until when, and the headers that say so (RFC 9745, RFC 8594, RFC 8288)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, NamedTuple
from urllib.parse import quote

MOST_LINKS = 10
"""Addresses that one answer names."""


class Notice(NamedTuple):
    """That something should no longer be used. Days are texts such as 2027-06-30, None if they are not known."""

    announced: str | None
    sunset: str | None
    """The day from which a new save is refused."""
    docs_url: str | None
    """Where its action is described."""

    def is_over(self, day: date) -> bool:
        """Whether the sunset has come on a day; the day of the sunset itself counts."""
        return self.sunset is not None and day.isoformat() >= self.sunset


def notice_of(deprecated: Mapping[str, Any], meta: Mapping[str, Any]) -> Notice:
    """Return what `deprecated`, of an action or of a part of it, says to programs."""
    return Notice(deprecated.get("date"), deprecated.get("sunset"), meta["docs_url"])


def lifecycle_headers(notices: Iterable[Notice]) -> dict[str, str]:
    """Return the headers of an answer about what is deprecated; none if nothing is.

    Of several days the earliest counts; without any, Deprecation is `true`, as in the drafts of RFC 9745.
    """
    found = list(notices)
    if not found:
        return {}
    announced, sunset = _first(each.announced for each in found), _first(each.sunset for each in found)
    links = [*dict.fromkeys(link for each in found for link in _links(each))]
    return {
        "Deprecation": f"@{int(announced.timestamp())}" if announced else "true",
        **({"Sunset": format_datetime(sunset, usegmt=True)} if sunset else {}),
        **({"Link": ", ".join(links[:MOST_LINKS])} if links else {}),
    }


def _first(days: Iterable[str | None]) -> datetime | None:
    """Return the midnight, in UTC, that the earliest day begins with."""
    return min((found for day in days if day and (found := _midnight(day))), default=None)


def _midnight(day: str) -> datetime | None:
    """Return the beginning of a day; None for one that no calendar has, which metadata of classes may name."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        return None


def _links(notice: Notice) -> list[str]:
    if not notice.docs_url:
        return []
    target = quote(notice.docs_url, safe=":/?#[]@!$&'()*+,;=%~")
    relations = ["deprecation", *(["sunset"] if notice.sunset else [])]
    return [f'<{target}>; rel="{relation}"' for relation in relations]


def utc_today() -> date:
    """Return the day that it is now, in UTC."""
    return datetime.now(UTC).date()
