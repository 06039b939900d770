"""Topics, reached as executors reach them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from bud_actions.base import ServiceError
from bud_server.runtime.outbox.courier import PublishError
from bud_server.services.reach import Reach

_log = structlog.get_logger("bud_server.courier")


class Topics:
    """Publishes messages from one thread, over connections of its own."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._runner = asyncio.Runner()
        self._unknown: set[str] = set()

    def publish(self, topic: str, kind: str, body: Mapping[str, Any]) -> None:
        """Return once the message is taken; one for an unknown topic is dropped. Raises PublishError."""
        if not self._reach.knows(topic):
            self._warn_once(topic)
            return
        try:
            self._runner.run(self._reach.send(topic, kind, body, {}))
        except ServiceError as error:
            raise PublishError(str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        self._runner.run(self._reach.requests.close())
        self._runner.close()

    def _warn_once(self, topic: str) -> None:
        if topic not in self._unknown:
            self._unknown.add(topic)
            _log.warning("topic_without_url", topic=topic, mend="add it to the setting topics")
