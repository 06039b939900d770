"""The catalog's routes, three times: twice with snake_case keys, once with camelCase ones."""

from collections.abc import Callable
from operator import attrgetter
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from bud_schemas import ParamProblem
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import Filters, ServedCatalog, Spelling
from bud_server.http.answer import Answer, answering
from bud_server.http.body import RefusedError, read_json
from bud_server.http.json_text import json_bytes
from bud_server.http.problem_details import problem_response

SNAKE_CASE: Callable[[ServedCatalog], Spelling] = attrgetter("snake_case")
CAMEL_CASE: Callable[[ServedCatalog], Spelling] = attrgetter("camel_case")
MOUNTS = {"": SNAKE_CASE, "/api/v1": SNAKE_CASE, "/budpipeline": CAMEL_CASE}
"""Where the routes stand, and how they spell keys."""
EXECUTION_MODES = ("sync", "event_driven")


def catalog_routes(holder: CatalogHolder, broadcast: Broadcast, largest_body: int) -> list[Route]:
    """Return all routes of the catalog."""
    found: list[Route] = []
    for prefix, spelling in MOUNTS.items():
        found.append(Route(f"{prefix}/actions/events", broadcast.respond))
        found += _routes(prefix, holder, spelling, largest_body)
    return found


def _routes(
    prefix: str, holder: CatalogHolder, spelling: Callable[[ServedCatalog], Spelling], largest_body: int
) -> list[Route]:
    async def validate(request: Request) -> Response:
        return await _validate(request, holder.current, largest_body)

    return [
        answering(f"{prefix}/actions", lambda scope: _list(scope, holder, spelling(holder.current))),
        Route(f"{prefix}/actions/validate", validate, methods=["POST"]),
        answering(f"{prefix}/actions/{{action_type}}/schema", lambda scope: _schema(scope, holder.current)),
        answering(f"{prefix}/actions/{{action_type}}", lambda scope: _action(scope, holder.current, spelling)),
    ]


def _list(scope: Scope, holder: CatalogHolder, spelling: Spelling) -> ASGIApp:
    if not scope["query_string"]:
        return spelling.listing
    asked = _query(scope)
    mode = asked.get("execution_mode", asked.get("executionMode"))
    if mode is not None and mode not in EXECUTION_MODES:
        return problem_response(422, f"execution_mode must be one of: {', '.join(EXECUTION_MODES)}")
    listed = spelling.listed(Filters(asked.get("category"), asked.get("service"), mode, asked.get("q")))
    if "broken" in asked:
        listed["broken"] = holder.broken
    return Answer(json_bytes(listed), holder.current.digest)


def _action(scope: Scope, catalog: ServedCatalog, spelling: Callable[[ServedCatalog], Spelling]) -> ASGIApp:
    action_type = scope["path_params"]["action_type"]
    answer = spelling(catalog).action(action_type)
    if answer is None:
        return _not_found(action_type)
    if scope["query_string"] and (version := _query(scope).get("version")) is not None:
        entry = catalog.entry(action_type)
        current = entry["meta"]["version"] if entry else ""
        if version != current:
            return problem_response(404, f"Action '{action_type}' has no version '{version[:100]}'; there is {current}")
    return answer


def _schema(scope: Scope, catalog: ServedCatalog) -> ASGIApp:
    action_type = scope["path_params"]["action_type"]
    return catalog.schema(action_type) or _not_found(action_type)


def _query(scope: Scope) -> dict[str, str]:
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    return {name: values[-1] for name, values in asked.items()}


def _not_found(action_type: str) -> Response:
    return problem_response(404, f"Action '{action_type[:100]}' not found")


async def _validate(request: Request, catalog: ServedCatalog, largest_body: int) -> Response:
    """Answer with everything wrong with params; invalid params are an answer, not an error."""
    try:
        action_type, params = _asked(await read_json(request, largest_body))
    except RefusedError as refused:
        return refused.response()
    validator = catalog.validator(action_type)
    if validator is None:
        return _not_found(action_type)
    return Response(_verdict(validator.validate(params)), media_type="application/json")


def _asked(body: object) -> tuple[str, dict[str, object]]:
    """Return the action type, in whichever spelling it was given, and the params."""
    if not isinstance(body, dict):
        raise RefusedError(422, "The body must be an object with action_type and params", "")
    spelled = (body.get("action_type"), body.get("actionType"))
    action_type = next((each for each in spelled if isinstance(each, str)), None)
    if action_type is None:
        raise RefusedError(422, "action_type (or actionType) must be a string", "/action_type")
    params = body.get("params")
    if not isinstance(params, dict):
        raise RefusedError(422, "params must be an object", "/params")
    return action_type, params


_VALID = json_bytes({"valid": True, "errors": [], "problems": []})


def _verdict(problems: list[ParamProblem]) -> bytes:
    if not problems:
        return _VALID
    errors = [problem.message for problem in problems]
    return json_bytes({"valid": False, "errors": errors, "problems": [problem._asdict() for problem in problems]})
