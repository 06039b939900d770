"""The tables of a database, looked after by hand."""

import os
from pathlib import Path

from bud_server.runtime.store import migrate
from bud_server.runtime.store.database import Database, DatabaseError, parse_url
from bud_server.settings import SETTINGS_FILE, load_settings


def upgrade(database: str | None) -> str:
    """Bring the tables up to date; return what was done. Raises DatabaseError or SettingsError."""
    opened = Database(_url(database))
    try:
        found = migrate.upgrade(opened)
    finally:
        opened.close()
    where = opened.url.render_as_string()
    if found == migrate.LATEST:
        return f"{where} is up to date, at revision {found}"
    done = "made the tables" if found is None else f"upgraded the tables from revision {found}"
    return f"{where}: {done}; they are at revision {migrate.LATEST}"


def check(database: str | None) -> str:
    """Say that the tables are up to date; nothing is made. Raises DatabaseError or SettingsError."""
    url = parse_url(_url(database))
    where = url.render_as_string()
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise DatabaseError(f"{where}: there is no such file: run bud db upgrade")
    opened = Database(url)
    try:
        return f"{where} is up to date, at revision {migrate.check(opened)}"
    finally:
        opened.close()


def _url(database: str | None) -> str:
    file = SETTINGS_FILE if SETTINGS_FILE.is_file() else None
    return load_settings(os.environ, file, {"database": database}).database
