"""Read a JSON body that may be anything: too large, too deep, or not JSON at all."""

import json
import math
import re
import sys
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bud_schemas.values import is_deeper_than
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


async def read_json(request: Request, largest: int, most_values: int | None = None) -> Any:
    """Return the JSON value of a body of at most `largest` bytes, with at most `most_values`. Raises RefusedError."""
    check_is_json(request)
    body = await read_bytes(request, largest)
    if most_values is not None and body.count(b",") >= most_values:
        _check_count(body, most_values)
    return parse_json(body)


def check_is_json(request: Request) -> None:
    """Raise RefusedError if a body says that it is something else; one that says nothing counts as JSON."""
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise RefusedError(415, f"The body must be application/json, not {content_type[:100]}")


async def read_bytes(request: Request, largest: int) -> bytes:
    """Return a body of at most `largest` bytes. Raises RefusedError."""
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


def parse_json(body: bytes) -> Any:
    """Return the value that a body says. Raises RefusedError; what is nested too deep never takes long."""
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RefusedError(400, f"The body is not JSON: it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise RefusedError(400, f"The body is not JSON: {error}") from error
    except RecursionError as error:
        raise RefusedError(400, _TOO_DEEP) from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise RefusedError(400, f"A number in the body has more than {sys.get_int_max_str_digits()} digits") from error
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH and is_deeper_than(value, MOST_DEPTH):
        raise RefusedError(400, _TOO_DEEP)
    if b"\\u" in body and _HALF.search(body):
        _check_is_whole(value)
    return value


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""How a body writes half of a surrogate pair, which need not miss the other half."""
_TOO_DEEP = f"The body is nested more than {MOST_DEPTH} levels deep"


_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def _check_count(body: bytes, most_values: int) -> None:
    """Refuse a body by the commas outside of its texts, before it takes the time to be read."""
    if _TEXT.sub(b"", body).count(b",") >= most_values:
        raise RefusedError(422, f"The body holds more than {most_values:,} values")


def _check_is_whole(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RefusedError(400, "The body holds half a surrogate pair, which is no character") from error


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


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)
