"""What a subject may do, and the answer to one that may not."""

import re
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from bud_server.auth.identity import Subject
from bud_server.http.problem_details import problem_response

_GRANT = re.compile(r"\*|[a-z][a-z0-9_-]*:(\*|[a-z][a-z0-9_-]*)")


class ForbiddenError(Exception):
    """A subject lacks a permission."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(f"This needs the permission '{permission}'")


def is_grant(text: str) -> bool:
    """Whether a text can stand among a subject's permissions: `resource:verb`, `resource:*` or `*`."""
    return _GRANT.fullmatch(text) is not None


def require(subject: Subject, permissions: Iterable[str]) -> None:
    """Raise ForbiddenError, with the first permission that the subject lacks."""
    for permission in permissions:
        if not subject.has(permission):
            raise ForbiddenError(permission)


def forbidden_response(permission: str) -> Response:
    """Return the 403 that names a missing permission, for people and for clients (RFC 6750, 3.1)."""
    response = problem_response(403, str(ForbiddenError(permission)))
    if is_grant(permission):  # nothing else is known to be fit for a header
        response.headers["WWW-Authenticate"] = f'Bearer realm="bud", error="insufficient_scope", scope="{permission}"'
    return response


async def respond_to_forbidden(_request: Request, error: Exception) -> Response:
    """Answer a ForbiddenError; an exception handler of the application."""
    if not isinstance(error, ForbiddenError):
        raise error
    return forbidden_response(error.permission)
