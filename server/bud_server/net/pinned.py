"""Connections to addresses that were judged, whatever a name means meanwhile."""

import time
from collections.abc import Iterable, Sequence

import httpcore2
from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

CONNECT_SECONDS = 5.0
"""How long one of several addresses may take to answer."""


class Pinned(AsyncNetworkBackend):
    """Connects to the first of the given addresses that answers, and to no other; certificates are for the name."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self._network = AnyIOBackend()
        self.is_connected = False
        """Whether anything may have been sent."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Return a connection, made instead of one to `host`."""
        failure: Exception = httpcore2.ConnectError("it has no address")
        end = time.monotonic() + CONNECT_SECONDS * 2
        for address in self._addresses:
            if time.monotonic() > end:
                break
            try:
                stream = await self._network.connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            self.is_connected = True
            return stream
        raise failure
