"""`bud worker`: a process that runs steps and serves nobody."""

import signal
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.support.project import bud
from tests.support.server import wait_until
from tests.support.terminal import make_acme, read_until, started, write_pipeline


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_acme(tmp_path_factory.mktemp("acme")))


def left_waiting(folder: Path, *options: str) -> None:
    path = write_pipeline(folder, "{id: wait, action: delay, params: {duration_seconds: 1}}")
    done = bud("run", path.name, "--no-wait", *options, cwd=folder)
    assert done.returncode == 0, done.stderr


def statuses(database: Path) -> list[str]:
    with sqlite3.connect(database, timeout=30) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM executions")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_takes_up_what_is_there_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    left_waiting(tmp_path)
    with started("worker", "--capacity", "3", cwd=tmp_path) as process:
        assert process.stderr is not None
        said = read_until(process.stderr, "working on sqlite:///var/bud.db, 3 steps at a time")
        wait_until(lambda: statuses(tmp_path / "var/bud.db") == ["COMPLETED"])
        process.send_signal(number)
        said += process.stderr.read()

    assert process.returncode == 0
    assert "SQLite lets one process write at a time" in said
    assert said.endswith("stopped\n")


def test_a_worker_works_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    left_waiting(tmp_path, "--database", postgres_url)
    with started("worker", "--database", postgres_url, cwd=tmp_path) as process:
        assert process.stderr is not None
        said = read_until(process.stderr, "working on postgresql://")
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            wait_until(lambda: connection.execute("SELECT status FROM executions").fetchall() == [("COMPLETED",)])
        process.send_signal(signal.SIGTERM)
        said += process.stderr.read()

    assert process.returncode == 0
    assert "SQLite" not in said


def test_a_stopping_worker_lets_a_step_end(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: nap, action: nap, params: {person: '3'}}")
    with started("worker", "--root", acme, cwd=tmp_path) as worker:
        assert worker.stderr is not None
        read_until(worker.stderr, "working on")
        with started("run", path.name, "--root", acme, cwd=tmp_path) as run:
            assert run.stderr is not None
            read_until(run.stderr, "begun")
            worker.send_signal(signal.SIGTERM)
            said = run.stderr.read()
        worker.stderr.read()

    assert (worker.returncode, run.returncode) == (0, 0), said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--database", "nonsense"], "the database must be a URL"),
        (["--root", "/nowhere"], "/nowhere is not a folder"),
    ],
)
def test_a_worker_that_cannot_begin_says_why(tmp_path: Path, options: list[str], said: str) -> None:
    done = bud("worker", *options, cwd=tmp_path)

    assert done.returncode == 1
    assert said in done.stderr
