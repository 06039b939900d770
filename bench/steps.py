"""What the runtime's benchmarks run: actions that do nothing, and pipelines of them."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor, EventAction, EventContext, EventResult
from bud_schemas.shapes import complete, entry_of
from bud_server.auth.identity import ANYONE
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.definition import Pipeline
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.engine import Happened
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus
from bud_server.settings import Settings

PARALLEL = 100
"""Steps side by side: as many as a pipeline may have."""
LONGEST_SECONDS = 60.0


class Nothing(BaseActionExecutor):
    """Does nothing."""

    async def execute(self, context: ActionContext) -> ActionResult:
        """Succeed."""
        return ActionResult(success=True)


class Waiting(BaseActionExecutor):
    """Waits for the event that its param names."""

    async def execute(self, context: ActionContext) -> ActionResult:
        """Wait."""
        return ActionResult(success=True, awaiting_event=True, external_workflow_id=context.params["key"])

    async def on_event(self, context: EventContext) -> EventResult:
        """Complete the step."""
        return EventResult(action=EventAction.COMPLETE)


class Noted(BaseActionExecutor):
    """Notes the moment at which it is begun."""

    moments: ClassVar[list[float]] = []

    async def execute(self, context: ActionContext) -> ActionResult:
        """Note the moment."""
        self.moments.append(time.perf_counter())
        return ActionResult(success=True)


EXECUTORS: Mapping[str, BaseActionExecutor] = {"nothing": Nothing(), "waiting": Waiting(), "noted": Noted()}


def catalog() -> ServedCatalog:
    """Return the catalog of these actions."""
    categories = [{"name": "Bench", "icon": "zap", "order": 1}]
    return ServedCatalog("bench", categories, {name: _entry(name) for name in EXECUTORS})


def _entry(name: str) -> dict[str, Any]:
    key = {"name": "key", "label": "Key", "type": "string", "description": "What is waited for."}
    about = {"type": name, "version": "1.0.0", "name": name.title(), "description": "Measures.", "category": "Bench"}
    mode = "event_driven" if name == "waiting" else "sync"
    meta = {**about, "execution_mode": mode, "idempotent": True, "params": [key], "outputs": []}
    return dict(entry_of(complete(meta), "bench", f"{__name__}:{type(EXECUTORS[name]).__name__}"))


def chain(number: int) -> Pipeline:
    """Return a pipeline of steps one after the other."""
    return _pipeline([_step(each, depends_on=[f"s{each - 1}"] if each else []) for each in range(number)])


def fan_out(number: int) -> Pipeline:
    """Return a pipeline of steps side by side."""
    return _pipeline([_step(each) for each in range(number)])


def waiting(key: str, number: int) -> Pipeline:
    """Return a pipeline of steps that wait for events, or for a moment far away."""
    return _pipeline([_step(each, action="waiting", params={"key": f"{key}/{each}"}) for each in range(number)])


def resumed(key: str) -> Pipeline:
    """Return a pipeline of a step that waits for an event, and one that notes when it is begun."""
    first = _step(0, action="waiting", params={"key": key})
    return _pipeline([first, _step(1, action="noted", depends_on=["s0"])])


def _step(number: int, action: str = "nothing", **more: Any) -> dict[str, Any]:
    return {"id": f"s{number}", "action": action, **more}


def _pipeline(steps: list[dict[str, Any]]) -> Pipeline:
    document = {"name": "bench", "steps": steps, "settings": {"max_parallel_steps": PARALLEL}}
    reading = read_pipeline(document)
    if reading.pipeline is None:
        raise ValueError(reading.problems)
    return reading.pipeline


def runtime(database: str, *, has_worker: bool = True) -> Runtime:
    """Return a runtime of these actions."""
    settings = Settings(database=database, worker_capacity=PARALLEL)
    served = catalog()
    return Runtime(settings, lambda: served, lambda name: EXECUTORS[name.partition("@")[0]], has_worker=has_worker)


def start(running: Runtime, pipeline: Pipeline) -> str:
    """Start an execution; return its id once that is committed."""
    return running.executions.start(Request(pipeline=pipeline, params={}, subject=ANYONE)).result().id


def seconds(running: Runtime, pipeline: Pipeline) -> float:
    """Return the seconds that an execution takes from its acceptance to its end."""
    with ended(running) as wait:
        started = time.perf_counter()
        start(running, pipeline)
        wait()
        return time.perf_counter() - started


@contextmanager
def ended(running: Runtime) -> Iterator[Callable[[], None]]:
    """Yield what waits until an execution ends. Raises TimeoutError if none does, RuntimeError if it fails."""
    has_ended, statuses = threading.Event(), []

    def look(happened: Happened) -> None:
        if happened.after.status.is_terminal:
            statuses.append(happened.after.status)
            has_ended.set()

    def wait() -> None:
        if not has_ended.wait(LONGEST_SECONDS):
            raise TimeoutError(f"no execution ended within {LONGEST_SECONDS:g} seconds")
        if statuses != [ExecutionStatus.COMPLETED]:
            raise RuntimeError(f"the execution ended as {statuses}")

    running.engine.listeners.append(look)
    try:
        yield wait
    finally:
        running.engine.listeners.remove(look)
