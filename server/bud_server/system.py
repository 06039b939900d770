"""The routes about the server itself."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bud_server.auth.authenticator import Authenticator
from bud_server.auth.identity import UnavailableError
from bud_server.catalog.holder import CatalogHolder, catalog_of
from bud_server.catalog.served import ServedCatalog
from bud_server.http.answer import answering
from bud_server.http.json_text import json_bytes
from bud_server.http.observe import Metrics
from bud_server.log import log
from bud_server.openapi import openapi_answer
from bud_server.runtime.gate import Gate
from bud_server.settings import Settings

if TYPE_CHECKING:
    from bud_server.runtime.runtime import Runtime


HEALTH_SECONDS = 2.0
"""How long the database, or whoever publishes keys, may take to answer before it counts as disconnected."""


def system_routes(
    holder: CatalogHolder, metrics: Metrics, gate: Gate, authenticator: Authenticator, settings: Settings
) -> list[Route]:
    """Return the routes for documents, health and metrics."""

    async def get_health(request: Request) -> Response:
        database, credentials = await asyncio.gather(_database(gate), _credentials(authenticator, settings))
        found = health(holder, catalog_of(request.scope), database, credentials)
        return Response(json_bytes(found), media_type="application/json")

    async def get_ready(request: Request) -> Response:
        runtime = gate.running
        is_running = not gate.is_expected if runtime is None else runtime.is_alive
        is_ready = bool(catalog_of(request.scope).entries) and is_running
        body = json_bytes({"status": "ready" if is_ready else "not_ready"})
        return Response(body, 200 if is_ready else 503, media_type="application/json")

    async def get_metrics(_request: Request) -> Response:
        return Response(generate_latest(metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return [
        answering("/openapi.json", lambda scope: openapi_answer(catalog_of(scope))),
        Route("/health", get_health),
        Route("/ready", get_ready),
        Route("/metrics", get_metrics),
    ]


def health(
    holder: CatalogHolder, catalog: ServedCatalog, database: Mapping[str, object], credentials: str | None
) -> dict[str, object]:
    """Return what works and what does not."""
    is_degraded = bool(holder.broken or holder.problems or credentials) or database["database"] == "disconnected"
    return {
        "status": "degraded" if is_degraded else "healthy",
        "actions": len(catalog.entries),
        "catalog": catalog.digest,
        "broken": holder.broken,
        "problems": holder.problems,
        "credentials": credentials,
        **database,
    }


async def _credentials(authenticator: Authenticator, settings: Settings) -> str | None:
    """Return why credentials cannot be checked, or None. Everybody may read it: the log says more."""
    checking = asyncio.ensure_future(authenticator.check())
    done, _ = await asyncio.wait([checking], timeout=HEALTH_SECONDS)
    if not done:
        checking.add_done_callback(lambda late: late.exception())
        return f"{_KEYS[settings.auth]} has not been read within {HEALTH_SECONDS:.0f} s; the server's log will say more"
    if isinstance(error := checking.exception(), UnavailableError):
        log().error("credentials_unavailable", reason=str(error))
        return f"{_KEYS[settings.auth]} cannot be used; the server's log says why"
    checking.result()
    return None


_KEYS = {"none": "nothing", "api-key": "api_keys_file", "jwt": "jwt_jwks"}
"""By how clients prove who they are, the setting that this hangs on."""


async def _database(gate: Gate) -> dict[str, object]:
    """Return whether the database answers, how many workers it knows, and how late the most overdue moment is."""
    runtime = gate.running
    nothing: dict[str, object] = {"workers": None, "oldest_due_seconds": None}
    if runtime is None:
        return {"database": _without_runtime(gate), **nothing}
    looking = asyncio.ensure_future(asyncio.to_thread(_liveliness, runtime))
    done, _ = await asyncio.wait([looking], timeout=HEALTH_SECONDS)
    if not done or looking.exception() is not None:
        looking.add_done_callback(lambda late: late.exception())
        return {"database": "disconnected", **nothing}
    return {"database": "connected", **looking.result()}


def _without_runtime(gate: Gate) -> str:
    if gate.error is not None:
        return "disconnected"
    return "starting" if gate.is_expected else "none"


def _liveliness(runtime: "Runtime") -> dict[str, object]:
    from bud_server.runtime.queries import liveliness

    with runtime.database.read() as on:
        return liveliness(on)
