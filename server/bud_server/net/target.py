"""What a URL names, read once, so that what is checked is what is asked."""

import re
from dataclasses import dataclass

import httpx2

from bud_actions.base import RefusedAddressError

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,253}|[0-9a-f:.]+")
_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")
_METADATA = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str
    """In lower case and ASCII; an IPv6 address without brackets."""
    port: int
    authority: str
    """Host and port as the Host header has them."""
    shown: str
    """The same as the pipeline wrote it; all of the URL that may be shown."""
    path: str
    """With the query."""

    @property
    def is_metadata(self) -> bool:
        """Whether the name is one under which clouds answer with credentials."""
        return self.host.rstrip(".") in _METADATA


def target_of(url: str) -> Target:
    """Return where a URL leads. Raises RefusedAddressError, with nothing of the URL but its host and port."""
    if _ODD.search(url):
        raise RefusedAddressError("the URL has a space, a backslash or a control character: percent-encode it")
    try:
        found = httpx2.URL(url)
        host = found.raw_host.decode("ascii")
    except (httpx2.InvalidURL, ValueError) as error:
        raise RefusedAddressError("the URL cannot be read: write it as https://host/path") from error
    if found.scheme not in _PORTS:
        raise RefusedAddressError("the URL must begin with http:// or https://")
    written = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    if "@" in written:
        raise RefusedAddressError("the URL has a user name or password: give credentials in the headers")
    if _HOST.fullmatch(host) is None:
        raise RefusedAddressError("the URL names no host: write it as https://host/path")
    port = found.port or _PORTS[found.scheme]
    if not 0 < port < 65536 or found.port == 0:
        raise RefusedAddressError("the port of the URL must be from 1 to 65535")
    authority = found.netloc.decode("ascii")
    return Target(found.scheme, host, port, authority, written, found.raw_path.decode("ascii"))
