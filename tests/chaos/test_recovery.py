"""How soon the work goes on after a process was killed, and what waiting costs."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.runtime.store.tables import entries, waiters
from bud_server.settings import Settings
from tests.chaos import actions, ledger, length, oracle
from tests.chaos.driver import step
from tests.chaos.fleet import fleet
from tests.chaos.test_events import World, wait

LONGEST_RECOVERY = 5.0
"""Seconds; generous, as the machine may be busy. About one is usual."""


def test_what_was_interrupted_is_attempted_again_soon_after_the_restart(database: str, tmp_path: Path) -> None:
    with fleet(database, tmp_path, workers=1, lease_seconds=30) as workers:
        execution = workers.start("recovered", {"steps": [step("slow", "effect", params={"seconds": 0.5})]})
        workers.until(lambda: len(ledger.read(workers.effects)) == 1)
        workers.kill(workers.workers[0])
        restarted = time.time()
        workers.add()
        workers.until(lambda: workers.state(execution).status is ExecutionStatus.COMPLETED)

        begun = select(func.max(entries.c.at)).where(entries.c.kind == "attempt_started")
        with workers.runtime.database.read() as on:
            seconds = float(on.connection.execute(begun).scalar_one()) - restarted
        oracle.check(workers.runtime.database, ledger.read(workers.effects))

    print(f"attempted again {seconds:.2f} seconds after the start of the new process")  # noqa: T201
    assert seconds < LONGEST_RECOVERY


def test_steps_that_wait_hold_nothing_and_are_still_there_after_a_restart(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    settings = Settings(database=database, shutdown_seconds=1, worker_capacity=100)
    catalog = actions.catalog()
    count, parallel = length.times(300, 10_000), {"settings": {"max_parallel_steps": 50}}

    def held() -> tuple[int, int]:
        children = [each.read_text().split() for each in Path("/proc/self/task").glob("*/children")]
        return threading.active_count(), sum(map(len, children))

    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        world = World(runtime, tmp_path / "ledger")
        first = world.start(wait("wait", "first"))
        world.until(first, StepStatus.WAITING, step_id="wait")
        before = held()
        for batch in range(count // 50):
            world.start(*(wait(f"wait-{number}", f"key-{batch}-{number}") for number in range(50)), **parallel)
        open_waits = select(func.count()).select_from(
            select(waiters.c.execution_id, waiters.c.step_id).where(waiters.c.is_open).distinct().subquery()
        )
        end = time.monotonic() + 300
        waiting = 0
        while waiting < count + 1 and time.monotonic() < end:
            time.sleep(0.1)
            with runtime.database.read() as on:
                waiting = on.connection.execute(open_waits).scalar_one()
        assert waiting == count + 1
        assert held() <= before

    started = time.monotonic()
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        seconds = time.monotonic() - started
        world = World(runtime, tmp_path / "ledger")
        world.say("done", "first")
        world.until(first, ExecutionStatus.COMPLETED)
    print(f"started within {seconds:.2f} seconds with {count} steps waiting")  # noqa: T201
    assert seconds < LONGEST_RECOVERY
