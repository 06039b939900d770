"""The routes of pipelines; what they answer is imported when it is first needed."""

from collections.abc import Mapping
from datetime import date
from types import ModuleType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bud_server.catalog.holder import catalog_of
from bud_server.catalog.served import ServedCatalog
from bud_server.contract.bodies import request_bodies
from bud_server.http.body import RefusedError, read_json
from bud_server.runtime.calls import MOUNTS, Calls, json_response


def pipeline_routes(calls: Calls) -> list[Route]:
    """Return the routes of pipelines under every mount."""
    return [route for prefix in (*MOUNTS, "/api/v1/pipeline") for route in _routes(prefix, calls)]


def older_routes(calls: Calls) -> list[Route]:
    """Return the routes whose paths take any word, so that they come after all others."""
    return _of_pipelines("/budpipeline", calls)


def _routes(prefix: str, calls: Calls) -> list[Route]:
    return [_validation(f"{prefix}/validate", calls), *_of_pipelines(f"{prefix}/pipelines", calls)]


def _of_pipelines(path: str, calls: Calls) -> list[Route]:
    return [
        calls.route(path, POST=lambda: _handlers().create, GET=lambda: _handlers().list_all),
        calls.route(
            f"{path}/{{pipeline_id}}",
            GET=lambda: _handlers().get,
            PUT=lambda: _handlers().replace,
            DELETE=lambda: _handlers().remove,
        ),
    ]


def _handlers() -> ModuleType:
    from bud_server.pipelines import handlers

    return handlers


def _validation(path: str, calls: Calls) -> Route:
    """Return the route that checks a definition; it needs the catalog only."""

    async def validate(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        catalog = catalog_of(request.scope)
        try:
            body = await read_json(request, calls.settings.largest_body_bytes)
            request_bodies(catalog).check("POST", path, body)
        except RefusedError as refused:
            return refused.response()
        return json_response(await run_in_threadpool(_verdict, body, catalog, calls.today()))

    return Route(path, validate, methods=["POST"])


def _verdict(body: Mapping[str, Any], catalog: ServedCatalog, today: date) -> dict[str, Any]:
    from bud_server.pipelines.validation import verdict

    return verdict(body, catalog, today)
