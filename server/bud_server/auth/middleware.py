"""The two doors: one tells who asks, before routing; the other, on every route, whether they may."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy

from starlette.responses import Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from bud_server.auth.authenticator import Authenticator
from bud_server.auth.identity import NOBODY, Subject, UnauthenticatedError, UnavailableError
from bud_server.auth.permissions import forbidden_response
from bud_server.auth.routes import AUTHENTICATED, NEEDS, PUBLIC, SIGNED, Need
from bud_server.http.problem_details import problem_response
from bud_server.log import log

RETRY_AFTER = 10
"""Seconds after which a client may try again when credentials cannot be checked."""


class Authentication:
    """ASGI middleware that sets scope["subject"], and answers 401 to whom it cannot tell."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, needs: Mapping[str, Need] = NEEDS) -> None:
        self._app = app
        self._authenticator = authenticator
        self._is_public = _paths_of(needs, PUBLIC)
        self._may_be_signed = _paths_of(needs, SIGNED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request with its subject."""
        if scope["type"] != "lifespan":
            subject = await self._subject(scope)
            if isinstance(subject, Response):
                await subject(scope, receive, send)
                return
            scope["subject"] = subject
        await self._app(scope, receive, send)

    async def _subject(self, scope: Scope) -> Subject | Response:
        """Return who asks, or the answer if that cannot be told."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if self._is_public(path) or (_is_signed(scope) and self._may_be_signed(path)):
            return NOBODY
        try:
            return await self._authenticator.authenticate(scope["headers"])
        except UnauthenticatedError as error:
            return unauthenticated_response(error)
        except UnavailableError as error:
            log().error("credentials_unavailable", reason=str(error))
            return _unavailable_response()


class Guard:
    """ASGI application around a route's own, for those who have what the route needs."""

    __slots__ = ("_app", "_need")

    def __init__(self, app: ASGIApp, need: Need | None) -> None:
        self._app = app
        self._need = need

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or answer 401 or 403."""
        is_let_through = self._need is SIGNED and _is_signed(scope)
        refusal = None if is_let_through else _refusal(scope.get("subject", NOBODY), self._need)
        return (refusal or self._app)(scope, receive, send)


def guarded(routes: Iterable[Route], needs: Mapping[str, Need] = NEEDS) -> list[Route]:
    """Return the routes, each with a Guard; one that does not say what it needs is answered to nobody."""
    return [_guarded(route, needs.get(route.path)) for route in routes]


def _guarded(route: Route, need: Need | None) -> Route:
    behind = copy(route)
    behind.app = Guard(route.app, need)
    return behind


def _refusal(subject: Subject, need: Need | None) -> Response | None:
    if need is PUBLIC:
        return None
    if need is None:
        return problem_response(403, "Nobody may use this route, as it does not say which permission it needs")
    if subject is NOBODY:
        return unauthenticated_response(UnauthenticatedError("This needs a credential", is_credential_wrong=False))
    if need in (AUTHENTICATED, SIGNED) or subject.has(str(need)):
        return None
    return forbidden_response(str(need))


def unauthenticated_response(error: UnauthenticatedError) -> Response:
    """Return the 401 with its challenge (RFC 6750, 3)."""
    response = problem_response(401, error.detail)
    response.headers["WWW-Authenticate"] = (
        'Bearer realm="bud", error="invalid_token"' if error.is_credential_wrong else 'Bearer realm="bud"'
    )
    return response


def _unavailable_response() -> Response:
    response = problem_response(503, "The server cannot check credentials now; try again later")
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _is_signed(scope: Scope) -> bool:
    """Whether something is sent with a signature, right or wrong, in place of a credential."""
    return scope.get("method") == "POST" and any(name == b"x-bud-signature" for name, _ in scope["headers"])


def _paths_of(needs: Mapping[str, Need], access: Need) -> Callable[[str], bool]:
    """Return what tells whether a path is of a route with that need."""
    paths = [path for path, need in needs.items() if need is access]
    exact = frozenset(path for path in paths if "{" not in path)
    patterns = [compile_path(path)[0] for path in paths if "{" in path]
    return lambda path: path in exact or any(pattern.match(path) for pattern in patterns)
