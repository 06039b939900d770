"""The catalog's routes, three times: twice with snake_case keys, once with camelCase ones."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from bud_schemas import ParamProblem
from bud_server.catalog.checks import ExecutorChecks, Finding
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder, catalog_of
from bud_server.catalog.served import Filters, ServedCatalog, Spelling
from bud_server.contract.bodies import request_bodies
from bud_server.http.answer import Answer, answering, replying
from bud_server.http.body import RefusedError, read_json
from bud_server.http.json_text import json_bytes
from bud_server.http.problem_details import problem_response

SNAKE_CASE: Callable[[ServedCatalog], Spelling] = attrgetter("snake_case")
CAMEL_CASE: Callable[[ServedCatalog], Spelling] = attrgetter("camel_case")
MOUNTS = {"": SNAKE_CASE, "/api/v1": SNAKE_CASE, "/budpipeline": CAMEL_CASE}
"""Where the routes stand, and how they spell keys."""
EXECUTION_MODES = ("sync", "event_driven")
VERSIONS = ("newest", "all")
MOST_PARAMETERS = 100
"""Parameters of a query; one with more is refused."""
MOST_PARAMS, MOST_VALUES = 1_000, 5_000
"""Params to check, and values in and around them; a body with more is refused, as it would take long."""
_NO = frozenset({"false", "0", "no", "off"})


def catalog_routes(
    holder: CatalogHolder, broadcast: Broadcast, checks: ExecutorChecks, largest_body: int
) -> list[Route]:
    """Return all routes of the catalog."""
    found: list[Route] = []
    for prefix, spelling in MOUNTS.items():
        found.append(Route(f"{prefix}/actions/events", broadcast.respond))
        found += _routes(prefix, holder, spelling, checks, largest_body)
    return found


def _routes(
    prefix: str,
    holder: CatalogHolder,
    spelling: Callable[[ServedCatalog], Spelling],
    checks: ExecutorChecks,
    largest_body: int,
) -> list[Route]:
    async def validate(request: Request) -> Response:
        return await _validate(request, f"{prefix}/actions/validate", checks, largest_body)

    return [
        answering(f"{prefix}/actions", lambda scope: _list(scope, holder, spelling)),
        replying(f"{prefix}/actions/validate", validate),
        answering(f"{prefix}/actions/{{action_type}}/schema", _schema),
        answering(f"{prefix}/actions/{{action_type}}", lambda scope: _action(scope, spelling)),
    ]


def _list(scope: Scope, holder: CatalogHolder, spelling: Callable[[ServedCatalog], Spelling]) -> ASGIApp:
    catalog = catalog_of(scope)
    if not scope["query_string"]:
        return spelling(catalog).listing
    asked = _query(scope)
    if asked is None:
        return _too_many_parameters()
    mode = asked.get("execution_mode", asked.get("executionMode"))
    if mode is not None and mode not in EXECUTION_MODES:
        return problem_response(422, f"execution_mode must be one of: {', '.join(EXECUTION_MODES)}")
    versions = asked.get("versions", "newest")
    if versions not in VERSIONS:
        return problem_response(422, f"versions must be one of: {', '.join(VERSIONS)}")
    filters = Filters(asked.get("category"), asked.get("service"), mode, asked.get("q"), versions == "all")
    listed = spelling(catalog).listed(filters)
    if asked.get("broken", "no").lower() in _NO:
        return Answer(json_bytes(listed), catalog.digest)
    body = json_bytes({**listed, "broken": holder.broken})
    return Answer(body, sha256(body).hexdigest())  # what is broken is no part of the catalog


def _action(scope: Scope, spelling: Callable[[ServedCatalog], Spelling]) -> ASGIApp:
    catalog = catalog_of(scope)
    action_type = scope["path_params"]["action_type"]
    answer = spelling(catalog).action(action_type)
    if answer is None:
        return _not_found(catalog, action_type)
    asked = _query(scope)
    if asked is None:
        return _too_many_parameters()
    if (version := asked.get("version")) is None:
        return answer
    reference = catalog.reference(action_type, version)
    if reference is None:
        there = ", ".join(catalog.versions_of(action_type.partition("@")[0]))
        return problem_response(404, f"Action '{action_type}' has no version '{version[:100]}'; there is {there}")
    return spelling(catalog).action(reference) or _not_found(catalog, reference)


def _schema(scope: Scope) -> ASGIApp:
    action_type = scope["path_params"]["action_type"]
    catalog = catalog_of(scope)
    return catalog.schema(action_type) or _not_found(catalog, action_type)


def _query(scope: Scope) -> dict[str, str] | None:
    """Return the query's parameters, of each the last value; None if there are too many."""
    if not scope["query_string"]:
        return {}
    try:
        asked = parse_qs(
            scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        return None
    return {name: values[-1] for name, values in asked.items()}


def _too_many_parameters() -> Response:
    return problem_response(400, f"The query has more than {MOST_PARAMETERS} parameters")


def _not_found(catalog: ServedCatalog, action_type: str) -> Response:
    there = catalog.versions_of(action_type.partition("@")[0])
    others = f"; there is {', '.join(there)}" if there else ""
    return problem_response(404, f"Action '{action_type[:100]}' not found{others}")


async def _validate(request: Request, path: str, checks: ExecutorChecks, largest_body: int) -> Response:
    """Answer with everything wrong with params; invalid params are an answer, not an error.

    What the executor says is asked for once nothing else is wrong.
    """
    catalog = catalog_of(request.scope)
    try:
        body = await read_json(request, largest_body, MOST_VALUES)
        request_bodies(catalog).check("POST", path, body)
        action_type, params = _asked(body)
    except RefusedError as refused:
        return refused.response()
    validator = catalog.validator(action_type)
    if validator is None:
        return _not_found(catalog, action_type)
    problems = validator.validate(params) or await checks.findings(action_type, validator, params)
    return _verdict(problems) if problems else _VALID


def _asked(body: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Return the action type, in whichever spelling it was given, and the params. Raises RefusedError."""
    types = [body[key] for key in ("action_type", "actionType") if isinstance(body.get(key), str)]
    if types[0] != types[-1]:
        raise RefusedError(422, "action_type and actionType are both given, and differ", "/actionType")
    if len(body["params"]) > MOST_PARAMS:
        raise RefusedError(422, f"There are more than {MOST_PARAMS:,} params", "/params")
    return types[0], body["params"]


_VALID = Response(json_bytes({"valid": True, "errors": [], "problems": []}), media_type="application/json")


def _verdict(problems: Sequence[ParamProblem | Finding]) -> Response:
    errors = [problem.message for problem in problems]
    verdict = {"valid": False, "errors": errors, "problems": [problem._asdict() for problem in problems]}
    return Response(json_bytes(verdict), media_type="application/json")
