"""Services for executors that run in a thread of their own."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from bud_actions.base import Services


class Across:
    """Hands calls to the event loop that has the connections."""

    def __init__(self, services: Services, loop: asyncio.AbstractEventLoop) -> None:
        self._services = services
        self._loop = loop

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
        call = self._services.invoke(app_id, method_path, http_method, data, params, timeout_seconds, headers)
        return await self._handed(call)

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Return once a message is taken. Raises ServiceError."""
        await self._handed(self._services.publish(topic, data, headers))

    async def _handed(self, call: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))
