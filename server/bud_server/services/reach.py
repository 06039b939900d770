"""What every way to services and topics has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from bud_server.services.request import Requests

SOURCE = "budpipeline"
"""Who sends, as CloudEvents say it."""


class Reach(ABC):
    """Reaches services and topics in one way, from one event loop."""

    def __init__(self) -> None:
        self.requests = Requests()

    async def __aenter__(self) -> Self:
        """Return itself; connections are made when first needed."""
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.requests.close()

    @abstractmethod
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

    @abstractmethod
    def knows(self, topic: str) -> bool:
        """Whether it can be published to a topic."""

    @abstractmethod
    async def send(self, topic: str, kind: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Return once a message, an event of that kind, is taken. Raises ServiceError."""

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Return once a message is taken; its kind is its own `type`. Raises ServiceError."""
        await self.send(topic, str(data.get("type") or "message"), data, headers)
