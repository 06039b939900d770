"""Answers whose bytes are made once: with an ETag, compressed as the client accepts, 304 when nothing changed.

An Answer is an ASGI application. It builds no request and no response object, which is most of what a small answer
costs.
"""

import gzip
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import zstandard
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST_COMPRESSED = 1024
"""Bytes below which compression saves nothing."""

Headers = list[tuple[bytes, bytes]]

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=9).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
"""By content coding, best first (RFC 9110, 8.4.1)."""


class Answer:
    """One body, as often as it is asked for."""

    __slots__ = ("_body", "_etag", "_headers", "_not_modified", "_variants")

    def __init__(
        self,
        body: bytes,
        digest: str,
        media_type: str = "application/json",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Make an answer; `headers` are further ones, of every answer with the body or without."""
        self._body = body
        self._etag = f'"{digest}"'.encode()
        more = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        common = [(b"etag", self._etag), (b"cache-control", b"no-cache"), (b"vary", b"Accept-Encoding"), *more]
        self._headers: Headers = [(b"content-type", media_type.encode()), *common]
        self._not_modified: Headers = common
        self._variants: dict[str, tuple[Headers, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD. What is sent is not kept: middleware may write into it."""
        accepted, known = b"", b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = value
            elif name == b"if-none-match":
                known = value
        if known and self._is_known(known):
            await send({"type": "http.response.start", "status": 304, "headers": [*self._not_modified]})
            await send({"type": "http.response.body", "body": b""})
            return
        headers, body = self._variant(accepted)
        await send({"type": "http.response.start", "status": 200, "headers": [*headers]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _is_known(self, known: bytes) -> bool:
        """Compare weakly (RFC 9110, 13.1.2)."""
        tags = [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]
        return self._etag in tags or b"*" in tags

    def _variant(self, accepted: bytes) -> tuple[Headers, bytes]:
        coding = _coding(accepted) if accepted and len(self._body) >= SMALLEST_COMPRESSED else ""
        found = self._variants.get(coding)
        if found is None:
            found = self._variants[coding] = self._encoded(coding)
        return found

    def _encoded(self, coding: str) -> tuple[Headers, bytes]:
        body = _COMPRESS[coding](self._body) if coding else self._body
        extra = [(b"content-encoding", coding.encode())] if coding else []
        return [*self._headers, *extra, (b"content-length", str(len(body)).encode())], body


def answering(path: str, choose: Callable[[Scope], ASGIApp]) -> Route:
    """Return a route that answers GET and HEAD with what `choose` returns for a request."""
    return Route(path, _Choice(choose), methods=["GET"])


class _Choice:
    def __init__(self, choose: Callable[[Scope], ASGIApp]) -> None:
        self._choose = choose

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._choose(scope)(scope, receive, send)


def replying(path: str, respond: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return a route that answers POST with what `respond` returns for a request; it must raise nothing."""
    return Route(path, _Reply(respond), methods=["POST"])


class _Reply:
    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)


class Shortcut:
    """ASGI middleware around the router that looks routes up: `answering` ones without params or with one at the end,
    and `replying` ones without params. Whatever else there is, the router tries route by route.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        answering = {route.path: route for route in routes if isinstance(route.endpoint, _Choice)}
        self._routes = {path: route for path, route in answering.items() if "{" not in path}
        ends = ((_PARAM_AT_END.fullmatch(path), route) for path, route in answering.items())
        self._parents = {match["parent"]: (route, match["param"]) for match, route in ends if match}
        self._for_router = {route.path for route in routes} - self._routes.keys()
        self._replies = {route.path: route for route in routes if isinstance(route.endpoint, _Reply)}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on to its route, or to the router."""
        route = self._find(scope) if scope["type"] == "http" else None
        if route is None:
            return self._app(scope, receive, send)
        scope["route"] = route
        return route.app(scope, receive, send)

    def _find(self, scope: Scope) -> Route | None:
        """Return the route of a path and set scope["path_params"]; None if the router must look."""
        path = scope["path"]
        is_read = scope["method"] in ("GET", "HEAD")
        if route := (self._routes if is_read else self._replies).get(path):
            scope["path_params"] = {}
            return route if scope["method"] in (route.methods or ()) else None
        if not is_read:
            return None
        parent, _, last = path.rpartition("/")
        if not last or parent not in self._parents or path in self._for_router:
            return None
        route, param = self._parents[parent]
        scope["path_params"] = {param: last}
        return route


_PARAM_AT_END = re.compile(r"(?P<parent>/[^{}]*)/\{(?P<param>\w+)\}")


@lru_cache(maxsize=128)
def _coding(accepted: bytes) -> str:
    """Return the best of our content codings that a client accepts, or "" for none; there are few kinds of clients."""
    wanted = _qualities(accepted.decode("latin-1"))
    return next((coding for coding in _COMPRESS if wanted.get(coding, wanted.get("*", 0.0)) > 0), "")


def _qualities(accepted: str) -> dict[str, float]:
    """Return {content coding: quality} of an Accept-Encoding header (RFC 9110, 12.5.3)."""
    wanted = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        _, _, number = weight.partition("q=")
        try:
            wanted[coding.strip()] = float(number) if number else 1.0
        except ValueError:
            wanted[coding.strip()] = 0.0
    return wanted
