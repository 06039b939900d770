"""What every request gets: a correlation id, the catalog's digest, a count, a time and, if it failed, a log line."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger("bud_server")
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


class Observation:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics, catalog_digest: Callable[[], str]) -> None:
        self._app = app
        self._metrics = metrics
        self._catalog_digest = catalog_digest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        correlation_id = _correlation_id(scope)
        extra = [(b"x-correlation-id", correlation_id), (b"x-bud-catalog", self._catalog_digest().encode())]
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._note(scope, status, time.perf_counter() - started, correlation_id)

    def _note(self, scope: Scope, status: int, seconds: float, correlation_id: bytes) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status >= 500:
            _log.error("request_failed", **_described(scope, status, seconds, correlation_id))
        else:
            _log.debug("request", **_described(scope, status, seconds, correlation_id))


def _described(scope: Scope, status: int, seconds: float, correlation_id: bytes) -> dict[str, object]:
    return {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "correlation_id": correlation_id.decode("ascii"),
    }


def _correlation_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id" and _CORRELATION_ID.fullmatch(value):
            return bytes(value)
    return uuid.uuid4().hex.encode()
