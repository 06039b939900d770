"""DBOS on SQLite: `python dbos_peer.py FOLDER JOURNAL STEPS ROUNDS` prints its seconds a step as JSON.

Run in an environment of its own, which knows neither this project nor what it depends on. JOURNAL is SQLite's journal
mode: `delete` as DBOS opens its database, or `wal` as ours is; both with synchronous=FULL, which is SQLite's default.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dbos import DBOS, DBOSConfig


@DBOS.step()
def nothing() -> None:
    """Do nothing."""


@DBOS.step()
async def nothing_async() -> None:
    """Do nothing."""


@DBOS.workflow()
def chain(steps: int) -> None:
    """Run steps one after the other."""
    for _ in range(steps):
        nothing()


@DBOS.workflow()
async def fan_out(steps: int) -> None:
    """Run steps side by side, started in a fixed order as DBOS asks for."""
    await asyncio.gather(*[asyncio.create_task(nothing_async()) for _ in range(steps)])


def seconds(run: Callable[[], object], steps: int) -> float:
    """Return the seconds a step takes."""
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) / steps


def main(folder: Path, journal: str, steps: int, rounds: int) -> None:
    """Measure, best of some rounds."""
    path = folder / f"dbos-{journal}.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}").fetchall()  # the file keeps it
    config = DBOSConfig(name="bench", system_database_url=f"sqlite:///{path}", log_level="ERROR")
    DBOS(config=config)
    DBOS.launch()
    chain(2)
    asyncio.run(fan_out(2))
    found = {
        "chain": min(seconds(lambda: chain(steps), steps) for _ in range(rounds)),
        "fan-out": min(seconds(lambda: asyncio.run(fan_out(steps)), steps) for _ in range(rounds)),
    }
    DBOS.destroy()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
