"""The application: routes as a list, over a catalog that is passed in."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bud_server.catalog import ServedCatalog, Spelling, json_bytes
from bud_server.openapi import openapi_document
from bud_server.problem_details import problem_response, respond_to_error, respond_to_fault
from bud_server.validation import validate_params

JSON = "application/json"


def create_app(catalog: ServedCatalog) -> Starlette:
    """Return the server for a catalog."""

    async def get_openapi(_request: Request) -> Response:
        return Response(openapi_document(catalog), media_type=JSON)

    async def get_health(_request: Request) -> Response:
        health = {"status": "healthy", "actions": len(catalog.actions), "catalog": catalog.digest}
        return Response(json_bytes(health), media_type=JSON)

    return Starlette(
        routes=[
            *_catalog_routes("", catalog, catalog.snake_case),
            *_catalog_routes("/budpipeline", catalog, catalog.camel_case),
            Route("/openapi.json", get_openapi),
            Route("/health", get_health),
        ],
        exception_handlers={HTTPException: respond_to_error, Exception: respond_to_fault},
    )


def _catalog_routes(prefix: str, catalog: ServedCatalog, spelling: Spelling) -> list[Route]:
    """Return the three routes of the catalog in one spelling."""

    async def list_actions(_request: Request) -> Response:
        return Response(spelling.listing, media_type=JSON)

    async def get_action(request: Request) -> Response:
        action_type = request.path_params["action_type"]
        body = spelling.actions.get(action_type)
        if body is None:
            return problem_response(404, f"Action '{action_type[:100]}' not found")
        return Response(body, media_type=JSON)

    async def validate(request: Request) -> Response:
        return await validate_params(request, catalog.validators)

    return [
        Route(f"{prefix}/actions", list_actions),
        Route(f"{prefix}/actions/validate", validate, methods=["POST"]),
        Route(f"{prefix}/actions/{{action_type}}", get_action),
    ]
