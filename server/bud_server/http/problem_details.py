"""Errors as problem details (RFC 9457), whose `detail` is the sentence that clients show."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bud_server.http.json_text import json_bytes


def problem_response(status: int, detail: str, pointer: str | None = None, **more: object) -> Response:
    """Return an error answer; `pointer` (RFC 6901) says where in the body the fault is, `more` are further members."""
    title = HTTPStatus(status).phrase
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    if pointer is not None:
        body["pointer"] = pointer
    return Response(json_bytes(body), status, media_type="application/problem+json")


async def respond_to_error(_request: Request, error: Exception) -> Response:
    """Answer a refusal, such as an unknown path."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "Internal Server Error"
    response = problem_response(status, detail)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def respond_to_fault(_request: Request, _error: Exception) -> Response:
    """Answer a fault of the server, saying nothing about its inside; the server logs it."""
    return problem_response(500, "The server failed to answer; the fault has been logged")
