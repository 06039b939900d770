"""Services and topics through the HTTP API of a Dapr sidecar."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bud_server.services.reach import SOURCE, Reach
from bud_server.services.request import PUBLISH_SECONDS, joined


class Dapr(Reach):
    """Has a sidecar find each service by its app id, and publish to each topic."""

    def __init__(self, url: str, pubsub: str, api_token: str | None = None, app_api_token: str | None = None) -> None:
        """Take `api_token` as what the sidecar asks of its callers, and `app_api_token` as what services ask."""
        super().__init__()
        self._url = f"{url.rstrip('/')}/v1.0"
        self._pubsub = pubsub
        tokens = {"dapr-api-token": api_token, "x-app-api-token": app_api_token}
        self._tokens = {name: token for name, token in tokens.items() if token}

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
        url = joined(f"{self._url}/invoke/{quote(app_id, safe='')}/method", method_path)
        return await self.requests.ask(
            app_id, http_method, url, data, timeout_seconds, {**headers, **self._tokens}, params
        )

    def knows(self, topic: str) -> bool:
        """Whether a topic exists is for the sidecar to say."""
        return True

    async def send(self, topic: str, kind: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Publish a CloudEvent whose attributes stand beside the data. Raises ServiceError."""
        url = f"{self._url}/publish/{quote(self._pubsub, safe='')}/{quote(topic, safe='')}"
        event = {"metadata.cloudevent.type": kind, "metadata.cloudevent.source": SOURCE}
        flat = {**headers, **self._tokens, "content-type": "application/cloudevents+json"}
        await self.requests.ask(f"the topic {topic}", "POST", url, dict(data), PUBLISH_SECONDS, flat, event)
