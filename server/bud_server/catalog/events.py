"""GET /actions/events: tells listeners which catalog is served, and what keeps an edited one from being served."""

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette.event import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from bud_server.catalog.holder import CatalogHolder
from bud_server.http.problem_details import problem_response
from bud_server.http.stream import EventStream

MOST_LISTENERS = 100
MOST_UNREAD = 100
"""Events that a slow listener may be behind before it is let go."""


class Broadcast:
    """Passes events on to everybody who listens at the time."""

    def __init__(self, holder: CatalogHolder) -> None:
        self._holder = holder
        self._listeners: set[asyncio.Queue[ServerSentEvent | None]] = set()

    def send_catalog(self) -> None:
        """Tell all listeners which catalog is served now. Must run in their event loop."""
        self._send(self._catalog_event())

    def send_problems(self) -> None:
        """Tell all listeners what is wrong with the action files as they stand. Must run in their event loop."""
        self._send(ServerSentEvent(json.dumps({"problems": self._holder.problems}), event="problems"))

    def _catalog_event(self) -> ServerSentEvent:
        catalog = self._holder.current
        return ServerSentEvent(json.dumps({"digest": catalog.digest, "actions": len(catalog.entries)}), event="catalog")

    def _send(self, event: ServerSentEvent) -> None:
        for listener in list(self._listeners):
            if listener.qsize() >= MOST_UNREAD:
                self._listeners.discard(listener)
                listener.put_nowait(None)
            else:
                listener.put_nowait(event)

    async def respond(self, _request: Request) -> Response:
        """Answer with the stream of events, until the listener goes."""
        if len(self._listeners) >= MOST_LISTENERS:
            return problem_response(503, f"There are {MOST_LISTENERS} listeners already; try again later")
        return EventStream(self._stream())

    async def _stream(self) -> AsyncIterator[ServerSentEvent]:
        listener: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield self._catalog_event()
            while (event := await listener.get()) is not None:
                yield event
        finally:
            self._listeners.discard(listener)
