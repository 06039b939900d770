"""The guarded client: one request to an address that a pipeline names."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bud_actions.base import HttpAnswer, OutboundError
from bud_server.net.allowed import AllowedHosts

if TYPE_CHECKING:
    from bud_server.net.target import Target

FRAMING = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that belong to the connection; a pipeline cannot give them."""


class GuardedClient:
    """Connects only to public addresses, and to those that the settings allow.

    A redirect is an answer like any other, no proxy is asked, and no connection is used twice.
    """

    def __init__(
        self, allowed_hosts: Iterable[str], most_bytes: int, certificates: ssl.SSLContext | None = None
    ) -> None:
        """Trust whom `certificates` say; None means whom the system trusts."""
        self._allowed = AllowedHosts(allowed_hosts)
        self._most_bytes = most_bytes
        self._certificates = certificates

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> HttpAnswer:
        """Return the answer, all of it within the time given. Raises OutboundError."""
        from bud_server.net.asking import Attempt
        from bud_server.net.target import target_of

        target = target_of(url)
        attempt = Attempt(target, self._most_bytes)
        try:
            async with asyncio.timeout(timeout_seconds):
                await attempt.look_up(self._allowed)
                return await attempt.ask(method, _checked(headers), body, self._trust(target))
        except TimeoutError as error:
            raise OutboundError(
                f"{target.authority} did not answer within {timeout_seconds:g} seconds", had_effect=attempt.is_connected
            ) from error

    def _trust(self, target: "Target") -> ssl.SSLContext | None:
        """Return who is trusted, read when first needed: that takes long."""
        if target.scheme == "https" and self._certificates is None:
            import httpx2

            self._certificates = httpx2.create_ssl_context()
        return self._certificates


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name in headers:
        if name.lower() in FRAMING or name.lower().startswith("proxy-"):
            raise OutboundError(f"the header {name} belongs to the connection: leave it out", had_effect=False)
    return headers
