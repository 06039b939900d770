"""Events that come early, late, twice, in the wrong order, or to the wrong step."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.events.inbox import Event, Received
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.runtime.store import tables
from bud_server.runtime.store.database import Database, Rejection, Transaction
from bud_server.settings import Settings
from tests.chaos import actions, ledger, length, oracle
from tests.chaos.driver import step


class World:
    """A runtime, and what can be said to it."""

    def __init__(self, runtime: Runtime, effects: Path) -> None:
        self.runtime = runtime
        self.effects = effects

    def start(self, *steps: dict[str, Any], **more: Any) -> str:
        """Start an execution; return its id."""
        reading = read_pipeline({"name": "events", "steps": list(steps), **more})
        assert reading.pipeline is not None, reading.problems
        return self.runtime.executions.start(Request(pipeline=reading.pipeline, params={}, subject=ANYONE)).result().id

    def say(self, what: str, *keys: str, event_id: str = "") -> Received:
        """Send an event."""
        event = Event("test", event_id or f"{what}-{time.monotonic_ns()}", "test", {"say": what}, keys)
        return self.runtime.inbox.receive(event).result()

    def state(self, execution_id: str) -> ExecutionState:
        """Return where an execution stands."""
        return self.runtime.database.write(lambda on: self.runtime.engine.state(on, execution_id)).result()

    def until(
        self, execution_id: str, *statuses: StepStatus | ExecutionStatus, step_id: str = "", seconds: float = 20
    ) -> ExecutionState:
        """Return the state once the step, or the execution, has one of the statuses."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.state(execution_id)
            if (state.steps[step_id].status if step_id else state.status) in statuses:
                return state
            time.sleep(0.01)
        raise TimeoutError(str(state))

    def events(self) -> list[Any]:
        """Return all events, in the order in which they came."""
        with self.runtime.database.read() as on:
            return list(on.connection.execute(select(tables.events).order_by(tables.events.c.id)).all())

    def verdicts(self) -> Counter[str]:
        """Return how many events there are of each state."""
        return Counter(event.state for event in self.events())


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    catalog = actions.catalog()
    settings = Settings(database=database, shutdown_seconds=1)
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        yield World(runtime, tmp_path / "ledger")
        oracle.check(runtime.database, ledger.read(tmp_path / "ledger"))


def wait(step_id: str, key: str, *depends_on: str) -> dict[str, Any]:
    return step(step_id, "waiting", *depends_on, params={"key": key})


def test_an_event_that_comes_before_its_step_waits_completes_it(world: World) -> None:
    received = world.say("done", "early")
    execution = world.start(wait("wait", "early"))

    state = world.until(execution, ExecutionStatus.COMPLETED)

    assert received.state == "unmatched"
    assert state.steps["wait"].outputs == {"value": "told"}
    assert [(event.state, event.verdict) for event in world.events()] == [("matched", "applied")]


def test_an_event_that_is_sent_ten_times_is_handled_once(world: World) -> None:
    execution = world.start(wait("wait", "twice"))
    world.until(execution, StepStatus.WAITING, step_id="wait")

    threads = [threading.Thread(target=world.say, args=("done", "twice"), kwargs={"event_id": "1"}) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.until(execution, ExecutionStatus.COMPLETED)

    assert world.verdicts() == {"matched": 1, "duplicate": 9}
    assert [effect.kind for effect in ledger.read(world.effects)] == ["started", "event"]


def test_events_are_handled_in_the_order_in_which_they_came(world: World) -> None:
    for what in ("progress", "noise", "progress", "done", "failed"):
        world.say(what, "order")
    execution = world.start(wait("wait", "order"))

    state = world.until(execution, ExecutionStatus.COMPLETED)

    assert state.steps["wait"].progress == {"current": 50, "total": 100, "category": "", "eta_seconds": 60}
    told = [(json.loads(event.body)["say"], event.state, event.verdict) for event in world.events()]
    assert told == [
        ("progress", "matched", "applied"),
        ("noise", "matched", "ignored"),
        ("progress", "matched", "applied"),
        ("done", "matched", "applied"),
        ("failed", "late", "the step had ended"),
    ]


def test_an_event_that_comes_after_the_end_is_late(world: World) -> None:
    execution = world.start(wait("wait", "late"))
    world.until(execution, StepStatus.WAITING, step_id="wait")
    world.say("done", "late")
    world.until(execution, ExecutionStatus.COMPLETED)

    assert world.say("failed", "late").state == "late"
    assert world.state(execution).status is ExecutionStatus.COMPLETED


def test_an_event_for_a_cancelled_step_is_late(world: World) -> None:
    execution = world.start(wait("wait", "cancelled"))
    world.until(execution, StepStatus.WAITING, step_id="wait")
    world.runtime.executions.cancel(execution, "test").result()
    world.until(execution, ExecutionStatus.CANCELLED)

    assert world.say("done", "cancelled").state == "late"
    assert ("cleanup", f"{execution}/wait", 1) in ledger.read(world.effects)


def test_an_event_is_found_by_any_of_its_keys(world: World) -> None:
    execution = world.start(wait("wait", "second"))
    world.until(execution, StepStatus.WAITING, step_id="wait")

    world.say("done", "first", "second")

    world.until(execution, ExecutionStatus.COMPLETED)


def test_an_event_that_two_steps_wait_for_is_kept_for_a_person(world: World) -> None:
    execution = world.start(wait("one", "same"), wait("two", "same"))
    for step_id in ("one", "two"):
        world.until(execution, StepStatus.WAITING, step_id=step_id)

    received = world.say("done", "same")
    assert received.state == "dead"
    (event,) = world.events()
    assert event.verdict.startswith("ambiguous: 2 steps wait for it")

    world.runtime.inbox.deliver(received.id, execution, "one").result()
    world.until(execution, StepStatus.COMPLETED, step_id="one")
    with pytest.raises(Rejection, match="handled already"):
        world.runtime.inbox.deliver(received.id, execution, "two").result()
    other = world.say("done", "same")
    assert other.state == "matched"
    world.until(execution, ExecutionStatus.COMPLETED)


def test_an_executor_that_stumbles_over_an_event_is_asked_again(world: World) -> None:
    execution = world.start(wait("wait", "stumble"))
    world.until(execution, StepStatus.WAITING, step_id="wait")
    world.say("stumble", "stumble")
    world.say("done", "stumble")

    world.until(execution, ExecutionStatus.COMPLETED)

    assert [(event.tries, event.verdict) for event in world.events()] == [(1, "ignored"), (0, "applied")]


def test_a_storm_of_events_is_neither_lost_nor_handled_twice(world: World) -> None:
    count = length.times(1000, 10_000)
    execution = world.start(wait("wait", "storm"))
    world.until(execution, StepStatus.WAITING, step_id="wait")
    sent = [
        world.runtime.inbox.receive(Event("storm", str(number), "test", {"say": "noise"}, ("storm",)))
        for number in range(count)
    ]
    for future in sent:
        future.result()
    world.say("done", "storm")
    world.until(execution, ExecutionStatus.COMPLETED, seconds=20 + count / 25)

    assert world.verdicts() == {"matched": count + 1}


def test_a_thousand_waiting_steps_are_each_reached_by_their_own_event(world: World) -> None:
    keys = [f"key-{number}" for number in range(100)]
    steps = [wait(f"wait-{number}", key) for number, key in enumerate(keys)]
    executions = [world.start(*steps[10 * each : 10 * each + 10]) for each in range(10)]
    for key in reversed(keys):
        world.say("done", key)

    for execution in executions:
        world.until(execution, ExecutionStatus.COMPLETED)
    assert world.verdicts() == {"matched": 100}


@pytest.mark.parametrize("first", ["event", "step"])
def test_an_event_and_its_step_that_begin_at_the_same_time_find_each_other(first: str, postgres_url: str) -> None:
    """Step by step in two transactions, neither of which sees the other's rows: whichever locks first is found."""
    from bud_server.runtime.events import matching

    database = Database(postgres_url)
    from bud_server.runtime.store.migrate import upgrade

    upgrade(database)
    order: list[str] = []
    other_may_begin = threading.Event()

    def event(on: Transaction) -> None:
        database.lock_keys(on.connection, ["key"])
        order.append("event")
        other_may_begin.set()
        time.sleep(0.3)  # the other one is waiting for the lock by now
        found = [each for each in matching.who_waits(on.connection, ["key"]) if each.is_open]
        on.connection.execute(
            tables.events.insert(),
            {
                "id": "e",
                "source": "s",
                "event_id": "1",
                "type": "t",
                "body": "{}",
                "state": "unmatched",
                "tries": 0,
                "received_at": on.now,
            },
        )
        matching.keep_keys(on.connection, "e", ["key"])
        for each in found:
            matching.match(on.connection, "e", each.execution_id, each.step_id, each.attempt)

    def waiter(on: Transaction) -> None:
        database.lock_keys(on.connection, ["key"])
        order.append("step")
        other_may_begin.set()
        time.sleep(0.3)
        matching.wait_for(database, on, "execution", "step", 1, ["key"])

    jobs = {"event": event, "step": waiter}
    database.start()
    try:
        one = database.write(jobs.pop(first))
        other_may_begin.wait(5)
        (second,) = jobs.values()
        two = database.write(second)
        one.result(10)
        two.result(10)
        with database.read() as on:
            (row,) = on.connection.execute(select(tables.events)).all()
    finally:
        database.close()

    assert order[0] == first
    assert (row.state, row.execution_id, row.step_id) == ("matched", "execution", "step")
