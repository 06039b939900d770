"""A server that takes events, in a thread of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.in_thread import InThread


class Inbox:
    """Takes all events, but may refuse some first."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.refusals: list[int] = []
        """Statuses to answer with before any event is taken."""
        app = Starlette(routes=[Route("/workflow-events", self._take, methods=["POST"])])
        self._server = InThread(app)

    @property
    def url(self) -> str:
        """Where events are posted."""
        return f"{self._server.url}/workflow-events"

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
        with self._server.running():
            yield self

    async def _take(self, request: Request) -> Response:
        event = await request.json()
        if self.refusals:
            return Response(status_code=self.refusals.pop(0))
        self.events.append(event)
        self.headers.append(dict(request.headers))
        return Response()
