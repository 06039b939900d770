"""Workers that die, hang and come back."""

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from sqlalchemy import select

from bud_server.runtime.engine import Assignment, Engine
from bud_server.runtime.planning import PlanStore
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.status import ExecutionStatus
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.tables import entries
from tests.chaos import ledger, length, oracle
from tests.chaos.driver import RETRY, step
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.servers import own_server

MANY = {
    "settings": {"fail_fast": False, "max_parallel_steps": 4},
    "steps": [
        step("first", "effect", params={"seconds": 0.05}),
        step("left", "effect", "first", params={"seconds": 0.05}),
        step("right", "flaky", "first", retry=RETRY),
        step("once", "once", "first", on_failure="continue"),
        step("last", "reconciled", "left", "right", "once"),
    ],
}
EXECUTIONS = length.times(60, 1000)
PAUSES = (1.0, 5.0) if length.IS_LONG else (0.1, 0.5)


def test_a_worker_that_was_stopped_past_its_lease_writes_nothing(database: str, tmp_path: Path) -> None:
    with fleet(database, tmp_path, workers=1) as workers:
        execution = workers.start("zombie", {"steps": [step("slow", "effect", params={"seconds": 1})]})
        workers.until(lambda: len(ledger.read(workers.effects)) == 1)
        (stopped,) = workers.workers
        workers.stop(stopped)
        workers.add()
        workers.until(lambda: workers.state(execution).status is ExecutionStatus.COMPLETED)
        before = workers.state(execution)
        os.kill(stopped.pid, signal.SIGCONT)
        time.sleep(1.5)

        assert workers.state(execution) == before
        assert [effect.attempt for effect in ledger.read(workers.effects)] == [1, 2]
        oracle.check(workers.runtime.database, ledger.read(workers.effects))


def test_what_a_stopped_worker_says_is_not_believed_while_another_one_works(database: str, tmp_path: Path) -> None:
    seconds = 3.0
    with fleet(database, tmp_path, workers=1) as workers:
        execution = workers.start("believed", {"steps": [step("slow", "effect", params={"seconds": seconds})]})
        workers.until(lambda: len(ledger.read(workers.effects)) == 1)
        (stopped,) = workers.workers
        workers.stop(stopped)
        workers.add()
        workers.until(lambda: len(ledger.read(workers.effects)) == 2)
        os.kill(stopped.pid, signal.SIGCONT)
        workers.until(lambda: workers.state(execution).status is ExecutionStatus.COMPLETED)

        with workers.runtime.database.read() as on:
            logged = on.connection.execute(select(entries).order_by(entries.c.sequence)).all()
        begun = max(each.at for each in logged if each.kind == "attempt_started")
        (ended,) = (each.at for each in logged if each.kind == "step_completed")
        assert ended - begun >= seconds - 0.1, "the second worker's own answer counts"
        oracle.check(workers.runtime.database, ledger.read(workers.effects))


def test_an_executor_that_keeps_the_interpreter_busy_keeps_its_lease(database: str, tmp_path: Path) -> None:
    with fleet(database, tmp_path, workers=2) as workers:
        execution = workers.start("busy", {"steps": [step("busy", "busy", params={"seconds": 4})]})
        workers.until(lambda: workers.state(execution).status is ExecutionStatus.COMPLETED)

        assert [effect.attempt for effect in ledger.read(workers.effects)] == [1]


def test_work_of_a_killed_worker_is_taken_over_at_once_on_the_same_machine(database: str, tmp_path: Path) -> None:
    with fleet(database, tmp_path, workers=1, lease_seconds=30) as workers:
        execution = workers.start("killed", {"steps": [step("slow", "effect", params={"seconds": 0.5})]})
        workers.until(lambda: len(ledger.read(workers.effects)) == 1)
        workers.kill(workers.workers[0])
        workers.add()

        workers.until(lambda: workers.state(execution).status is ExecutionStatus.COMPLETED, 5)
        oracle.check(workers.runtime.database, ledger.read(workers.effects))


def test_every_execution_ends_while_workers_are_killed_at_random(database: str, tmp_path: Path) -> None:
    with fleet(database, tmp_path, workers=2 if database.startswith("sqlite") else 4) as workers:
        kill_at_random(workers)


def test_every_execution_ends_while_postgresql_crashes_too(tmp_path: Path) -> None:
    with own_server(tmp_path) as server, fleet(server.url, tmp_path, workers=4) as workers:
        kill_at_random(workers, now_and_then=server.crash)


class Collector:
    """Takes work, and does nothing with it."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.taken: list[Assignment] = []

    def has_room(self, _for_more: int) -> bool:
        return False

    def take(self, assignment: Assignment) -> None:
        self.taken.append(assignment)

    def stop(self, execution_id: str, step_id: str, fence: int) -> None:
        raise AssertionError(f"{execution_id}/{step_id} ({fence}) was not stopped by anybody")


def test_no_two_workers_take_the_same_work(database: str, tmp_path: Path) -> None:
    steps = [step(f"once-{number}", "once") for number in range(10)]
    with fleet(database, tmp_path, workers=0) as workers, ExitStack() as stack:
        started = [workers.start(f"claimed-{number}", {"steps": steps}) for number in range(length.times(30, 300))]
        collectors = [Collector() for _ in range(4)]
        databases = [stack.enter_context(closing(Database(database))) for _ in collectors]
        engines = [
            Engine(each, PlanStore(each, Secrets(None)), one) for each, one in zip(databases, collectors, strict=True)
        ]
        for each in databases:
            each.start()
        with ThreadPoolExecutor(len(engines)) as threads:
            list(threads.map(_claim_all, engines))

        taken = Counter((each.execution_id, each.step_id) for one in collectors for each in one.taken)
        assert len(taken) == 10 * len(started)
        assert set(taken.values()) == {1}


def _claim_all(engine: Engine) -> None:
    nothing_found = 0
    while nothing_found < 3:  # what others are about to take is skipped
        found = engine.database.write(lambda on: engine.claim(on, 1)).result()
        nothing_found = 0 if found else nothing_found + 1


def kill_at_random(workers: Fleet, now_and_then: Callable[[], None] = lambda: None) -> None:
    """Start executions while workers are killed and replaced, and check everything at the end."""
    draw = length.draw()
    size = len(workers.workers)
    started = [workers.start(f"many-{number}", MANY) for number in range(EXECUTIONS)]
    left = set(started)
    kills = 0
    end = time.monotonic() + 120 + EXECUTIONS
    while left and time.monotonic() < end:
        time.sleep(draw.uniform(*PAUSES))
        if kills % 10 == 0:
            now_and_then()
        kills += 1
        workers.kill(draw.choice(workers.workers))
        while len(workers.workers) < size:
            workers.add()
        left = {execution for execution in left if not workers.state(execution).status.is_terminal}

    assert not left
    oracle.check(workers.runtime.database, ledger.read(workers.effects))
