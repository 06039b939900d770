"""`bud db`: the tables of a database, and whether its migrations make what the code uses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import inspect, text

from bud_server.runtime.store import migrate
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.tables import metadata
from tests.support.project import bud


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    migrate.upgrade(database)

    with database.exclusively() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_same_indexes_as_the_metadata(database: Database) -> None:
    migrate.upgrade(database)
    with database.exclusively() as connection:
        migrated = indexes(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert indexes(connection) == migrated


def indexes(connection: Any) -> dict[str, Any]:
    """Return the indexes by table, with the conditions of partial ones."""
    found = inspect(connection)
    return {name: sorted(json.dumps(each, default=str) for each in found.get_indexes(name)) for name in metadata.tables}


def test_upgrade_makes_the_tables_once(url: str) -> None:
    first = bud("db", "upgrade", "--database", url)
    second = bud("db", "upgrade", "--database", url)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert f"made the tables; they are at revision {migrate.LATEST}" in first.stdout
    assert f"is up to date, at revision {migrate.LATEST}" in second.stdout


def test_check_passes_after_an_upgrade_and_makes_nothing_before(url: str, tmp_path: Path) -> None:
    before = bud("db", "check", "--database", url)
    assert before.returncode == 1
    assert "run bud db upgrade" in before.stderr
    assert not (tmp_path / "test.db").exists()

    bud("db", "upgrade", "--database", url)
    after = bud("db", "check", "--database", url)

    assert (after.returncode, after.stderr) == (0, "")
    assert "is up to date" in after.stdout


@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_tables_of_a_newer_version_are_left_alone(database: Database, url: str, command: str) -> None:
    migrate.upgrade(database)
    with database.exclusively() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    done = bud("db", command, "--database", url)

    assert done.returncode == 1
    assert "made by a newer version of the server: install that version" in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "mysql databases are not supported"),
        ("nonsense", "the database must be a URL"),
        ("sqlite://", "a database in memory cannot survive a restart"),
        ("postgresql://nobody:hunter2@/x?host=/nowhere", "cannot be used"),
    ],
)
@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, said: str, command: str) -> None:
    done = bud("db", command, "--database", url)

    assert done.returncode == 1
    assert said in done.stderr
    assert "hunter2" not in done.stderr


def test_a_file_that_is_no_database_is_a_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, and no database at all")

    done = bud("db", "upgrade", "--database", f"sqlite:///{tmp_path}/notes.txt")

    assert done.returncode == 1
    assert "cannot be used: file is not a database" in done.stderr


def test_the_database_is_the_one_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "bud.toml").write_text('[server]\ndatabase = "sqlite:///kept.db"\n')

    assert bud("db", "upgrade", cwd=tmp_path).returncode == 0
    assert (tmp_path / "kept.db").exists()


def test_a_secret_key_is_new_each_time() -> None:
    keys = {bud("secret-key").stdout.strip() for _ in range(2)}

    assert len(keys) == 2
    for key in keys:
        assert Fernet(key).decrypt(Fernet(key).encrypt(b"kept")) == b"kept"
