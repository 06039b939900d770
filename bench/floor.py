"""What SQLite costs by itself: one transaction a step, each an UPDATE and an INSERT, at WAL and synchronous=FULL."""

import sqlite3
import time
from pathlib import Path


def seconds_a_step(path: Path, steps: int) -> float:
    """Return the seconds of one transaction, in a new database."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL").fetchall()
    connection.execute("CREATE TABLE executions (id TEXT PRIMARY KEY, done INTEGER NOT NULL)")
    connection.execute("CREATE TABLE steps (execution TEXT, step INTEGER, output TEXT, PRIMARY KEY (execution, step))")
    connection.execute("INSERT INTO executions VALUES ('one', 0)")
    started = time.perf_counter()
    for step in range(steps):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE executions SET done = done + 1 WHERE id = 'one'")
        connection.execute("INSERT INTO steps VALUES ('one', ?, '{}')", (step,))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds / steps
