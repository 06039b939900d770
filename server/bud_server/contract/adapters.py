"""Requests and answers as openapi-core looks at them."""

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

import zstandard
from openapi_core.datatypes import RequestParameters
from starlette.datastructures import Headers
from starlette.types import Message, Scope
from werkzeug.datastructures import Headers as HeadersOfParameters
from werkzeug.datastructures import ImmutableMultiDict

_DECODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}
"""By content coding, as answers are made."""
_DOTS = re.compile(r"(?<=/)\.{1,2}(?=/|$)")
"""A segment of a path that routes take as it is, and URLs as a way to the folder above."""


@dataclass(slots=True)
class CheckedRequest:
    """A request, as openapi-core's protocol wants it."""

    method: str
    """In lower case; HEAD counts as the GET whose head it asks for."""
    path: str
    content_type: str = "application/json"
    body: bytes = b""
    parameters: RequestParameters = field(default_factory=RequestParameters)
    host_url: str = "http://server"


@dataclass(slots=True)
class CheckedResponse:
    """An answer, as openapi-core's protocol wants it; its data are not compressed."""

    status_code: int
    content_type: str
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def request_of(scope: Scope, body: bytes) -> CheckedRequest:
    """Return the request of an ASGI scope, read as the routes read it: of a repeated query member, the last counts."""
    headers = Headers(scope=scope)
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return CheckedRequest(
        method="get" if scope["method"] == "HEAD" else scope["method"].lower(),
        path=_DOTS.sub(
            lambda dots: "%2E" * len(dots[0]), quote(scope["path"].removeprefix(scope.get("root_path", "")))
        ),
        content_type=_content_type(headers.get("content-type", "application/json")),
        body=body,
        parameters=RequestParameters(query=ImmutableMultiDict(query), header=HeadersOfParameters(headers.items())),
    )


def response_of(start: Message, body: bytes) -> CheckedResponse:
    """Return the answer that an ASGI application began with `start`."""
    headers = Headers(raw=list(start.get("headers", ())))
    decode = _DECODE.get(headers.get("content-encoding", "")) if body else None
    data = decode(body) if decode else body
    return CheckedResponse(start["status"], headers.get("content-type", "").lower(), data, dict(headers))


def _content_type(sent: str) -> str:
    """Return how the routes take a body: every kind of JSON as JSON."""
    return "application/json" if sent.partition(";")[0].strip().lower().endswith("+json") else sent.lower()
