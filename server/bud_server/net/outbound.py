"""The guarded client: one request to an address that a pipeline names."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bud_actions.base import HttpAnswer, OutboundError
from bud_server.net.allowed import AllowedHosts
from bud_server.net.redirects import Asked, redirected

if TYPE_CHECKING:
    from bud_server.net.target import Target

FRAMING = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that belong to the connection; a pipeline cannot give them."""


class GuardedClient:
    """Connects only to public addresses, and to those that the settings allow.

    No proxy is asked, and no connection is used twice.
    """

    def __init__(
        self,
        allowed_hosts: Iterable[str],
        most_bytes: int,
        most_redirects: int = 0,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        """Follow so many redirects, each to an address that is judged like the first; any more are answers.

        Trust whom `certificates` say; None means whom the system trusts.
        """
        self._allowed = AllowedHosts(allowed_hosts)
        self._most_bytes = most_bytes
        self._most_redirects = most_redirects
        self._certificates = certificates

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> HttpAnswer:
        """Return the answer, all of it within the time given. Raises OutboundError."""
        asked = Asked(method, url, _checked(headers), body)
        end = asyncio.get_running_loop().time() + timeout_seconds
        answer = await self._answer(asked, timeout_seconds, end)
        for _ in range(self._most_redirects):
            following = redirected(asked, answer)
            if following is None:
                break
            asked = following
            answer = await self._after_redirect(asked, timeout_seconds, end)
        return answer

    async def _after_redirect(self, asked: Asked, seconds: float, end: float) -> HttpAnswer:
        """Return the answer to a request that another answer led to, which may have had its effect already."""
        try:
            return await self._answer(asked, seconds, end)
        except OutboundError as error:
            raise OutboundError(f"a redirect was followed, and then {error}") from error

    async def _answer(self, asked: Asked, seconds: float, end: float) -> HttpAnswer:
        from bud_server.net.asking import Attempt
        from bud_server.net.target import target_of

        target = target_of(asked.url)
        attempt = Attempt(target, self._most_bytes)
        try:
            async with asyncio.timeout_at(end):
                await attempt.look_up(self._allowed)
                return await attempt.ask(asked.method, asked.headers, asked.body, self._trust(target))
        except TimeoutError as error:
            raise OutboundError(
                f"{target.shown} did not answer within {seconds:g} seconds", had_effect=attempt.is_connected
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
