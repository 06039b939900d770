"""A process is killed at every point at which that could matter, and another one goes on."""

import multiprocessing
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest

from bud_server.runtime import inputs
from bud_server.runtime.executors.call import Method
from bud_server.runtime.store.database import Database
from tests.chaos import driver, ledger, length, oracle

COMMITS = [f"{each.__name__}.{when}" for each in get_args(inputs.Input) for when in ("before_commit", "after_commit")]
CALLS = [f"{method}.{when}" for method in get_args(Method) for when in ("before", "after")]
EVENTS = ["Event.before_commit", "Event.after_commit"]
POINTS = [*COMMITS, *CALLS, *EVENTS]
AFTER_A_LOSS = {"WorkerLost": "Once.resolved", "StepResolved": "Once.resolved", "reconcile": "Reconciled.work"}
"""Points that are reached only when a worker was lost before, and where that was."""
LATER = [f"{point}:{nth}" for point in POINTS for nth in (2, 3)]
"""Later reaches, not all of which there are in every run."""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.chaos.driver"])


def run(database: str, effects: Path, failpoint: str = "") -> Any:
    process = processes.Process(target=driver.main, args=(database, str(effects), failpoint))
    process.start()
    process.join(driver.SECONDS + 15)
    code = process.exitcode
    if code is None:
        process.kill()
    return code


@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_when_it_is_killed_at(point: str, database: str, tmp_path: Path) -> None:
    effects = tmp_path / "ledger"
    before = AFTER_A_LOSS.get(point.partition(".")[0])
    if before is not None:
        assert run(database, effects, before) == -signal.SIGKILL

    assert run(database, effects, point) == -signal.SIGKILL, "the point is reached"
    check_that_everything_ends(database, effects)


def check_that_everything_ends(database: str, effects: Path) -> None:
    started = time.monotonic()
    assert run(database, effects) == 0, "everything ends"

    with closing(Database(database)) as opened:
        oracle.check(opened, ledger.read(effects))
    assert time.monotonic() - started < driver.SECONDS


@pytest.mark.parametrize("point", LATER if length.IS_LONG else length.draw().sample(LATER, 2))
def test_nothing_is_lost_when_it_is_killed_later_at(point: str, database: str, tmp_path: Path) -> None:
    effects = tmp_path / "ledger"

    assert run(database, effects, point) in (-signal.SIGKILL, 0)
    check_that_everything_ends(database, effects)


def _pairs(count: int) -> list[tuple[str, str]]:
    draw, every = length.draw(), [*POINTS, *LATER]
    return [(draw.choice(every), draw.choice(every)) for _ in range(count)]


@pytest.mark.parametrize("points", _pairs(length.times(2, 100)), ids=" then ".join)
def test_nothing_is_lost_when_it_is_killed_twice_at(points: tuple[str, str], database: str, tmp_path: Path) -> None:
    effects = tmp_path / "ledger"

    for point in points:
        assert run(database, effects, point) in (-signal.SIGKILL, 0)
    check_that_everything_ends(database, effects)
