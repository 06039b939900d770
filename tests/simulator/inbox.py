"""A server that takes events, in a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.server import wait_until


class Inbox:
    """Takes all events, but may refuse some first."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.refusals: list[int] = []
        """Statuses to answer with before any event is taken."""
        app = Starlette(routes=[Route("/workflow-events", self._take, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """Where events are posted."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}/workflow-events"

    def told(self, workflow_id: str) -> list[tuple[str, str]]:
        """Return (event, status) of all events of some work, but not its etas."""
        payloads = [event["payload"] for event in self.of(workflow_id)]
        return [(each["event"], each["content"]["status"]) for each in payloads if each["event"] != "eta"]

    def of(self, workflow_id: str) -> list[dict[str, Any]]:
        """Return all events of some work."""
        return [event for event in self.events if event["payload"]["workflow_id"] == workflow_id]

    @contextmanager
    def running(self) -> Iterator["Inbox"]:
        """Serve meanwhile."""
        self._thread.start()
        wait_until(lambda: self._server.started)
        try:
            yield self
        finally:
            self._server.should_exit = True
            self._thread.join(10)

    async def _take(self, request: Request) -> Response:
        event = await request.json()
        if self.refusals:
            return Response(status_code=self.refusals.pop(0))
        self.events.append(event)
        self.headers.append(dict(request.headers))
        return Response()
