"""The simulator's application: all services on one port, at plain paths and at Dapr's."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bud_server.simulator import budapp, budcluster, budnotify, budsim, web
from bud_server.simulator.desk import Desk
from bud_server.simulator.options import Options
from bud_server.simulator.publisher import EventPoster
from bud_server.simulator.works import Works
from bud_server.simulator.world import World, first_world

SERVICES: Mapping[str, Callable[[Desk], list[Route]]] = {
    "budapp": budapp.routes,
    "budcluster": budcluster.routes,
    "budsim": budsim.routes,
    "budnotify": budnotify.routes,
}


def create_simulator(options: Options, world: World | None = None) -> Starlette:
    """Return the application, with a world of its own unless one is given."""
    poster = EventPoster(options.events, options.token)
    works = Works(poster, options.speed)
    desk = Desk(options, world or first_world(), works)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await works.close()
        await poster.close()

    return Starlette(routes=_routes(desk), lifespan=lifespan, exception_handlers={HTTPException: _say_what_is_unknown})


def _routes(desk: Desk) -> list[BaseRoute]:
    async def show(_request: Request) -> Response:
        return JSONResponse(desk.world.document())

    plain = [Mount(f"/{name}", routes=routes(desk)) for name, routes in SERVICES.items()]
    by_dapr = [Mount(f"/v1.0/invoke/{name}/method", routes=routes(desk)) for name, routes in SERVICES.items()]
    published = desk.route("POST", f"/v1.0/publish/{{pubsub}}/{budnotify.TOPIC}", budnotify.take)
    return [Route("/", show), *plain, *by_dapr, published, Mount("/web", routes=web.routes(desk))]


async def _say_what_is_unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"The simulator does not know {request.method} {request.url.path}"
    return JSONResponse({"object": "error", "message": message, "code": status}, status)
