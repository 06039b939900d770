"""Read a JSON body that may be anything: too large, too deep, or not JSON at all."""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bud_server.http.problem_details import problem_response

MOST_DEPTH = 100
"""Levels of nesting; a deeper body is refused before it is parsed."""


class RefusedError(Exception):
    """A request that cannot be used."""

    def __init__(self, status: int, detail: str, pointer: str | None = None) -> None:
        self.status, self.detail, self.pointer = status, detail, pointer
        super().__init__(detail)

    def response(self) -> Response:
        """Return the answer that says so."""
        return problem_response(self.status, self.detail, self.pointer)


async def read_json(request: Request, largest: int) -> Any:
    """Return the JSON value of a body of at most `largest` bytes. Raises RefusedError."""
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise RefusedError(415, f"The body must be application/json, not {content_type[:100]}")
    body = await _read(request, largest)
    if _depth(body) > MOST_DEPTH:
        raise RefusedError(400, f"The body is nested more than {MOST_DEPTH} levels deep")
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except ValueError as error:
        raise RefusedError(400, f"The body is not JSON: {error}") from error


async def _read(request: Request, largest: int) -> bytes:
    announced = request.headers.get("content-length", "")
    body = bytearray()
    if not (announced.isdigit() and int(announced) > largest):
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                break
        else:
            return bytes(body)
    raise RefusedError(413, f"The body is larger than {largest // 1024} KiB")


_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def _depth(body: bytes) -> int:
    """Return how deep brackets outside texts are nested."""
    deepest = depth = 0
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return 0
    for match in _BRACKETS.finditer(body):
        token = match.group()
        if token in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"]", b"}"):
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:100]!r} is given twice")
    return found
