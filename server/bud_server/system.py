"""The routes about the server itself."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bud_server.catalog.holder import CatalogHolder, catalog_of
from bud_server.catalog.served import ServedCatalog
from bud_server.http.answer import answering
from bud_server.http.json_text import json_bytes
from bud_server.http.observe import Metrics
from bud_server.openapi import openapi_answer


def system_routes(holder: CatalogHolder, metrics: Metrics) -> list[Route]:
    """Return the routes for documents, health and metrics."""

    async def get_health(request: Request) -> Response:
        return Response(json_bytes(health(holder, catalog_of(request.scope))), media_type="application/json")

    async def get_ready(request: Request) -> Response:
        is_ready = bool(catalog_of(request.scope).entries)
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


def health(holder: CatalogHolder, catalog: ServedCatalog) -> dict[str, object]:
    """Return what works and what does not."""
    is_degraded = bool(holder.broken or holder.problems)
    return {
        "status": "degraded" if is_degraded else "healthy",
        "actions": len(catalog.entries),
        "catalog": catalog.digest,
        "broken": holder.broken,
        "problems": holder.problems,
    }
