"""Commits whose answer never comes: nobody knows whether they were done."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.events.inbox import Event
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState
from bud_server.runtime.store.database import Database, Transaction
from bud_server.runtime.store.migrate import upgrade
from bud_server.runtime.store.tables import events, executions, workers
from bud_server.settings import Settings
from tests.chaos import actions, ledger, length, oracle
from tests.chaos.driver import RETRY, step
from tests.chaos.fleet import insist
from tests.chaos.servers import Proxy

SHARE = 0.15
"""Of the commits whose answer is lost."""


@pytest.fixture
def next_is_cut() -> list[bool]:
    """Return a list; the answer to the next COMMIT is lost when something is in it."""
    return []


@pytest.fixture
def proxy(postgres_url: str, next_is_cut: list[bool]) -> Iterator[Proxy]:
    found = Proxy(make_url(postgres_url), lambda: bool(next_is_cut) and next_is_cut.pop())
    yield found
    found.close()


@pytest.fixture
def runtime(proxy: Proxy) -> Iterator[Runtime]:
    catalog = actions.catalog()
    settings = Settings(database=proxy.url)
    with Runtime(settings, lambda: catalog, actions.executor_of, has_worker=False) as runtime:
        yield runtime


def request(name: str, *steps: dict[str, object], key: str | None = None) -> Request:
    reading = read_pipeline({"name": name, "steps": list(steps)})
    assert reading.pipeline is not None, reading.problems
    return Request(pipeline=reading.pipeline, params={}, subject=ANYONE, idempotency_key=key)


def test_a_start_without_a_key_is_not_done_twice(runtime: Runtime, next_is_cut: list[bool]) -> None:
    asked = request("plain", step("only", "effect"))
    next_is_cut.append(True)

    with pytest.raises(OperationalError):
        runtime.executions.start(asked).result()

    with runtime.database.read() as on:
        assert len(on.connection.execute(select(executions.c.id)).all()) == 1


def test_starts_that_are_committed_together_are_not_done_twice(runtime: Runtime, next_is_cut: list[bool]) -> None:
    asked = [request(f"together-{number}", step("only", "effect")) for number in range(20)]
    next_is_cut.append(True)

    started = [runtime.executions.start(each) for each in asked]
    failed = sum(isinstance(each.exception(), OperationalError) for each in started)

    assert failed >= 1
    with runtime.database.read() as on:
        assert len(on.connection.execute(select(executions.c.id)).all()) == 20


def test_a_start_with_a_key_that_is_asked_again_is_the_same_one(runtime: Runtime, next_is_cut: list[bool]) -> None:
    asked = request("keyed", step("only", "effect"), key="key")
    next_is_cut.append(True)

    started = insist(lambda: runtime.executions.start(asked))

    with runtime.database.read() as on:
        assert on.connection.execute(select(executions.c.id)).scalars().all() == [started.id]


def test_many_starts_with_one_key_at_the_same_time_are_one(runtime: Runtime) -> None:
    with ThreadPoolExecutor(4) as threads:
        for number in range(50):
            asked = request("raced", step("only", "effect"), key=f"key-{number}")
            started = list(threads.map(lambda each: runtime.executions.start(each).result(), [asked] * 4))

            assert len({each.id for each in started}) == 1


def test_an_event_that_is_sent_again_is_a_duplicate(runtime: Runtime, next_is_cut: list[bool]) -> None:
    event = Event("test", "1", "test", {"say": "done"}, ("nobody",))
    next_is_cut.append(True)

    received = insist(lambda: runtime.inbox.receive(event))

    assert received.state == "duplicate"
    with runtime.database.read() as on:
        states = on.connection.execute(select(events.c.state).order_by(events.c.id)).scalars().all()
    assert list(states) == ["unmatched", "duplicate"]


def test_a_write_after_the_loss_uses_a_new_connection(proxy: Proxy, next_is_cut: list[bool]) -> None:
    database = Database(proxy.url)
    upgrade(database)
    database.start()

    def job(on: Transaction) -> int:
        return len(on.connection.execute(select(workers.c.id)).all())

    next_is_cut.append(True)
    try:
        with pytest.raises(OperationalError):
            database.write(job).result()
        assert database.write(job).result() == 0
    finally:
        database.close()


def test_every_execution_ends_while_answers_to_commits_are_lost(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    draw = length.draw()
    is_losing = [False]
    proxy = Proxy(make_url(postgres_url), lambda: is_losing[0] and draw.random() < SHARE)
    catalog = actions.catalog()
    settings = Settings(database=proxy.url, lease_seconds=1, shutdown_seconds=1)
    count = length.times(10, 200)
    try:
        with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
            is_losing[0] = True
            started = [insist(partial(runtime.executions.start, _mixed(number))) for number in range(count)]
            for number in range(count):
                event = Event("test", str(number), "test", {"say": "done"}, (f"lost-{number}",))
                insist(partial(runtime.inbox.receive, event))
            left = {each.id for each in started}
            end = time.monotonic() + 30 + count
            while left and time.monotonic() < end:
                left = {each for each in left if not _state(runtime, each).status.is_terminal}
            is_losing[0] = False

            assert not left
            assert len({each.id for each in started}) == count
            with runtime.database.read() as on:
                assert len(on.connection.execute(select(executions.c.id)).all()) == count
            oracle.check(runtime.database, ledger.read())
    finally:
        proxy.close()
    assert proxy.cuts >= count // 2, "too little was lost to show anything"


def _mixed(number: int) -> Request:
    return request(
        f"lost-{number}",
        step("first", "effect"),
        step("flaky", "flaky", "first", retry=RETRY),
        step("once", "once", "first", on_failure="continue"),
        step("wait", "waiting", "first", params={"key": f"lost-{number}"}),
        step("last", "reconciled", "flaky", "once", "wait"),
        key=f"lost-{number}",
    )


def _state(runtime: Runtime, execution_id: str) -> ExecutionState:
    found: ExecutionState = insist(lambda: runtime.database.write(lambda on: runtime.engine.state(on, execution_id)))
    return found
