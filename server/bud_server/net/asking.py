"""One request over a connection of its own."""

from collections.abc import Iterable, Mapping, Sequence
from ssl import SSLContext

import httpcore2

from bud_actions.base import HttpAnswer, OutboundError
from bud_server.net.allowed import AllowedHosts
from bud_server.net.bounded import TooLargeError, read_at_most
from bud_server.net.pinned import Pinned
from bud_server.net.resolving import judged
from bud_server.net.target import Target

MOST_HEADER_BYTES = 64 * 1024
_USUAL = {"user-agent": "bud-actions", "accept": "*/*"}
_Headers = Sequence[tuple[bytes, bytes]]


class Attempt:
    """Asks one target once."""

    def __init__(self, target: Target, most_bytes: int) -> None:
        self._target = target
        self._most_bytes = most_bytes
        self._network = Pinned(())

    @property
    def is_connected(self) -> bool:
        """Whether the target may have seen anything of the request."""
        return self._network.is_connected

    async def look_up(self, allowed: AllowedHosts) -> None:
        """Find the addresses to connect to. Raises OutboundError if there is none that may be asked."""
        self._network = Pinned(await judged(self._target, allowed))

    async def ask(
        self, method: str, headers: Mapping[str, str], body: bytes | None, certificates: SSLContext | None
    ) -> HttpAnswer:
        """Return the answer. Raises OutboundError."""
        target = self._target
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        try:
            async with (
                httpcore2.AsyncConnectionPool(certificates, network_backend=self._network) as pool,
                pool.stream(method, url, headers=self._sent(headers), content=body) as response,
            ):
                return await self._read(response)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            reason = str(error) or "it does not answer"
            raise OutboundError(f"{target.shown} cannot be reached: {reason}", had_effect=False) from error
        except httpcore2.LocalProtocolError as error:
            raise OutboundError(f"the request cannot be sent: {error}", had_effect=False) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise self._failed(f"broke off: {error or type(error).__name__}") from error
        except TooLargeError as error:
            raise self._failed(f"was not read to its end: {error}") from error

    def _sent(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Return all headers. Raises OutboundError if one cannot be written."""
        given = {name.lower(): value for name, value in headers.items()}
        sent = {"host": self._target.authority, **_USUAL, **given, "accept-encoding": "identity", "connection": "close"}
        try:
            return [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()]
        except UnicodeEncodeError as error:
            raise OutboundError("a header has characters that HTTP cannot carry", had_effect=False) from error

    async def _read(self, response: httpcore2.Response) -> HttpAnswer:
        if sum(len(name) + len(value) for name, value in response.headers) > MOST_HEADER_BYTES:
            raise self._failed(f"answered with more than {MOST_HEADER_BYTES // 1024} KiB of headers")
        headers = _joined(response.headers)
        if headers.get("content-encoding", "identity") not in ("", "identity"):
            raise self._failed("answered in a compressed form, which was not asked for")
        body = await read_at_most(response.aiter_stream(), self._most_bytes)
        return HttpAnswer(status=response.status, headers=headers, body=body)

    def _failed(self, how: str) -> OutboundError:
        return OutboundError(f"{self._target.shown} {how}", had_effect=self.is_connected)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined
