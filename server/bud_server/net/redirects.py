"""Where an answer sends a request on to."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from bud_actions.base import HttpAnswer

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset({"accept", "accept-language", "content-type"})
"""Headers that may go to another host than the pipeline named; any other may hold a credential."""


class Asked(NamedTuple):
    """A request."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def redirected(asked: Asked, answer: HttpAnswer) -> Asked | None:
    """Return the request that an answer asks for; None if it is no redirect (RFC 9110, 15.4)."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        url = urljoin(asked.url, location)
        is_elsewhere = _origin(url) != _origin(asked.url)
    except ValueError:  # it leads nowhere
        return None
    headers = _harmless(asked.headers) if is_elsewhere else asked.headers
    becomes_get = answer.status == 303 or (answer.status in (301, 302) and asked.method == "POST")
    if becomes_get and asked.method != "HEAD":
        return Asked("GET", url, headers, None)
    return Asked(asked.method, url, headers, asked.body)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
