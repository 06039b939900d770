"""The application: routes as a list, over what is passed in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import date

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from bud_server.auth.authenticator import Authenticator, authenticator_for
from bud_server.auth.middleware import Authentication, guarded
from bud_server.auth.permissions import ForbiddenError, respond_to_forbidden
from bud_server.catalog.checks import ExecutorChecks, ExecutorOf
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder, catalog_of
from bud_server.catalog.lifecycle import utc_today
from bud_server.catalog.routes import catalog_routes
from bud_server.docs import docs_routes
from bud_server.http.answer import Shortcut
from bud_server.http.cors import CrossOrigin
from bud_server.http.observe import Metrics, Observation
from bud_server.http.problem_details import respond_to_error, respond_to_fault
from bud_server.runtime.calls import Calls
from bud_server.runtime.events.routes import event_routes
from bud_server.runtime.gate import Gate
from bud_server.runtime.pipeline_routes import older_routes, pipeline_routes
from bud_server.runtime.routes import execution_routes
from bud_server.settings import Settings, SettingsError
from bud_server.system import system_routes

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
"""What runs beside the server, from its start to its end."""


def create_app(
    holder: CatalogHolder,
    settings: Settings,
    broadcast: Broadcast | None = None,
    lifespan: Lifespan | None = None,
    gate: Gate | None = None,
    executors: Callable[[], ExecutorOf] | None = None,
    today: Callable[[], date] = utc_today,
) -> Starlette:
    """Return the server for a catalog, with the runtime that `gate` starts.

    `executors` is asked, when params are first checked, for what performs actions; without it, executors do not check.
    `today` tells the day by which sunsets are judged.

    Raises SettingsError if the settings do not go together or cannot be met.
    """
    metrics = Metrics()
    gate = gate or Gate()
    authenticator = authenticator_for(settings)
    broadcast = broadcast or Broadcast(holder)
    checks = ExecutorChecks(executors)
    guarded_routes = guarded(routes(holder, settings, metrics, broadcast, gate, authenticator, checks, today))
    app = Starlette(
        lifespan=_together(gate.lifespan, *([lifespan] if lifespan else [])),
        routes=guarded_routes,
        middleware=[
            Middleware(Observation, metrics=metrics, current_catalog=lambda: holder.current),
            *_cors(settings),  # outside of authentication: what a browser asks beforehand carries no credential
            *_strict(settings),
            Middleware(Authentication, authenticator=authenticator),
            Middleware(Shortcut, routes=guarded_routes),
        ],
        exception_handlers={
            ForbiddenError: respond_to_forbidden,
            HTTPException: respond_to_error,
            Exception: respond_to_fault,
        },
    )
    app.router.redirect_slashes = False  # a path is written in one way
    return app


def routes(
    holder: CatalogHolder,
    settings: Settings,
    metrics: Metrics,
    broadcast: Broadcast,
    gate: Gate,
    authenticator: Authenticator,
    checks: ExecutorChecks,
    today: Callable[[], date] = utc_today,
) -> list[Route]:
    """Return every route of the server."""
    calls = Calls(gate, settings, today)
    return [
        *catalog_routes(holder, broadcast, checks, settings.largest_body_bytes),
        *docs_routes(),
        *system_routes(holder, metrics, gate, authenticator, settings),
        *pipeline_routes(calls),
        *execution_routes(calls),
        *event_routes(calls),
        *older_routes(calls),
    ]


def _together(*lifespans: Lifespan) -> Lifespan:
    """Return what runs several things beside the server."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for each in lifespans:
                await stack.enter_async_context(each(app))
            yield

    return lifespan


def _strict(settings: Settings) -> list[Middleware]:
    """Return what holds requests and answers to the document, if that is wanted."""
    if not settings.strict:
        return []
    try:
        from bud_server.contract.contract import contract_of
        from bud_server.contract.strict import Strict
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("bud_"):
            raise
        mend = "pip install 'bud-actions[codegen]', or set strict (BUD_STRICT) to false"
        raise SettingsError(f"strict needs openapi-core, and {error.name} is not installed: {mend}") from error
    return [Middleware(Strict, contract=lambda scope: contract_of(catalog_of(scope)))]


_READ_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
    "X-Correlation-ID",
    "X-Event-ID",
)
"""What a page may send."""
_EXPOSED_HEADERS = (
    "Deprecation",
    "ETag",
    "Link",
    "Preference-Applied",
    "Retry-After",
    "Sunset",
    "X-Bud-Catalog",
    "X-Correlation-ID",
)
"""What a page may read."""


def _cors(settings: Settings) -> list[Middleware]:
    """Return what lets the pages of the configured origins, and no others, read answers."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CrossOrigin,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=[*_READ_HEADERS],
            expose_headers=[*_EXPOSED_HEADERS],
            allow_credentials=True,
        )
    ]
