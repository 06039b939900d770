"""What every request gets: a correlation id, the catalog's digest, a count, a time and a log line."""

import os
import re
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bud_server.log import write_line

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""Methods that are counted by name; a client may make up any other."""
LONGEST_SHOWN = 500
"""Characters of a path that its line shows."""
_CORRELATION_ID = re.compile(rb"[0-9A-Za-z._-]{1,128}")


class Metrics:
    """What is counted, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "bud_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "bud_http_request_seconds", "Seconds from request to answer.", ["route"], registry=self.registry
        )
        self.count = cache(self.requests.labels)
        """Finds the counter of a method, route and status at once; there are few of them."""
        self.time = cache(self.seconds.labels)
        """The same for the histogram of a route."""


class Digested(Protocol):
    """What is served, by digest."""

    digest: str


class Observation:
    """ASGI middleware around everything else. Sets scope["catalog"], which the whole answer is made from."""

    def __init__(self, app: ASGIApp, metrics: Metrics, current_catalog: Callable[[], Digested]) -> None:
        self._app = app
        self._metrics = metrics
        self._current_catalog = current_catalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        correlation_id = _correlation_id(scope)
        catalog = scope["catalog"] = self._current_catalog()
        extra = [(b"x-correlation-id", correlation_id), (b"x-bud-catalog", catalog.digest.encode())]
        status = 500

        def send_with_headers(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            return send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._note(scope, status, time.perf_counter() - started, correlation_id)

    def _note(self, scope: Scope, status: int, seconds: float, correlation_id: bytes) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count(method, route, status).inc()
        self._metrics.time(route).observe(seconds)
        level, event = ("error", "request_failed") if status >= 500 else ("info", "request")
        write_line(level, event, _described(scope, status, seconds, correlation_id))


def _described(scope: Scope, status: int, seconds: float, correlation_id: bytes) -> dict[str, object]:
    return {
        "method": scope["method"],
        "path": scope["path"][:LONGEST_SHOWN],
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "correlation_id": correlation_id.decode("ascii"),
    }


def _correlation_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id" and _CORRELATION_ID.fullmatch(value):
            return bytes(value)
    return os.urandom(16).hex().encode()
