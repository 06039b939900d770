"""Executors that hang, crash or block."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.settings import Settings
from tests.chaos import actions, ledger, oracle
from tests.chaos.driver import step
from tests.chaos.fleet import fleet
from tests.chaos.test_events import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    catalog = actions.catalog()
    settings = Settings(database=f"sqlite:///{tmp_path}/bud.db", shutdown_seconds=1)
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        yield World(runtime, tmp_path / "ledger")
        oracle.check(runtime.database, ledger.read(tmp_path / "ledger"))


def started_pids(effects: Path, count: int) -> list[int]:
    """Return the processes that the executor says it is, or started, once it has said so."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = [int(each.kind.removeprefix("pid ")) for each in ledger.read(effects) if each.kind.startswith("pid ")]
        if len(found) == count:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"{count} processes were not started")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def assert_gone(pids: list[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    left = [pid for pid in pids if is_running(pid)]
    for pid in left:
        kill(pid)
    assert not left, f"{left} of {pids} outlived the step"


def test_a_process_that_hangs_is_killed_with_its_children_at_its_timeout(world: World) -> None:
    execution = world.start(step("hangs", "hanging", timeout_seconds=2), settings={"fail_fast": False})
    pids = started_pids(world.effects, 2)

    state = world.until(execution, ExecutionStatus.FAILED)

    assert state.steps["hangs"].status is StepStatus.TIMEOUT
    assert_gone(pids, 3)
    assert ("cleanup", f"{execution}/hangs", 1) in ledger.read(world.effects)


def test_a_process_does_not_outlive_its_worker(tmp_path: Path) -> None:
    with worker_killed_over(tmp_path) as (process, child):
        try:
            assert_gone([process], 3)
        finally:
            kill(child)


def test_what_a_process_started_does_not_outlive_the_worker(tmp_path: Path) -> None:
    with worker_killed_over(tmp_path) as pids:
        assert_gone(pids, 3)


@contextmanager
def worker_killed_over(folder: Path) -> Iterator[list[int]]:
    """Yield an executor's process and the one that it started, their worker having been killed."""
    with fleet(f"sqlite:///{folder}/bud.db", folder, workers=1, lease_seconds=30) as workers:
        workers.start("orphan", {"steps": [step("hangs", "hanging")]})
        pids = started_pids(workers.effects, 2)
        workers.kill(workers.workers[0])
        yield pids


def kill(pid: int) -> None:
    """Kill a process that a test started, if it still runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(("how", "says"), [("exit", "ended with code 3"), ("fault", "was killed by SIGSEGV")])
@pytest.mark.parametrize(("action", "attempts"), [("crashing", 2), ("crashing_once", 1)])
def test_a_process_that_crashes_fails_its_step(how: str, says: str, action: str, attempts: int, world: World) -> None:
    retry = {"max_attempts": 2, "backoff_seconds": 0.01}
    execution = world.start(step("crashes", action, params={"value": how}, retry=retry))

    state = world.until(execution, ExecutionStatus.FAILED)

    assert says in (state.steps["crashes"].error or {})["message"]
    assert [effect.attempt for effect in ledger.read(world.effects)] == list(range(1, attempts + 1))


def test_a_thread_that_blocks_times_out_and_hinders_nobody(world: World) -> None:
    execution = world.start(step("blocks", "blocking", params={"seconds": 4}, timeout_seconds=1))
    world.until(execution, StepStatus.RUNNING, step_id="blocks")
    began = time.monotonic()
    others = [world.start(step("other", "effect")) for _ in range(10)]
    for other in others:
        world.until(other, ExecutionStatus.COMPLETED)
    took = time.monotonic() - began

    state = world.until(execution, ExecutionStatus.FAILED)

    assert took < 3
    assert state.steps["blocks"].status is StepStatus.TIMEOUT
    assert time.monotonic() - began < 3.5, "it did not wait for the thread"
    assert ("cleanup", f"{execution}/blocks", 1) in ledger.read(world.effects)
