"""One request to a service: pooled, in time, bounded, and repeated where that does no harm."""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bud_actions.base import ServiceError, ServiceRejectedError, ServiceTimeoutError, ServiceUnreachableError
from bud_actions.base.json_text import read_json
from bud_server.net.bounded import TooLargeError, read_at_most
from bud_server.services.trace import traced

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 10 * 2**20
"""Of an answer."""
PUBLISH_SECONDS = 10.0
CONNECT_SECONDS = 5.0
RETRY_SECONDS = (0.1, 0.4)
"""Before each further try of a call that may be repeated, if nobody was there."""
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Requests:
    """Requests from one event loop. Connections are made when needed and kept for a moment."""

    def __init__(self) -> None:
        self._client: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def ask(
        self,
        name: str,
        method: str,
        url: str,
        data: Any,
        seconds: float,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the JSON answer at a URL, tries and all within `seconds`. Raises ServiceError, naming it `name`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._repeated(name, method, url, data, seconds, traced(headers), params)
        except TimeoutError as error:
            raise ServiceTimeoutError(f"{name} did not answer within {seconds:g} seconds") from error

    async def _repeated(self, name: str, method: str, *call: Any) -> Any:
        for wait in RETRY_SECONDS if method in _REPEATABLE else ():
            try:
                return await self._once(name, method, *call)
            except ServiceUnreachableError:
                await asyncio.sleep(wait)
        return await self._once(name, method, *call)

    async def _once(
        self,
        name: str,
        method: str,
        url: str,
        data: Any,
        seconds: float,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None,
    ) -> Any:
        import httpx2

        content = json.dumps(data, allow_nan=False).encode() if data is not None and method in _WITH_BODY else None
        kind = {"content-type": "application/json"} if content is not None else {}
        known = {key: value for key, value in (params or {}).items() if value is not None}
        timeout = httpx2.Timeout(None, connect=min(CONNECT_SECONDS, seconds / 2))
        try:
            async with self._pool().stream(
                method, url, content=content, params=known or None, headers={**kind, **headers}, timeout=timeout
            ) as response:
                return _answer(name, response, await read_at_most(response.aiter_raw(), MOST_BYTES))
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise ServiceUnreachableError(f"{name} cannot be reached: {error or 'it does not answer'}") from error
        except (httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise ServiceError(f"{name} cannot be asked: {error}", had_effect=False) from error
        except httpx2.HTTPError as error:
            raise ServiceError(f"{name} broke off: {error or type(error).__name__}") from error
        except TooLargeError as error:
            raise ServiceError(f"{name} was not heard to its end: {error}") from error

    def _pool(self) -> "httpx2.AsyncClient":
        if self._client is None:
            import httpx2

            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=2.0)
            headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "bud-actions"}
            self._client = httpx2.AsyncClient(limits=limits, headers=headers)
        return self._client


def joined(base: str, path: str) -> str:
    """Return the URL of a path below a base. Raises ServiceError if the path leads elsewhere."""
    segments = path.strip("/").split("/")
    if any(unquote(segment) in (".", "..") for segment in segments) or {"?", "#", "\\"} & set(path):
        raise ServiceError(f"the path {path!r} leads elsewhere: escape its segments", had_effect=False)
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def _answer(name: str, response: "httpx2.Response", content: bytes) -> Any:
    try:
        body: Any = read_json(content.decode()) if content else None
    except (ValueError, RecursionError) as error:
        if response.is_success:
            raise ServiceError(f"{name} answered with what is no JSON") from error
        body = None
    if response.is_success:
        return body
    reason = _reason(body) or content[:500].decode("utf-8", "replace")
    raise ServiceRejectedError(f"{name} answered {response.status_code}: {reason}", response.status_code)


def _reason(body: Any) -> str:
    """Return why a service refused, in its own words; empty if it does not say."""
    said = [body.get(key) for key in ("detail", "message", "error")] if isinstance(body, dict) else []
    return next((text for text in said if isinstance(text, str) and text), "")
