"""What every call to the simulator goes through, whichever service it is for."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bud_server.log import write_line
from bud_server.simulator.fate import Chance, Trait, asked_for
from bud_server.simulator.options import Options
from bud_server.simulator.phases import Kind, failing_phase
from bud_server.simulator.works import Work, Works
from bud_server.simulator.world import Thing, Workflow, World

ANSWER_SECONDS = 0.4
"""How long an answer takes at speed 1."""


class RefusalError(Exception):
    """A call that a service will not answer as asked."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(slots=True)
class Call:
    """One call, and what it starts."""

    desk: "Desk"
    path: Mapping[str, str]
    query: Mapping[str, str]
    content: Any
    """What was sent, as JSON; None if nothing was."""
    traits: frozenset[Trait] = frozenset()
    works: list[Work] = field(default_factory=list)

    @property
    def world(self) -> World:
        """All there is."""
        return self.desk.world

    @property
    def body(self) -> Mapping[str, Any]:
        """What was sent, if it is an object; an empty one if not."""
        return self.content if isinstance(self.content, Mapping) else {}

    def number(self, name: str, default: int) -> int:
        """Return a number of the body. Raises RefusalError if there is something else."""
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise RefusalError(422, f"{name}: Input should be a valid number")
        return int(value)

    def given(self, name: str) -> str:
        """Return a text of the body. Raises RefusalError if there is none."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise RefusalError(422, f"{name}: Field required")
        return value

    def meet(self, label: str, *names: object) -> None:
        """Let the call and its work go as names ask for, or as chance has it."""
        self.traits = asked_for(label, *names) | self.desk.chance.traits(label)

    def settle(self, label: str, *names: object) -> None:
        """Meet the fate of a call that starts no work. Raises RefusalError if that is to fail."""
        self.meet(label, *names)
        if Trait.FAIL in self.traits:
            raise RefusalError(503, f"The simulator was asked to fail: {label}")

    def start(self, kind: Kind, label: str, finish: Callable[[], dict[str, Any]]) -> Workflow:
        """Begin some work once the call is answered; `finish` does what it is for and returns its result."""
        chance = self.desk.chance
        workflow = Workflow(chance.new_id(f"{kind.type}/{label}"), kind.type)
        self.world.workflows[workflow.id] = workflow
        fails_in = failing_phase(kind, chance.draw(f"phase/{label}")) if Trait.FAIL in self.traits else None
        is_told = bool(self.body.get("callback_topic") or self.body.get("source_topic"))
        user_id = self.query.get("user_id")
        self.works.append(Work(workflow, kind, self.traits, fails_in, finish, is_told, user_id))
        return workflow


Handler = Callable[[Call], Any]
"""Answers a call with JSON. Raises RefusalError."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that is given again to the same call of the same step."""

    body: Any
    works: list[Work]

    @property
    def is_valid(self) -> bool:
        """Whether repeating the answer helps: what failed is begun anew."""
        return all(work.workflow.status not in ("failed", "cancelled") for work in self.works)


class Desk:
    """Takes all calls, and answers each in its time."""

    def __init__(self, options: Options, world: World, works: Works) -> None:
        self.world = world
        self.works = works
        self.chance = Chance(options)
        self._remembered: dict[tuple[str, str, bytes], Remembered] = {}

    def route(self, method: str, path: str, handler: Handler) -> Route:
        """Return the route of one call."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, handler)

        return Route(path, answer, methods=[method])

    async def _answer(self, request: Request, handler: Handler) -> Response:
        content = await request.body()
        asked = f"{request.method} {request.url.path}"
        self.world.calls.append(asked)
        key = (request.headers.get("idempotency-key", ""), asked, content)
        known = self._remembered.get(key)
        if known is not None and known.is_valid:
            write_line("info", "call", {"call": asked, "status": "answered again"})
            return JSONResponse(known.body)
        call = Call(self, request.path_params, request.query_params, None)
        try:
            call.content = _json(content)
            body = handler(call)
        except RefusalError as error:
            write_line("info", "call", {"call": asked, "status": error.status, "message": str(error)})
            await self.works.pause(ANSWER_SECONDS, call.traits)
            return JSONResponse({"object": "error", "message": str(error), "code": error.status}, error.status)
        if key[0] and request.method != "GET":
            self._remembered[key] = Remembered(body, call.works)
        return await self._kept(asked, call, body)

    async def _kept(self, asked: str, call: Call, body: Any) -> Response:
        """Answer a call that has been taken."""
        traits = sorted(call.traits)
        write_line("info", "call", {"call": asked, "status": 200} | ({"traits": traits} if traits else {}))
        for work in call.works:
            await self.works.start(work)
        await self.works.pause(ANSWER_SECONDS, call.traits)
        return BrokenOff() if Trait.LOST in call.traits else JSONResponse(body)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError as error:
        raise RefusalError(400, f"The body is no JSON: {error}") from error


class BrokenOff(Response):
    """An answer that ends in the middle: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head of an answer, and no body."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})


def found(things: Mapping[str, Thing], kind: str, thing_id: str) -> Thing:
    """Return a thing by its id. Raises RefusalError if there is none."""
    thing = things.get(thing_id)
    if thing is None:
        raise RefusalError(404, f"{kind} {thing_id} not found")
    return thing
