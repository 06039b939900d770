"""Topics at plain URLs: each message is posted to the URL that the settings give for its topic."""

from collections.abc import Mapping
from typing import Any

import structlog

from bud_server.runtime.outbox.courier import PublishError

SECONDS = 10.0
_log = structlog.get_logger("bud_server.courier")


class TopicUrls:
    """Posts messages as CloudEvents in binary mode: the body is the data, headers say the rest."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = dict(urls)
        self._unknown: set[str] = set()

    def publish(self, topic: str, kind: str, body: Mapping[str, Any]) -> None:
        """Return once the message is taken; one for a topic without a URL is dropped. Raises PublishError."""
        import httpx2

        url = self._urls.get(topic)
        if url is None:
            self._warn_once(topic)
            return
        headers = {"ce-specversion": "1.0", "ce-type": kind, "ce-source": "budpipeline"}
        try:
            response = httpx2.post(url, json=dict(body), headers=headers, timeout=SECONDS, follow_redirects=False)
        except httpx2.HTTPError as error:
            raise PublishError(f"{url} cannot be reached: {error}") from error
        if not response.is_success:
            raise PublishError(f"{url} answered {response.status_code}")

    def _warn_once(self, topic: str) -> None:
        if topic not in self._unknown:
            self._unknown.add(topic)
            _log.warning("topic_without_url", topic=topic, mend="add it to the setting topics")
