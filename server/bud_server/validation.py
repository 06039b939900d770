"""POST /actions/validate: read a body that may be anything, and check params."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bud_schemas import ParamProblem, ParamValidator
from bud_server.catalog import json_bytes
from bud_server.problem_details import problem_response

LARGEST_BODY = 1024 * 1024
"""Bytes."""


class RefusedError(Exception):
    """A body that cannot be used."""

    def __init__(self, status: int, detail: str, pointer: str | None = None) -> None:
        self.response = problem_response(status, detail, pointer)
        super().__init__(detail)


async def validate_params(request: Request, validators: Mapping[str, ParamValidator]) -> Response:
    """Answer with everything wrong with the params; invalid params are an answer, not an error."""
    try:
        action_type, params = _asked(await _json_body(request))
    except RefusedError as refusal:
        return refusal.response
    validator = validators.get(action_type)
    if validator is None:
        return problem_response(404, f"Action '{action_type[:100]}' not found")
    return Response(json_bytes(_answer(validator.validate(params))), media_type="application/json")


def _answer(problems: list[ParamProblem]) -> dict[str, Any]:
    return {
        "valid": not problems,
        "errors": [problem.message for problem in problems],
        "problems": [problem._asdict() for problem in problems],
    }


async def _json_body(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise RefusedError(413, f"The body is larger than {LARGEST_BODY // 1024} KiB")
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"The body is not JSON: {_reason(error)}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _reason(error: Exception) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _asked(body: Any) -> tuple[str, dict[str, Any]]:
    """Return the action type, in whichever spelling it was given, and the params."""
    if not isinstance(body, dict):
        raise RefusedError(422, "The body must be an object with action_type and params", "")
    action_type = body.get("action_type", body.get("actionType"))
    if not isinstance(action_type, str):
        raise RefusedError(422, "action_type (or actionType) must be a string", "/action_type")
    params = body.get("params")
    if not isinstance(params, dict):
        raise RefusedError(422, "params must be an object", "/params")
    return action_type, params
