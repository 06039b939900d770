"""What the routes of executions answer."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sse_starlette.event import ServerSentEvent
from starlette.responses import Response

from bud_server.http.body import RefusedError
from bud_server.http.problem_details import problem_response
from bud_server.http.stream import EventStream
from bud_server.pipelines.content import headers_of
from bud_server.pipelines.handlers import visible_row
from bud_server.pipelines.read import read_pipeline
from bud_server.pipelines.sealing import has_mask, unmasked
from bud_server.runtime import answers, queries
from bud_server.runtime.calls import Call, check_storable, is_id, json_response
from bud_server.runtime.engine import Happened
from bud_server.runtime.events.near import near_misses
from bud_server.runtime.executions import Request, is_settled
from bud_server.runtime.following import MOST_FOLLOWERS
from bud_server.runtime.found import Found
from bud_server.runtime.gate import RETRY_AFTER
from bud_server.runtime.plan import Plan
from bud_server.runtime.starting import Starter, checked_params
from bud_server.runtime.state import ExecutionState
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.rows import load_state

WAIT_SECONDS = 5
"""How long a start waits for the end, if the client does not say."""
LONGEST_WAIT_SECONDS = 60
LOOK_SECONDS = 0.5
"""How long it takes until what another process did is seen."""
ONE_STEP = "action"
"""The step of an execution that is one action."""


# To start


async def start(call: Call) -> Response:
    """Run a saved pipeline, named in the body."""
    body = await call.body()
    return await _start_saved(call, body["workflow_id"], body)


async def start_named(call: Call) -> Response:
    """Run a saved pipeline, named in the path."""
    return await _start_saved(call, call.part("pipeline_id"), await call.body_if_any())


async def start_definition(call: Call) -> Response:
    """Run a pipeline that stands in the body."""
    body = await call.body()
    return await _start(call, body, lambda starter: starter.of_definition(body["pipeline_definition"], body))


async def start_action(call: Call) -> Response:
    """Run one action."""
    body = await call.body()
    entry = call.catalog.entry(call.part("action_type"))
    if entry is None:
        raise RefusedError(404, f"Action '{call.part('action_type')[:100]}' not found")
    meta = entry["meta"]
    step = {"id": ONE_STEP, "name": meta["name"], "action": call.catalog.reference_of(entry), "params": body["params"]}
    definition = {"name": meta["name"], "steps": [step]}
    rest = {name: each for name, each in body.items() if name != "params"}
    return await _start(call, rest, lambda starter: starter.of_definition(definition, rest), yields=ONE_STEP)


async def _start_saved(call: Call, pipeline_id: str, body: dict[str, Any]) -> Response:
    row = await visible_row(call, pipeline_id)
    return await _start(call, body, lambda starter: starter.of_saved(row, body))


async def _start(
    call: Call, body: dict[str, Any], request_of: Callable[[Starter], Request], yields: str | None = None
) -> Response:
    """Start, and answer once the execution has ended or only waits; with the outputs of step `yields`, if given."""
    check_storable(body, ("initiator",))
    preference = Preference.of(call)
    key = call.header("idempotency-key")
    starter = Starter(call.catalog, call.runtime.secrets, call.subject, key)
    request = await call.aside(lambda: request_of(starter))
    state = await call.committed(lambda: call.runtime.executions.start(request))
    if not preference.is_async:
        state = await _settled(call, state, preference.seconds)
    document = answers.started_document(state, request.pipeline_id, request.pipeline.name)
    if yields is not None:
        document["outputs"] = answers.shown(state.steps[yields].outputs or {})
    headers = {**preference.headers, **headers_of(request.warnings)}
    return json_response(document, 202 if preference.is_async else 201, headers)


async def _settled(call: Call, state: ExecutionState, seconds: float) -> ExecutionState:
    """Return an execution's state once it has ended or only waits, whichever process moves it on, or after so long."""
    until = time.monotonic() + seconds
    while not is_settled(state) and (left := until - time.monotonic()) > 0:
        state = await call.runtime.executions.settled(state, min(left, LOOK_SECONDS))
        if not is_settled(state):
            state = await call.read(_state_reader(call, state.id))
    return state


def _state_reader(call: Call, execution_id: str) -> Callable[[Transaction], ExecutionState]:
    def read(on: Transaction) -> ExecutionState:
        row = queries.row_of(on, execution_id)
        plan, _ = call.runtime.plans.get(on, row.plan)
        return load_state(on.connection, row, plan.steps)

    return read


@dataclass(frozen=True, slots=True)
class Preference:
    """How long a client wants to wait (RFC 7240)."""

    seconds: float = WAIT_SECONDS
    is_async: bool = False
    applied: str | None = None

    @classmethod
    def of(cls, call: Call) -> "Preference":
        """Return what the header Prefer says; what is not understood in it is left out of account, as RFC 7240 says."""
        text = ",".join(call.request.headers.getlist("prefer")).lower()
        if re.search(r"(^|[,;\s])respond-async($|[,;\s])", text):
            return cls(0, is_async=True, applied="respond-async")
        wait = re.search(r"(^|[,;\s])wait\s*=\s*\"?([0-9]{1,9})\"?($|[,;\s])", text)
        if wait is None:
            return cls()
        seconds = min(int(wait[2]), LONGEST_WAIT_SECONDS)
        return cls(seconds, applied=f"wait={seconds}")

    @property
    def headers(self) -> dict[str, str]:
        """What tells the client that it was heard."""
        return {"Preference-Applied": self.applied} if self.applied else {}


# To look


@dataclass(frozen=True, slots=True)
class Looked:
    """An execution as it stood at one moment."""

    row: Row[Any]
    plan: Plan
    definition: dict[str, Any]
    state: ExecutionState

    def document(self) -> dict[str, Any]:
        """Return the execution as clients see it."""
        return {**answers.execution_document(self.row, self.definition), "warnings": list(self.plan.warnings)}

    def step_documents(self) -> list[dict[str, Any]]:
        """Return its steps in the order of the definition."""
        return [answers.step_document(self.row, each, self.state.steps[each.id]) for each in self.plan.steps.values()]


def _look(call: Call, on: Transaction) -> Looked:
    """Return the execution of the path. Raises RefusedError if there is none that one may see."""
    row = _row(call, on)
    plan, _ = call.runtime.plans.get(on, row.plan)
    definition = queries.definition_of(on, row.plan)
    return Looked(row, plan, definition, load_state(on.connection, row, plan.steps))


def _row(call: Call, on: Transaction) -> Row[Any]:
    execution_id = call.part("execution_id")
    row = queries.visible(on, execution_id, call.subject) if is_id(execution_id) else None
    if row is None:
        raise RefusedError(404, f"Execution {execution_id[:100]} not found")
    return row


async def list_all(call: Call) -> Response:
    """List executions: by pages, or, with `limit` or `after`, from one on."""
    asked = call.query()
    if asked["limit"] is None and asked["after"] is None:
        return json_response(await call.read(lambda on: _page(call, on, asked)))
    return json_response(await call.read(lambda on: _following(call, on, asked)))


def _page(call: Call, on: Transaction, asked: dict[str, Any]) -> dict[str, Any]:
    rows, total = queries.page(on, asked, call.subject)
    size = asked["page_size"]
    pages = {"page": asked["page"], "page_size": size, "total_count": total, "total_pages": -(-total // size)}
    return {"executions": _documents(rows), "pagination": pages}


def _following(call: Call, on: Transaction, asked: dict[str, Any]) -> dict[str, Any]:
    most: int = asked["limit"] or asked["page_size"]
    rows = queries.following(on, asked, call.subject, most + 1)
    following = rows[most - 1].id if len(rows) > most else None
    return {"executions": _documents(rows[:most]), "next": following}


def _documents(rows: Any) -> list[dict[str, Any]]:
    return [answers.execution_document(row, json.loads(row.definition)) for row in rows]


async def get(call: Call) -> Response:
    """Return one execution."""
    return json_response(await call.read(lambda on: _look(call, on).document()))


async def progress(call: Call) -> Response:
    """Return how far an execution is, in as much detail as wanted."""
    asked = call.query()
    detail, most = asked["detail"], asked["events_limit"]

    def look(on: Transaction) -> dict[str, Any]:
        looked = _look(call, on)
        has_events = detail == "full" and asked["include_events"]
        entries, _ = queries.latest_entries(on, looked.row.id, {"limit": most}) if has_events else ([], 0)
        return {
            "execution": looked.document(),
            "steps": looked.step_documents() if detail in ("full", "steps") else [],
            "recent_events": [answers.event_document(looked.row.id, *each, looked.plan) for each in entries],
            "aggregated_progress": answers.overview_document(looked.row, looked.plan, looked.state),
        }

    return json_response(await call.read(look))


async def list_steps(call: Call) -> Response:
    """Return the steps of an execution."""
    return json_response({"steps": await call.read(lambda on: _look(call, on).step_documents())})


async def get_step(call: Call) -> Response:
    """Return a step, with what it waits for."""
    step_id = call.part("step_id")

    def look(on: Transaction) -> dict[str, Any]:
        looked = _look(call, on)
        planned = looked.plan.steps.get(step_id)
        if planned is None:
            raise RefusedError(404, f"Execution {looked.row.id} has no step '{step_id[:100]}'")
        step = looked.state.steps[step_id]
        misses = near_misses(on, step.keys) if step.keys else []
        waiting = answers.waiting_document(step, misses)
        return {**answers.step_document(looked.row, planned, step), "waiting": waiting}

    return json_response(await call.read(look))


async def list_events(call: Call) -> Response:
    """Return entries of an execution's log, newest first."""
    asked = call.query()

    def look(on: Transaction) -> dict[str, Any]:
        row = _row(call, on)
        plan, _ = call.runtime.plans.get(on, row.plan)
        found, total = queries.latest_entries(on, row.id, asked)
        events = [answers.event_document(row.id, *each, plan) for each in found]
        return {"events": events, "total_count": total, "limit": asked["limit"], "offset": asked["offset"]}

    return json_response(await call.read(look))


async def list_attempts(call: Call) -> Response:
    """Return the attempts that were made at the steps of an execution, or at one of them."""
    step_id = call.query()["step_id"]

    def look(on: Transaction) -> dict[str, Any]:
        entries = queries.attempt_entries(on, _row(call, on).id, step_id)
        return {"attempts": answers.attempt_documents(entries)}

    return json_response(await call.read(look))


async def stream(call: Call) -> Response:
    """Send the log of an execution as it is written, until the execution has ended."""
    last = call.header("last-event-id") or "0"
    if not re.fullmatch(r"[0-9]{1,15}", last):
        raise RefusedError(400, "Last-Event-ID must be the number of an entry")
    row = await call.read(lambda on: _row(call, on))
    followers = call.runtime.followers
    if followers.is_full:
        response = problem_response(503, f"There are {MOST_FOLLOWERS} listeners already; try again later")
        response.headers.update(RETRY_AFTER)
        return response
    return EventStream(_sent(call, row.id, int(last)))


async def _sent(call: Call, execution_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    async for sequence, entry in call.runtime.followers.entries(execution_id, after):
        document = {
            "sequence": sequence,
            "kind": entry.kind,
            "step_id": entry.step,
            "at": answers.moment(entry.at),
            "data": answers.shown(entry.data),
        }
        yield ServerSentEvent(json.dumps(document), event=entry.kind, id=str(sequence))


# To act


async def cancel(call: Call) -> Response:
    """End an execution."""
    body = await call.body_if_any()
    row = await call.read(lambda on: _row(call, on))
    reason = body.get("reason") or ""
    happened = await call.committed(lambda: call.runtime.executions.cancel(row.id, call.subject.id, reason))
    return _acted(row, happened)


async def retry(call: Call) -> Response:
    """Try again what did not complete, maybe with other params."""
    body = await call.body_if_any()
    given = body.get("params")

    def look(on: Transaction) -> tuple[Row[Any], dict[str, Any] | None]:
        row = _row(call, on)
        return row, None if given is None else _new_params(call, on, row, given)

    row, params = await call.read(look)
    happened = await call.committed(lambda: call.runtime.executions.retry(row.id, call.subject.id, params))
    return _acted(row, happened)


def _new_params(call: Call, on: Transaction, row: Row[Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return an execution's params with others over them, secrets sealed; stars stand for the secrets that it has."""
    pipeline = read_pipeline(queries.definition_of(on, row.plan), stored=True).pipeline
    if pipeline is None:
        raise RefusedError(
            409, "The pipeline of this execution cannot be read any more, so its params cannot be checked"
        )
    before = json.loads(row.params)
    kept = {name: unmasked(value, before.get(name)) for name, value in given.items()}
    if has_mask(kept):
        raise RefusedError(422, "Stars stand for a secret that the execution does not have: give the secret itself")
    opened = call.runtime.secrets.open({**before, **kept}, Found())
    plan, _ = call.runtime.plans.get(on, row.plan)
    return call.runtime.executions.sealed_params(pipeline, plan, checked_params(pipeline, opened))


async def resolve(call: Call) -> Response:
    """Say what became of a step of which nobody knows whether it took effect."""
    body = await call.body()
    row = await call.read(lambda on: _row(call, on))
    asked = (row.id, call.part("step_id"), call.subject.id, body["outcome"], body.get("outputs") or {})
    return _acted(row, await call.committed(lambda: call.runtime.executions.resolve(*asked)))


def _acted(row: Row[Any], happened: Happened) -> Response:
    return json_response(answers.started_document(happened.after, row.pipeline_id, row.pipeline_name), 202)
