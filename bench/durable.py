"""What the runtime is measured at, each in a process of its own.

`python -m bench.durable NAME DATABASE [FOLDER]` prints what it measured as JSON.
"""

import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench import steps
from bench.floor import seconds_a_step
from bud_server.runtime.events.inbox import Event
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import StepStatus
from bud_server.runtime.store import tables

STEPS = 300
EVENTS = 60
WAITING, STEPS_EACH, IDLE_SECONDS = 10_000, 10, 5.0


def steps_and_floor(database: str, folder: str) -> dict[str, float]:
    """Return seconds and commits a step of a chain and of a fan-out, and seconds of a bare transaction just before."""
    floor = seconds_a_step(Path(folder) / f"floor-{time.time_ns()}.db", STEPS)
    with steps.runtime(database) as running:
        steps.seconds(running, steps.chain(5))
        chain, chain_commits = _with_commits(running, steps.chain(STEPS))
        fan_out, fan_out_commits = _with_commits(running, steps.fan_out(STEPS))
    return {
        "floor": floor,
        "chain": chain,
        "chain commits": chain_commits,
        "fan-out": fan_out,
        "fan-out commits": fan_out_commits,
    }


def _with_commits(running: Runtime, pipeline: Any) -> tuple[float, float]:
    before = running.database.commits
    seconds = steps.seconds(running, pipeline)
    return seconds / STEPS, (running.database.commits - before) / STEPS


def resumption(database: str) -> dict[str, float]:
    """Return the median seconds from handing in an event to the beginning of the step after the waiting one."""
    taken = []
    with steps.runtime(database) as running:
        for number in range(EVENTS):
            key = f"event-{number}"
            execution = steps.start(running, steps.resumed(key))
            _until(partial(_is_waiting, running, execution))
            with steps.ended(running) as wait:
                told = time.perf_counter()
                running.inbox.receive(Event("bench", key, "bench", {}, (key,))).result()
                wait()
            taken.append(steps.Noted.moments[-1] - told)
    return {"seconds": statistics.median(taken)}


def _is_waiting(running: Runtime, execution_id: str) -> bool:
    state = running.engine.known_state(execution_id)
    return state is not None and state.steps["s0"].status is StepStatus.WAITING


def waiting(database: str) -> dict[str, float]:
    """Return what steps that wait cost: bytes of memory all together, and CPU seconds of an idle second."""
    with steps.runtime(database) as running:
        steps.seconds(running, steps.chain(STEPS))
        steps.start(running, steps.waiting("warm", STEPS_EACH))
        _until(lambda: _waiting_steps(running) == STEPS_EACH)
        before = _memory()
        for number in range(WAITING // STEPS_EACH):
            steps.start(running, steps.waiting(str(number), STEPS_EACH))
        _until(lambda: _waiting_steps(running) == WAITING + STEPS_EACH)
        memory = _memory() - before
        spent = time.process_time()
        time.sleep(IDLE_SECONDS)
        return {"bytes": memory, "cpu": (time.process_time() - spent) / IDLE_SECONDS}


def _waiting_steps(running: Runtime) -> int:
    with running.database.read() as on:
        query = select(func.count()).where(tables.steps.c.status == StepStatus.WAITING.value)
        return int(on.connection.execute(query).scalar_one())


def _memory() -> int:
    """Return the bytes that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def chain(database: str) -> dict[str, float]:
    """Return the seconds of a step of a chain."""
    with steps.runtime(database) as running:
        steps.seconds(running, steps.chain(5))
        return {"seconds": steps.seconds(running, steps.chain(STEPS)) / STEPS}


def worker(database: str) -> dict[str, float]:
    """Say that it is ready, begin to work when told, and go on until the input ends."""
    running = steps.runtime(database)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with running:
        sys.stdin.read()
    return {}


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + steps.LONGEST_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"did not hold within {steps.LONGEST_SECONDS:g} seconds")
        time.sleep(0.005)


SUBJECTS: Mapping[str, Callable[..., dict[str, float]]] = {
    "steps": steps_and_floor,
    "chain": chain,
    "resumption": resumption,
    "waiting": waiting,
    "worker": worker,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SUBJECTS[sys.argv[1]](*sys.argv[2:])) + "\n")
