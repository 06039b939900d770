"""Databases with many finished executions, made of copies of one."""

import sqlite3
from pathlib import Path

from bench import steps

_TABLES = {"executions": "id", "steps": "execution_id", "entries": "execution_id"}


def write(path: Path, number: int) -> str:
    """Make a SQLite database of so many finished executions of one step; return its URL."""
    url = f"sqlite:///{path}"
    with steps.runtime(url) as running:
        steps.seconds(running, steps.chain(1))
    connection = sqlite3.connect(path)
    for table, key in _TABLES.items():
        _copy(connection, table, key, number)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    return url


def _copy(connection: sqlite3.Connection, table: str, key: str, number: int) -> None:
    """Copy the rows of the only execution; the ids are as if they had been made before its own."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join("printf('00%010d', n)" if each == key else each for each in columns)
    connection.execute(
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "  # noqa: S608
        f"INSERT INTO {table} SELECT {values} FROM numbers, {table}",
        (number - 1,),
    )
