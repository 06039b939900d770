"""One request to a route that needs the runtime: what it asks for, and how refusals are answered."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bud_server.auth.identity import Subject
from bud_server.catalog.holder import catalog_of
from bud_server.catalog.lifecycle import utc_today
from bud_server.catalog.served import ServedCatalog
from bud_server.contract.bodies import request_bodies
from bud_server.contract.parameters import query_parameters
from bud_server.http.body import RefusedError, read_json
from bud_server.http.json_text import json_bytes
from bud_server.http.problem_details import problem_response
from bud_server.log import log
from bud_server.runtime.gate import RETRY_AFTER, Gate
from bud_server.runtime.store.storable import is_storable
from bud_server.settings import Settings

if TYPE_CHECKING:
    from bud_server.runtime.runtime import Runtime
    from bud_server.runtime.store.database import Transaction

MOUNTS = ("", "/api/v1", "/budpipeline")
"""Where the routes of pipelines, executions and events stand."""
T = TypeVar("T")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, with what it is answered from."""

    request: Request
    runtime: "Runtime"
    settings: Settings
    path: str
    """As the route, and the OpenAPI document, write it."""
    today: Callable[[], date]
    """Tells the day, by which sunsets are judged."""

    @property
    def subject(self) -> Subject:
        """Who asks."""
        subject: Subject = self.request.scope["subject"]
        return subject

    @property
    def catalog(self) -> ServedCatalog:
        """The catalog that the request is answered from."""
        return catalog_of(self.request.scope)

    def part(self, name: str) -> str:
        """Return a part of the path, such as `execution_id`."""
        return str(self.request.path_params[name])

    def header(self, name: str, *, longest: int = 255) -> str | None:
        """Return a header's value; None if it is not there. Raises RefusedError if it is too long or given twice."""
        values = self.request.headers.getlist(name)
        if len(values) > 1:
            raise RefusedError(400, f"The header {name} is given twice")
        if values and not 0 < len(values[0]) <= longest:
            raise RefusedError(400, f"The header {name} must have 1 to {longest} characters")
        return values[0] if values else None

    def query(self) -> dict[str, Any]:
        """Return the query's parameters as the document describes them. Raises RefusedError."""
        query = self.request.scope["query_string"].decode("latin-1")
        return query_parameters(self.catalog).read(self.request.method.replace("HEAD", "GET"), self.path, query)

    async def body(self) -> dict[str, Any]:
        """Return the JSON object of the body, which is as the document describes it. Raises RefusedError."""
        body = await read_json(self.request, self.settings.largest_body_bytes)
        return self.checked(body)

    async def body_if_any(self) -> dict[str, Any]:
        """Return the same, or an empty object for an empty body."""
        length = self.request.headers.get("content-length", "0")
        is_sent = length != "0" or "transfer-encoding" in self.request.headers
        return await self.body() if is_sent else {}

    def checked(self, body: Any) -> dict[str, Any]:
        """Return a body that is as the document describes it. Raises RefusedError."""
        request_bodies(self.catalog).check(self.request.method, self.path, body)
        checked: dict[str, Any] = body
        return checked

    async def read(self, job: "Callable[[Transaction], T]") -> T:
        """Return what a job finds in one state of the database."""
        return await self.aside(lambda: _read(self.runtime, job))

    async def aside(self, job: Callable[[], T]) -> T:
        """Return what a job returns that blocks, or computes for long."""
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(job)

    async def committed(self, begin: "Callable[[], Future[T]]") -> T:
        """Return what a job of the database returns once it is committed; what leads to it may block."""
        import asyncio

        return await asyncio.wrap_future(await self.aside(begin))


def _read(runtime: "Runtime", job: "Callable[[Transaction], T]") -> T:
    with runtime.database.read() as on:
        return job(on)


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes the routes whose handlers are called with the runtime."""

    gate: Gate
    settings: Settings
    today: Callable[[], date] = utc_today

    def route(self, path: str, **handlers: Callable[[], Handler]) -> Route:
        """Return a route; by method, each of `handlers` imports and returns what answers, once the runtime runs."""

        async def respond(request: Request) -> Response:
            runtime = await self.gate.runtime()
            method = "GET" if request.method == "HEAD" else request.method
            return await _answered(handlers[method](), Call(request, runtime, self.settings, path, self.today))

        return Route(path, respond, methods=list(handlers))


async def _answered(handler: Handler, call: Call) -> Response:
    """Return a handler's answer, or the problem that it met."""
    from sqlalchemy.exc import SQLAlchemyError

    from bud_server.runtime.engine import NotFoundError
    from bud_server.runtime.secrets import SecretsError
    from bud_server.runtime.store.database import Rejection

    try:
        return await handler(call)
    except RefusedError as refused:
        return refused.response()
    except NotFoundError as error:
        return problem_response(404, str(error))
    except Rejection as error:
        return problem_response(409, str(error))
    except SecretsError as error:
        return problem_response(422, _sentence(str(error)))
    except SQLAlchemyError as error:
        log().error("database_unavailable", reason=str(error))
        response = problem_response(503, "The database cannot be used now; try again later")
        response.headers.update(RETRY_AFTER)
        return response


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with a JSON body."""
    return Response(json_bytes(value), status, headers=headers, media_type="application/json")


def is_id(text: str) -> bool:
    """Whether a text can be the id of something that is kept here."""
    return _ID.fullmatch(text) is not None


def check_storable(body: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise RefusedError if a text among a body's members holds what no database keeps: NUL, or half a character."""
    for name in names:
        text = body.get(name)
        if isinstance(text, str) and not is_storable(text):
            raise RefusedError(
                422, f"{name} must be a text without NUL characters and half surrogate pairs", f"/{name}"
            )
