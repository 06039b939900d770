"""The server's peers, each a process of its own: `python -m bench.peers plain|fastapi [LISTING] PORT`.

`plain` answers with a short text: what Starlette and uvicorn cost when there is nothing to say. `fastapi`
is the catalog as one would write it with pydantic models, which FastAPI checks and writes anew for every answer.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bud_schemas import ParamValidator
from bud_server.serving import uvicorn_config


def plain() -> Starlette:
    """Return an application that answers with a short text, or with as many bytes as the path says."""

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("Hello, world!")

    async def many_bytes(request: Request) -> Response:
        return Response(_bytes(request.path_params["number"]), media_type="application/json")

    return Starlette(routes=[Route("/", hello), Route("/{number:int}", many_bytes)])


@cache
def _bytes(number: int) -> bytes:
    return b"x" * number


class SelectOption(BaseModel):
    value: str
    label: str


class ValidationRules(BaseModel):
    min: float | None = None
    max: float | None = None
    integer: bool | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    pattern_message: str | None = None


class ShowWhen(BaseModel):
    param: str
    equals: str | float | bool | None = None
    not_equals: str | float | bool | None = None


class RetryPolicy(BaseModel):
    max_attempts: int
    backoff_multiplier: float
    initial_interval_seconds: float
    max_interval_seconds: float


class ParamDefinition(BaseModel):
    name: str
    label: str
    type: str
    required: bool = False
    default: Any | None = None
    description: str | None = None
    placeholder: str | None = None
    options: list[SelectOption] | None = None
    validation: ValidationRules | None = None
    group: str | None = None
    show_when: ShowWhen | None = None
    ref_type: str | None = None
    schema_: dict[str, Any] | None = None
    secret: bool = False


class OutputDefinition(BaseModel):
    name: str
    type: str
    description: str | None = None
    nullable: bool = False


class ActionExample(BaseModel):
    title: str
    params: dict[str, Any]
    description: str | None = None


class ActionMeta(BaseModel):
    type: str
    version: str
    name: str
    description: str
    category: str
    execution_mode: str
    icon: str | None = None
    color: str
    timeout_seconds: int | None = None
    retry_policy: RetryPolicy | None = None
    idempotent: bool
    required_services: list[str]
    required_permissions: list[str]
    params: list[ParamDefinition]
    rules: list[dict[str, Any]]
    outputs: list[OutputDefinition]
    examples: list[ActionExample]
    docs_url: str | None = None
    stability: str
    aliases: list[str]


class Group(BaseModel):
    name: str
    icon: str
    actions: list[ActionMeta]


class Listing(BaseModel):
    actions: list[ActionMeta]
    categories: list[Group]
    total: int


class ValidateRequest(BaseModel):
    action_type: str
    params: dict[str, Any]


class Verdict(BaseModel):
    valid: bool
    errors: list[str]


def fastapi(catalog: Path) -> FastAPI:
    """Return an application over a listing, as GET /actions answers it."""
    listing = json.loads(catalog.read_bytes())
    metas = {each["type"]: ActionMeta.model_validate(each) for each in listing["actions"]}
    validators = {each["type"]: ParamValidator(each) for each in listing["actions"]}
    icons = {each["name"]: each["icon"] for each in listing["categories"]}
    app = FastAPI()

    @app.get("/actions", response_model=Listing)
    async def list_actions() -> Listing:
        groups: dict[str, list[ActionMeta]] = {}
        for meta in metas.values():
            groups.setdefault(meta.category, []).append(meta)
        categories = [Group(name=name, icon=icons[name], actions=actions) for name, actions in groups.items()]
        return Listing(actions=list(metas.values()), categories=categories, total=len(metas))

    @app.get("/actions/{action_type}", response_model=ActionMeta)
    async def get_action(action_type: str) -> ActionMeta:
        if action_type not in metas:
            raise HTTPException(404, f"Action '{action_type}' not found")
        return metas[action_type]

    @app.post("/actions/validate", response_model=Verdict)
    async def validate(body: ValidateRequest) -> Verdict:
        if body.action_type not in validators:
            raise HTTPException(404, f"Action '{body.action_type}' not found")
        problems = validators[body.action_type].validate(body.params)
        return Verdict(valid=not problems, errors=[problem.message for problem in problems])

    return app


def main(name: str, port: int, *paths: str) -> None:
    """Serve until killed, with our own server's settings of uvicorn, which here writes the line of each request."""
    app = plain() if name == "plain" else fastapi(Path(paths[0]))
    config = uvicorn_config(app)
    config.port = port
    config.access_log, config.log_config = True, uvicorn.config.LOGGING_CONFIG
    config.configure_logging()
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[-1]), *sys.argv[2:-1])
