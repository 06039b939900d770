"""The log of an execution as it is written, for those who follow it."""

import asyncio
from collections.abc import AsyncIterator

from sqlalchemy import bindparam, select
from starlette.concurrency import run_in_threadpool

from bud_server.runtime.engine import Engine, Happened
from bud_server.runtime.evolve import Entry
from bud_server.runtime.queries import entries_after
from bud_server.runtime.status import ExecutionStatus
from bud_server.runtime.store.tables import executions

MOST_FOLLOWERS = 500
MOST_AT_ONCE = 200
"""Entries read at a time."""
POLL_SECONDS = 0.5
"""How long it takes until what another process wrote is seen."""
_STANDING = select(executions.c.status, executions.c.sequence).where(executions.c.id == bindparam("id"))


class Followers:
    """All who follow executions in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bells: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        self._count = 0
        engine.listeners.append(self._happened)

    @property
    def is_full(self) -> bool:
        """Whether nobody more can follow."""
        return self._count >= MOST_FOLLOWERS

    async def entries(self, execution_id: str, after: int) -> AsyncIterator[tuple[int, Entry]]:
        """Yield the entries of a log with their numbers, from the one after `after` until the execution has ended."""
        bell = asyncio.Event()
        place = (asyncio.get_running_loop(), bell)
        self._bells.setdefault(execution_id, set()).add(place)
        self._count += 1
        try:
            has_ended = False
            while not has_ended:
                bell.clear()
                found, has_ended = await run_in_threadpool(self._read, execution_id, after)
                for sequence, entry in found:
                    after = sequence
                    yield sequence, entry
                if not found and not has_ended:
                    await _rung(bell)
        finally:
            self._count -= 1
            self._bells[execution_id].discard(place)
            if not self._bells[execution_id]:
                del self._bells[execution_id]

    def _read(self, execution_id: str, after: int) -> tuple[list[tuple[int, Entry]], bool]:
        """Return the next entries, and whether no more will follow."""
        with self._engine.database.read() as on:
            found = entries_after(on, execution_id, after, MOST_AT_ONCE)
            row = on.connection.execute(_STANDING, {"id": execution_id}).one()
        last = found[-1][0] if found else after
        return found, ExecutionStatus(row.status).is_terminal and last >= row.sequence

    def _happened(self, happened: Happened) -> None:
        for loop, bell in tuple(self._bells.get(happened.execution_id, ())):
            if not loop.is_closed():
                loop.call_soon_threadsafe(bell.set)


async def _rung(bell: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(bell.wait(), POLL_SECONDS)
    except TimeoutError:
        return
