"""Services that answer as a row of the contract says, over real HTTP."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.contract.table import Exchange
from tests.support.in_thread import InThread

SERVICES = ("budapp", "budcluster", "budsim", "budnotify")


class Scripted:
    """One server for all services: `/{service}/{path}`."""

    def __init__(self) -> None:
        self._script: list[Exchange] = []
        self._faults: list[str] = []
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{service}/{path:path}", self._answer, methods=methods)])
        self._server = InThread(app, "warning")

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each service."""
        return {service: f"{self.url}/{service}" for service in SERVICES}

    @contextmanager
    def running(self) -> Iterator["Scripted"]:
        """Serve meanwhile."""
        with self._server.running():
            yield self

    @contextmanager
    def playing(self, exchanges: Sequence[Exchange]) -> Iterator[None]:
        """Answer as the exchanges say, in their order. Raises AssertionError if anything else was asked, or less."""
        self._script, self._faults = list(exchanges), []
        yield
        missing = [f"not asked: {each.method} /{each.service}/{each.path}" for each in self._script]
        assert not self._faults + missing, "\n".join(self._faults + missing)

    async def _answer(self, request: Request) -> Response:
        asked = " ".join(_call(request))
        if not self._script:
            self._faults.append(f"asked too much: {asked}")
            return Response(status_code=500)
        expected = self._script.pop(0)
        self._faults += [f"{asked}: {fault}" for fault in await _faults(request, expected)]
        await asyncio.sleep(expected.seconds)
        body = b"" if expected.answer is None else json.dumps(expected.answer).encode()
        return Response(body, expected.status, media_type="application/json")


def _call(request: Request) -> tuple[str, str]:
    """Return the method, and the path as it was sent."""
    return request.method, request.scope["raw_path"].decode()


async def _faults(request: Request, expected: Exchange) -> list[str]:
    """Return how a call differs from the one that was expected."""
    sent = await request.body()
    seen: dict[str, Any] = {
        "call": _call(request),
        "query": dict(request.query_params),
        "body": json.loads(sent) if sent else None,
        "headers": {name: request.headers.get(name) for name in expected.headers},
    }
    wanted: dict[str, Any] = {
        "call": (expected.method, f"/{expected.service}/{expected.path}"),
        "query": dict(expected.query),
        "body": expected.body,
        "headers": dict(expected.headers),
    }
    return [f"{name} is {seen[name]!r}, not {wanted[name]!r}" for name in seen if seen[name] != wanted[name]]
