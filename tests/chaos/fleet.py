"""Several worker processes on one database, which can be stopped, killed and replaced."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState
from bud_server.settings import Settings
from tests.chaos import actions, ledger

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.chaos.driver"])


def nothing() -> None:
    """Do nothing."""


def work(database: str, ledger_path: str, lease_seconds: int, capacity: int, before: Callable[[], None]) -> None:
    """Work until killed."""
    before()
    os.environ[ledger.VARIABLE] = ledger_path
    settings = Settings(database=database, lease_seconds=lease_seconds, worker_capacity=capacity)
    catalog = actions.catalog()
    with Runtime(settings, lambda: catalog, actions.executor_of):
        while True:
            time.sleep(3600)


@dataclass(slots=True)
class Fleet:
    """Workers, and a runtime without one that starts executions."""

    database: str
    effects: Path
    lease_seconds: int
    capacity: int
    runtime: Runtime
    workers: list[Any] = field(default_factory=list)

    def add(self, before: Callable[[], None] = nothing) -> Any:
        """Start another worker, which does something else before."""
        arguments = (self.database, str(self.effects), self.lease_seconds, self.capacity, before)
        process = processes.Process(target=work, args=arguments)
        process.start()
        self.workers.append(process)
        return process

    def kill(self, process: Any) -> None:
        """Kill a worker as `kill -9` does."""
        process.kill()
        process.join()
        self.workers.remove(process)

    def stop(self, process: Any) -> None:
        """Stop a worker, but not while it writes: if it held SQLite's lock, nobody else could go on."""
        os.kill(process.pid, signal.SIGSTOP)
        while not self._can_write():
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.01)
            os.kill(process.pid, signal.SIGSTOP)

    def _can_write(self) -> bool:
        try:
            self.runtime.database.write(lambda on: on.connection).result(0.5)
        except TimeoutError:
            return False
        return True

    def start(self, name: str, pipeline: Mapping[str, Any]) -> str:
        """Start an execution; return its id."""
        reading = read_pipeline({"name": name, **pipeline})
        if reading.pipeline is None:
            raise ValueError(reading.problems)
        asked = Request(pipeline=reading.pipeline, params={}, subject=ANYONE, idempotency_key=name)
        started: ExecutionState = insist(lambda: self.runtime.executions.start(asked))
        return started.id

    def state(self, execution_id: str) -> ExecutionState:
        """Return where an execution stands."""
        found: ExecutionState = insist(
            lambda: self.runtime.database.write(lambda on: self.runtime.engine.state(on, execution_id))
        )
        return found

    def until(self, holds: Callable[[], bool], seconds: float = 60) -> float:
        """Return how many seconds it took until something held. Raises TimeoutError."""
        started = time.monotonic()
        while not holds():
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"did not hold within {seconds:g} seconds")
            time.sleep(0.02)
        return time.monotonic() - started


def insist(ask: Callable[[], "Future[Any]"], seconds: float = 20) -> Any:
    """Return the answer to what can be asked twice, asking again while the database cannot be reached."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask().result()
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextmanager
def fleet(database: str, folder: Path, *, workers: int, lease_seconds: int = 1, capacity: int = 8) -> Iterator[Fleet]:
    """Return workers that are gone when it ends."""
    settings = Settings(database=database)
    catalog = actions.catalog()
    with Runtime(settings, lambda: catalog, actions.executor_of, has_worker=False) as runtime:
        found = Fleet(database, folder / "ledger", lease_seconds, capacity, runtime)
        try:
            for _ in range(workers):
                found.add()
            yield found
        finally:
            for process in list(found.workers):
                os.kill(process.pid, signal.SIGCONT)
                found.kill(process)
