"""Bring a database's tables up to date."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bud_server.runtime.store.database import Database, DatabaseError

LATEST = "0002"
"""Revision of the tables that this version of the server uses."""
_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = text("SELECT pg_advisory_xact_lock(:key_space, 0)")


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database's tables; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def known_revisions() -> list[str]:
    """Return all revisions, oldest first."""
    return sorted(path.name.partition("_")[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def upgrade(database: Database) -> str | None:
    """Bring the tables up to date, in one transaction; return the revision they had, None if there were none.

    Raises DatabaseError if a newer version of the server made them, or if the database cannot be reached.
    """
    with database.exclusively() as connection:
        if database.url.get_backend_name() != "sqlite":
            connection.execute(_LOCK, {"key_space": 0x6275})
        found = revision_of(connection)
        if found != LATEST:
            _check_known(found)
            _run(connection)
        return found


def check(database: Database) -> str:
    """Return the revision of the tables. Raises DatabaseError if it is not the one that this version uses."""
    with database.exclusively() as connection:
        found = revision_of(connection)
    _check_known(found)
    if found != LATEST:
        raise DatabaseError(f"the tables are of revision {found or 'none'}, not {LATEST}: run bud db upgrade")
    return LATEST


def _check_known(found: str | None) -> None:
    if found is not None and found not in known_revisions():
        raise DatabaseError(
            f"the tables are of revision {found}, made by a newer version of the server: install that version"
        )


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
