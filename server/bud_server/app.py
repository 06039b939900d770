"""The application: routes as a list, over what is passed in."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from bud_server.auth.authenticator import authenticator_for
from bud_server.auth.middleware import Authentication, guarded
from bud_server.auth.permissions import ForbiddenError, respond_to_forbidden
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder, catalog_of
from bud_server.catalog.routes import catalog_routes
from bud_server.docs import docs_routes
from bud_server.http.answer import Shortcut
from bud_server.http.observe import Metrics, Observation
from bud_server.http.problem_details import respond_to_error, respond_to_fault
from bud_server.settings import Settings, SettingsError
from bud_server.system import system_routes

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
"""What runs beside the server, from its start to its end."""


def create_app(
    holder: CatalogHolder,
    settings: Settings,
    broadcast: Broadcast | None = None,
    lifespan: Lifespan | None = None,
) -> Starlette:
    """Return the server for a catalog. Raises SettingsError if the settings do not go together or cannot be met."""
    metrics = Metrics()
    guarded_routes = guarded(routes(holder, settings, metrics, broadcast or Broadcast(holder)))
    return Starlette(
        lifespan=lifespan,
        routes=guarded_routes,
        middleware=[
            Middleware(Observation, metrics=metrics, current_catalog=lambda: holder.current),
            *_cors(settings),  # outside of authentication: what a browser asks beforehand carries no credential
            *_strict(settings),
            Middleware(Authentication, authenticator=authenticator_for(settings)),
            Middleware(Shortcut, routes=guarded_routes),
        ],
        exception_handlers={
            ForbiddenError: respond_to_forbidden,
            HTTPException: respond_to_error,
            Exception: respond_to_fault,
        },
    )


def routes(holder: CatalogHolder, settings: Settings, metrics: Metrics, broadcast: Broadcast) -> list[Route]:
    """Return every route of the server."""
    return [
        *catalog_routes(holder, broadcast, settings.largest_body_bytes),
        *docs_routes(),
        *system_routes(holder, metrics),
    ]


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


def _cors(settings: Settings) -> list[Middleware]:
    """Return what lets the pages of the configured origins, and no others, read answers."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-API-Key", "X-Correlation-ID"],
            expose_headers=["ETag", "X-Bud-Catalog", "X-Correlation-ID"],
            allow_credentials=True,
        )
    ]
