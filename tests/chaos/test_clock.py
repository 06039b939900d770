"""Clocks that are wrong, or jump."""

import multiprocessing
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.settings import Settings
from tests.chaos import actions, ledger, oracle
from tests.chaos.driver import step
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.test_events import World

HOUR = 3600.0
SECONDS = 1.5
STEPS = [
    step("delay", "delayed", params={"seconds": SECONDS}),
    step("retry", "flaky", retry={"max_attempts": 2, "backoff_seconds": SECONDS}),
    step("timeout", "slow", timeout_seconds=2, on_failure="continue"),
]
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.chaos.driver"])


def set_clock(offset: float) -> None:
    """Have the machine's clock be wrong from now on, for this process."""
    real = time.clock_gettime
    time.time = lambda: real(time.CLOCK_REALTIME) + offset


def run(database: str, effects: str, offset: float, jump: float, answer: Connection) -> None:
    """Have the steps run, and say after how many seconds each one ended."""
    import os

    os.environ[ledger.VARIABLE] = effects
    set_clock(offset)
    catalog = actions.catalog()
    settings = Settings(database=database, shutdown_seconds=1)
    ended: dict[str, float] = {}
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        world = World(runtime, Path(effects))
        execution = world.start(*STEPS)
        began = time.monotonic()
        world.until(execution, StepStatus.WAITING, step_id="delay")
        world.until(execution, StepStatus.RUNNING, step_id="timeout")
        set_clock(offset + jump)
        later = world.start(STEPS[0])
        later_began = time.monotonic()
        while len(ended) < len(STEPS) + 1 and time.monotonic() - began < 20:
            for name, state in world.state(execution).steps.items():
                if state.status.is_terminal:
                    ended.setdefault(name, time.monotonic() - began)
            if world.state(later).status.is_terminal:
                ended.setdefault("later delay", time.monotonic() - later_began)
            time.sleep(0.02)
        oracle.check(runtime.database, ledger.read(effects))
    answer.send(ended)


@pytest.mark.parametrize(("offset", "jump"), [(0, HOUR), (0, -HOUR), (HOUR, -HOUR)])
def test_a_clock_that_jumps_fires_no_timer_early_and_loses_none(offset: float, jump: float, tmp_path: Path) -> None:
    ours, theirs = processes.Pipe()
    arguments = (f"sqlite:///{tmp_path}/bud.db", str(tmp_path / "ledger"), offset, jump, theirs)
    process = processes.Process(target=run, args=arguments)
    process.start()
    theirs.close()
    try:
        ended = ours.recv()
    finally:
        process.join(30)

    assert set(ended) == {"delay", "retry", "timeout", "later delay"}
    assert all(SECONDS - 1 < seconds < SECONDS + 5 for seconds in ended.values()), ended
    assert min(ended["delay"], ended["later delay"]) > SECONDS - 0.3


@pytest.mark.parametrize("offset", [600.0, -600.0])
def test_a_worker_whose_clock_is_wrong_changes_nothing_on_postgresql(
    offset: float, postgres_url: str, tmp_path: Path
) -> None:
    with fleet(postgres_url, tmp_path, workers=1, lease_seconds=2) as workers:
        workers.add(before=partial(set_clock, offset))
        started = time.monotonic()
        executions = [_start(workers, number) for number in range(6)]
        workers.until(lambda: all(workers.state(each).status is ExecutionStatus.COMPLETED for each in executions))

        assert time.monotonic() - started > SECONDS * 0.8
        states = [workers.state(each) for each in executions]
        assert {step.losses for state in states for step in state.steps.values()} == {0}
        assert {state.steps["timeout"].status for state in states} == {StepStatus.TIMEOUT}
        assert all(1 < _seconds(state.steps["timeout"]) < 10 for state in states)
        assert all(SECONDS - 0.3 < _seconds(state.steps["delay"]) < 10 for state in states)
        oracle.check(workers.runtime.database, ledger.read(workers.effects))


def _start(workers: Fleet, number: int) -> str:
    return workers.start(f"clock-{number}", {"steps": STEPS})


def _seconds(state: object) -> float:
    return state.ended_at - state.started_at  # type: ignore[attr-defined, no-any-return]
