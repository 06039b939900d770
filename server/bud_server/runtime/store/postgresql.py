"""What PostgreSQL does its own way: many writers, so that rows and keys are locked; and a clock that all share."""

import zlib
from collections.abc import Iterable

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.dialects.postgresql import insert as insert
from sqlalchemy.engine import URL

WRITERS = 2
_NOW = text("SELECT extract(epoch FROM clock_timestamp())::double precision")
_LOCK_KEY = text("SELECT pg_advisory_xact_lock(:key_space, :hash)")
KEY_SPACE = 0x6275  # "bu": apart from anybody else's advisory locks


def open_writer(url: URL) -> Engine:
    """Return an engine for transitions."""
    return create_engine(_with_driver(url), pool_size=WRITERS + 2, pool_pre_ping=True)


def open_reader(url: URL) -> Engine:
    """Return an engine for questions."""
    return create_engine(_with_driver(url), pool_size=4, pool_pre_ping=True)


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")


class Clock:
    """The database's clock."""

    def now(self, connection: Connection) -> float:
        """Return seconds since 1970."""
        return float(connection.execute(_NOW).scalar_one())


def lock_keys(connection: Connection, keys: Iterable[str]) -> None:
    """Let nobody else match the same keys until the commit.

    An event and a step that waits for it both lock the key before they look for each other: whichever comes second sees
    the first.
    """
    for hashed in sorted({zlib.crc32(key.encode("utf-8", "surrogatepass")) - 2**31 for key in keys}):
        connection.execute(_LOCK_KEY, {"key_space": KEY_SPACE, "hash": hashed})
