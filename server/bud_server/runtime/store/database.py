"""One database: who writes to it, who reads it, and what its clock says."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import ClauseElement, Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from bud_server.runtime import failpoints

_log = structlog.get_logger("bud_server.database")
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

    session: Connection
    """The connection, which does not know yet what has been put off."""
    now: float
    """Seconds since 1970 by the database's clock."""
    read_at: float = field(default_factory=time.monotonic)
    """What time.monotonic() said when the clock was read."""
    after: list[Callable[[], None]] = field(default_factory=list)
    """Called once everything is committed, and never otherwise."""
    written: dict[str, Any] = field(default_factory=dict)
    """What earlier jobs of the same commit have made of things, by their id."""
    points: list[str] = field(default_factory=list)
    """Failpoints around the commit: what it is a commit of."""
    put_off: "PutOff | None" = None

    @property
    def connection(self) -> Connection:
        """The connection, once everything put off has been written."""
        self.write_out()
        return self.session

    def write_out(self) -> None:
        """Write everything that has been put off."""
        put_off, self.put_off = self.put_off, None
        if put_off is not None:
            put_off.write(self.session)


class Clock(Protocol):
    """What time it is for everybody who uses a database."""

    def now(self, connection: Connection) -> float:
        """Return seconds since 1970."""
        ...


class PutOff(Protocol):
    """Rows that are better written together."""

    def write(self, connection: Connection) -> None:
        """Write them."""


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
        self.lock_keys = self.dialect.lock_keys
        self.is_alone: bool = self.dialect.WRITERS == 1
        """Whether a transaction that writes has the whole database to itself."""
        try:
            self._writer = self.dialect.open_writer(self.url)
        except OSError as error:
            reason = f"{error.filename or self.url.database}: {error.strerror or error}"
            raise DatabaseError(
                f"the database cannot be opened: {reason}; choose another database (BUD_DATABASE)"
            ) from error
        self._reader = self.dialect.open_reader(self.url)
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.commits = 0
        """Commits so far; for measuring."""
        self.after_telling: list[Callable[[], None]] = []
        """Called after each commit, or what was meant to be one, when all futures of it are done."""

    def text_of(self, statement: ClauseElement) -> str:
        """Return a statement as the driver takes it, with its values by name."""
        return str(statement.compile(self._writer))

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

        If the connection is lost meanwhile, the future raises OperationalError and the job may or may not have been
        committed: whoever asks again must ask for something that can be done twice.

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
        except DBAPIError as error:
            if not isinstance(error, OperationalError) and "file is not a database" not in str(error.orig):
                raise
            reason = str(error.orig).strip().partition("\n")[0]
            raise DatabaseError(f"{self.url.render_as_string()} cannot be used: {reason}") from error

    def _write_until_closed(self) -> None:
        line = _Line(self._writer, self.clock)
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
            self._commit(line, batch)
            for callback in list(self.after_telling):
                callback()
            if is_closing:
                break
        line.close()

    def _commit(self, line: "_Line", batch: list[tuple[Job, Future[Any]]]) -> None:
        """Commit a batch; if that fails, each job by itself, unless it may have been committed all the same."""
        try:
            outcomes, after = self._attempt(line, [job for job, _ in batch])
        except BaseException as error:
            if is_unanswered(error):
                for _, future in batch:
                    future.set_exception(error)
            elif len(batch) > 1:
                for each in batch:
                    self._commit_alone(line, *each)
            elif is_conflict(error):
                self._commit_alone(line, *batch[0])
            else:
                batch[0][1].set_exception(error)
            return
        self._tell(batch, outcomes, after)

    def _commit_alone(self, line: "_Line", job: Job, future: "Future[Any]") -> None:
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                outcomes, after = self._attempt(line, [job])
            except BaseException as error:
                if tries_left and is_conflict(error):
                    continue
                future.set_exception(error)
                return
            self._tell([(job, future)], outcomes, after)
            return

    def _attempt(self, line: "_Line", jobs: list[Job]) -> tuple[list[Any], list[Callable[[], None]]]:
        outcomes: list[Any] = []
        with line.begin() as transaction:
            for job in jobs:
                try:
                    outcomes.append(job(transaction))
                except Rejection as rejection:
                    outcomes.append(rejection)
            transaction.write_out()
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
            try:
                callback()
            except Exception as error:
                _log.error("after_commit_failed", exc_info=error)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Rejection):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


class _Line:
    """What one thread writes through: a connection that it keeps as long as nothing goes wrong."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Yield a transaction, which is committed unless something is raised."""
        try:
            transaction = self._begun_anyway()
            yield transaction
            transaction.session.commit()
        except BaseException:
            self.close()
            raise

    def _begun_anyway(self) -> Transaction:
        """Begin; if the connection was lost since the last time, when nobody was waiting for an answer, on another."""
        is_new = self._connection is None
        try:
            return self._begun()
        except OperationalError as error:
            if is_new or not error.connection_invalidated:
                raise
            self.close()
            return self._begun()

    def _begun(self) -> Transaction:
        if self._connection is None:
            self._connection = self._engine.connect()
        self._connection.begin()
        return Transaction(self._connection, self._clock.now(self._connection))

    def close(self) -> None:
        """Give the connection back; whatever has not been committed is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction failed only because another one was in its way."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None)  # PostgreSQL: serialization failure, deadlock, the same row inserted
    return code in ("40001", "40P01", "23505") or "database is locked" in str(error.orig)


def is_unanswered(error: BaseException) -> bool:
    """Whether the database could not be reached, or broke off so that nobody knows what it has committed."""
    if not isinstance(error, OperationalError) or is_conflict(error):
        return False
    return error.connection_invalidated or error.statement is None


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
