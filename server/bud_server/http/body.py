"""Read a JSON body that may be anything: too large, too deep, or not JSON at all."""

import json
import math
import sys
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bud_server.http.problem_details import problem_response

MOST_DEPTH = 100
"""Levels of nesting; a deeper body is refused."""


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
    return _parsed(await _read(request, largest))


async def _read(request: Request, largest: int) -> bytes:
    announced = request.headers.get("content-length", "")
    body = bytearray()
    if not (announced.isdigit() and int(announced) > largest):
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    break
            else:
                return bytes(body)
        except ClientDisconnect as error:
            raise RefusedError(400, "The client left before it had sent the whole body") from error
    raise RefusedError(413, f"The body is larger than {largest // 1024} KiB")


def _parsed(body: bytes) -> Any:
    """Return the value that a body says. Raises RefusedError; what is nested too deep never takes long."""
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
        )
    except UnicodeDecodeError as error:
        raise RefusedError(400, f"The body is not JSON: it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise RefusedError(400, f"The body is not JSON: {error}") from error
    except RecursionError as error:
        raise RefusedError(400, _TOO_DEEP) from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise RefusedError(400, f"A number in the body has more than {sys.get_int_max_str_digits()} digits") from error
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH and _is_too_deep(value):
        raise RefusedError(400, _TOO_DEEP)
    return value


_TOO_DEEP = f"The body is nested more than {MOST_DEPTH} levels deep"


def _is_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MOST_DEPTH):
        members = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for each in members for child in each if isinstance(child, (dict, list))]
    return bool(level)


def _refuse_constant(name: str) -> None:
    raise RefusedError(400, f"The body is not JSON: {name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise RefusedError(400, f"The number {digits[:100]} in the body is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = _repeated(pairs)
        raise RefusedError(400, f"The body is not JSON: the key {twice[:100]!r} is given twice")
    return found


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    """Return the first key that comes again; there is one."""
    left: list[str] = [name for name, _ in reversed(pairs)]
    seen: set[str] = set()
    while left[-1] not in seen:
        seen.add(left.pop())
    return left[-1]
