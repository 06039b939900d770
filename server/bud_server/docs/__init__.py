"""The action reference as web pages, made from the served catalog; nothing is loaded from elsewhere."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bud_server.catalog.holder import catalog_of
from bud_server.catalog.served import NO_FILTERS
from bud_server.http.problem_details import problem_response

if TYPE_CHECKING:
    import jinja2

_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"}


def docs_routes() -> list[Route]:
    """Return the routes of the reference: an index, and a page per action."""

    async def index(request: Request) -> Response:
        categories = catalog_of(request.scope).snake_case.listed(NO_FILTERS)["categories"]
        return _page("index.html.j2", categories=categories)

    async def action(request: Request) -> Response:
        action_type = request.path_params["action_type"]
        entry = catalog_of(request.scope).entry(action_type)
        if entry is None:
            return problem_response(404, f"Action '{action_type[:100]}' not found")
        return _page("action.html.j2", meta=entry["meta"], params=[_param(each) for each in entry["meta"]["params"]])

    return [Route("/docs", index), Route("/docs/{action_type}", action)]


_BOUNDS = {
    "min": "at least {}",
    "max": "at most {}",
    "integer": "whole numbers",
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
    "pattern": "pattern {}",
}


def _param(param: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page says about a param."""
    need = "required" if param["required"] else "optional"
    if "default" in param:
        need = "default " + ("***" if param["secret"] else json.dumps(param["default"], ensure_ascii=False))
    bounds = [_BOUNDS[key].format(value) for key, value in (param["validation"] or {}).items() if key in _BOUNDS]
    return {**param, "need": need, "bounds": bounds, "choices": [each["value"] for each in param["options"] or ()]}


def _page(name: str, **values: object) -> Response:
    return HTMLResponse(_templates().get_template(name).render(**values), headers=_HEADERS)


@cache
def _templates() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bud_server", "docs"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment
