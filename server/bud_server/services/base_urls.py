"""Services and topics at plain base URLs."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import ServiceUnreachableError
from bud_server.services.reach import SOURCE, Reach
from bud_server.services.request import PUBLISH_SECONDS, joined


class BaseUrls(Reach):
    """Reaches each service, and posts to each topic, at the URL that the settings give for it."""

    def __init__(self, urls: Mapping[str, str], topics: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._urls = dict(urls)
        self._topics = dict(topics or {})

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
        url = joined(_url(self._urls, app_id, "service", "services"), method_path)
        return await self.requests.ask(app_id, http_method, url, data, timeout_seconds, headers, params)

    def knows(self, topic: str) -> bool:
        """Whether the settings give a URL for a topic."""
        return topic in self._topics

    async def send(self, topic: str, kind: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Post a CloudEvent in binary mode: the body is the data, headers say the rest. Raises ServiceError."""
        url = _url(self._topics, topic, "topic", "topics")
        event = {"ce-specversion": "1.0", "ce-type": kind, "ce-source": SOURCE, **headers}
        await self.requests.ask(f"the topic {topic}", "POST", url, dict(data), PUBLISH_SECONDS, event)


def _url(urls: Mapping[str, str], name: str, what: str, setting: str) -> str:
    if name not in urls:
        known = ", ".join(sorted(urls)) or "none"
        raise ServiceUnreachableError(
            f"the {what} {name!r} has no URL: add it to the setting `{setting}` (known: {known})"
        )
    return urls[name]
