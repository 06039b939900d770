"""Services at plain base URLs."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from bud_actions.base import ServiceError, ServiceRejectedError, ServiceTimeoutError, ServiceUnreachableError

PUBLISH_SECONDS = 10.0
MOST_BYTES = 10 * 1024 * 1024
"""Of an answer."""


class BaseUrls:
    """Reaches each service, and posts to each topic, at the URL that the settings give for it."""

    def __init__(self, urls: Mapping[str, str], topics: Mapping[str, str] | None = None) -> None:
        self.urls = dict(urls)
        self.topics = dict(topics or {})
        self._client: Any = None

    async def __aenter__(self) -> Self:
        """Return itself; connections are made when first needed."""
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        """Return the JSON answer of a service. Raises ServiceError."""
        import httpx2

        base = self.urls.get(app_id)
        if base is None:
            known = ", ".join(sorted(self.urls)) or "none"
            raise ServiceUnreachableError(
                f"the service {app_id!r} has no URL: add it to the setting `services` (known: {known})"
            )
        if self._client is None:
            self._client = httpx2.AsyncClient(follow_redirects=False)
        url = f"{base.rstrip('/')}/{method_path.lstrip('/')}"
        try:
            response = await self._client.request(
                http_method, url, json=data, params=params, timeout=timeout_seconds, headers=dict(headers)
            )
        except httpx2.ConnectError as error:
            raise ServiceUnreachableError(f"{app_id} cannot be reached: {error}") from error
        except httpx2.TimeoutException as error:
            raise ServiceTimeoutError(f"{app_id} did not answer within {timeout_seconds:g} seconds") from error
        except httpx2.HTTPError as error:
            raise ServiceError(f"{app_id} broke off: {error}") from error
        return _answer(app_id, response)

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Post a message to the URL of its topic. Raises ServiceError."""
        import httpx2

        url = self.topics.get(topic)
        if url is None:
            known = ", ".join(sorted(self.topics)) or "none"
            raise ServiceUnreachableError(
                f"the topic {topic!r} has no URL: add it to the setting `topics` (known: {known})"
            )
        if self._client is None:
            self._client = httpx2.AsyncClient(follow_redirects=False)
        try:
            response = await self._client.post(url, json=dict(data), headers=dict(headers), timeout=PUBLISH_SECONDS)
        except httpx2.ConnectError as error:
            raise ServiceUnreachableError(f"the topic {topic} cannot be reached: {error}") from error
        except httpx2.HTTPError as error:
            raise ServiceError(f"the topic {topic} broke off: {error}") from error
        _answer(f"the topic {topic}", response)


def _answer(app_id: str, response: Any) -> Any:
    if len(response.content) > MOST_BYTES:
        raise ServiceError(f"{app_id} answered with more than {MOST_BYTES // 2**20} MiB")
    try:
        body: Any = response.json() if response.content else None
    except ValueError as error:
        if response.is_success:
            raise ServiceError(f"{app_id} answered with what is no JSON") from error
        body = None
    if response.is_success:
        return body
    reason = _reason(body) or response.text[:500]
    raise ServiceRejectedError(f"{app_id} answered {response.status_code}: {reason}", response.status_code)


def _reason(body: Any) -> str:
    """Return why a service refused, in its own words; empty if it does not say."""
    said = [body.get(key) for key in ("detail", "message", "error")] if isinstance(body, dict) else []
    return next((text for text in said if isinstance(text, str) and text), "")
