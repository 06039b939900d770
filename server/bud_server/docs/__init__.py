"""The action reference as web pages, made from the served catalog; nothing is loaded from elsewhere."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bud_server.catalog.holder import catalog_of
from bud_server.catalog.served import NO_FILTERS
from bud_server.http.problem_details import problem_response

_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"}


def docs_routes() -> list[Route]:
    """Return the routes of the reference: an index, and a page per action."""

    async def index(request: Request) -> Response:
        from bud_server.docs.pages import index_page  # with what makes pages, which a start does not need

        return _page(index_page(catalog_of(request.scope).snake_case.listed(NO_FILTERS)["categories"]))

    async def action(request: Request) -> Response:
        from bud_server.docs.pages import action_page

        action_type = request.path_params["action_type"]
        catalog = catalog_of(request.scope)
        entry = catalog.entry(action_type)
        if entry is None:
            return problem_response(404, f"Action '{action_type[:100]}' not found")
        return _page(action_page(entry["meta"], catalog.reference_of(entry)))

    return [Route("/docs", index), Route("/docs/{action_type}", action)]


def _page(html: str) -> Response:
    return HTMLResponse(html, headers=_HEADERS)
