"""One database: who writes to it, who reads it, and what its clock says."""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from bud_server.runtime import failpoints

T = TypeVar("T")
MOST_IN_ONE_COMMIT = 200
MOST_TRIES = 5
"""How often a transaction is tried that lost to another one."""


class DatabaseError(Exception):
    """The database cannot be used; the message says what to do."""


class Rejection(Exception):  # noqa: N818 - an answer, not a fault
    """What was asked cannot be done. Nothing has been written when it is raised."""


@dataclass(slots=True)
class Transaction:
    """What work on the database is given: it sees and changes one state, and knows one moment."""

    connection: Connection
    now: float
    """Seconds since 1970 by the database's clock."""
    after: list[Callable[[], None]] = field(default_factory=list)
    """Called once everything is committed, and never otherwise."""
    written: dict[str, Any] = field(default_factory=dict)
    """What earlier jobs of the same commit have made of things, by their id."""
    points: list[str] = field(default_factory=list)
    """Failpoints around the commit: what it is a commit of."""


Job = Callable[[Transaction], Any]


class Database:
    """A SQLite file or a PostgreSQL database.

    All writing goes through `write`: a few threads take what has come in meanwhile and commit it together.
    """

    def __init__(self, url: str | URL) -> None:
        """Prepare; nothing is opened yet. Raises DatabaseError for a URL that names no usable database."""
        self.url = parse_url(url)
        self.dialect = dialect_of(self.url)
        self.clock = self.dialect.Clock()
        self.insert = self.dialect.insert
        self.lock_execution = self.dialect.lock_execution
        self.lock_keys = self.dialect.lock_keys
        self.is_alone: bool = self.dialect.WRITERS == 1
        """Whether a transaction that writes has the whole database to itself."""
        self._writer = self.dialect.open_writer(self.url)
        self._reader = self.dialect.open_reader(self.url)
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.commits = 0
        """Commits so far; for measuring."""

    def start(self) -> None:
        """Start the threads that write."""
        for number in range(self.dialect.WRITERS):
            thread = threading.Thread(target=self._write_until_closed, name=f"bud-writer-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Finish what was asked for, then close all connections."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._writer.dispose()
        self._reader.dispose()

    def write(self, job: Callable[[Transaction], T]) -> "Future[T]":
        """Return the future result of a job, which is known only once it is committed.

        The job may be called again after a conflict, so it must change nothing but the database. It raises Rejection
        before it writes anything, or not at all.
        """
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Look at one state of the database; blocks, so keep it out of event loops."""
        with self._reader.connect() as connection:
            yield Transaction(connection, self.clock.now(connection))

    @contextmanager
    def exclusively(self) -> Iterator[Connection]:
        """Write without the threads, before they start. Raises DatabaseError if the database cannot be reached."""
        try:
            with self._writer.begin() as connection:
                yield connection
        except OperationalError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            raise DatabaseError(f"{self.url.render_as_string()} cannot be used: {reason}") from error

    def _write_until_closed(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch = [first]
            is_closing = False
            while len(batch) < MOST_IN_ONE_COMMIT:
                try:
                    another = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if another is None:
                    is_closing = True
                    break
                batch.append(another)
            self._commit(batch)
            if is_closing:
                return

    def _commit(self, batch: list[tuple[Job, Future[Any]]]) -> None:
        """Commit a batch; if that fails for whatever reason, each job by itself."""
        try:
            outcomes, after = self._attempt([job for job, _ in batch])
        except BaseException as error:
            if len(batch) > 1:
                for each in batch:
                    self._commit_alone(*each)
            elif is_conflict(error):
                self._commit_alone(*batch[0])
            else:
                batch[0][1].set_exception(error)
            return
        self._tell(batch, outcomes, after)

    def _commit_alone(self, job: Job, future: "Future[Any]") -> None:
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                outcomes, after = self._attempt([job])
            except BaseException as error:
                if tries_left and is_conflict(error):
                    continue
                future.set_exception(error)
                return
            self._tell([(job, future)], outcomes, after)
            return

    def _attempt(self, jobs: list[Job]) -> tuple[list[Any], list[Callable[[], None]]]:
        outcomes: list[Any] = []
        with self._writer.begin() as connection:
            transaction = Transaction(connection, self.clock.now(connection))
            for job in jobs:
                try:
                    outcomes.append(job(transaction))
                except Rejection as rejection:
                    outcomes.append(rejection)
            for point in transaction.points:
                failpoints.reach(f"{point}.before_commit")
        for point in transaction.points:
            failpoints.reach(f"{point}.after_commit")
        self.commits += 1
        return outcomes, transaction.after

    def _tell(
        self, batch: list[tuple[Job, "Future[Any]"]], outcomes: list[Any], after: list[Callable[[], None]]
    ) -> None:
        for callback in after:
            callback()
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Rejection):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction failed only because another one was in its way."""
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.orig, "sqlstate", None)  # PostgreSQL: serialization failure, deadlock
    return code in ("40001", "40P01") or "database is locked" in str(error.orig)


def parse_url(url: str | URL) -> URL:
    """Return a database's URL. Raises DatabaseError."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError(
            "the database must be a URL such as sqlite:///var/bud.db or postgresql://host/name"
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise DatabaseError("a database in memory cannot survive a restart: name a file, as in sqlite:///var/bud.db")
    return parsed


def dialect_of(url: URL) -> ModuleType:
    """Return the module for a URL's kind of database. Raises DatabaseError if there is none."""
    from bud_server.runtime.store import sqlite

    name = url.get_backend_name()
    if name == "sqlite":
        return sqlite
    if name in ("postgresql", "postgres"):
        try:
            import psycopg  # noqa: F401
        except ModuleNotFoundError as error:
            raise DatabaseError("PostgreSQL needs more: pip install 'bud-actions[postgres]'") from error
        from bud_server.runtime.store import postgresql

        return postgresql
    raise DatabaseError(f"{name} databases are not supported: use sqlite:///FILE or postgresql://HOST/NAME")
