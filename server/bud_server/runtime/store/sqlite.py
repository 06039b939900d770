"""What SQLite does its own way: one file, one writer at a time, no clock of its own."""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import insert as insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

WRITERS = 1
BUSY_SECONDS = 30


def open_writer(url: URL) -> Engine:
    """Return an engine whose transactions hold the write lock from their beginning."""
    _make_folder(url)
    return _engine(url.set(drivername="sqlite+immediate"))


def open_reader(url: URL) -> Engine:
    """Return an engine whose transactions see one state and hinder nobody."""
    return _engine(url.set(drivername="sqlite+deferred"))


class _Deferred(SQLiteDialect_pysqlite):
    """Begins transactions where SQLAlchemy says so; the driver would, only before it writes."""

    supports_statement_cache = True
    begin = "BEGIN"

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin."""
        dbapi_connection.execute(self.begin)


class _Immediate(_Deferred):
    """Takes the write lock at once."""

    supports_statement_cache = True
    begin = "BEGIN IMMEDIATE"


registry.register("sqlite.deferred", __name__, _Deferred.__name__)
registry.register("sqlite.immediate", __name__, _Immediate.__name__)


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url, poolclass=QueuePool, paramstyle="named", connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        for pragma in ("journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY_SECONDS * 1000}"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    return engine


def _make_folder(url: URL) -> None:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


class Clock:
    """The machine's clock, which never jumps while the process lives.

    A jump would fire timers early or late; time goes on from where the process began.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self, _connection: Connection) -> float:
        """Return seconds since 1970."""
        return self._offset + time.monotonic()


def lock_keys(_connection: Connection, _keys: Iterable[str]) -> None:
    """Nothing to do: whoever writes is alone."""
