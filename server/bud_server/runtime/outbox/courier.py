"""Sends what is in the outbox, each message until it is taken or given up."""

import json
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from bud_server.runtime.engine import Engine, Happened
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.tables import outbox

MOST_AT_ONCE = 50
LEASE_SECONDS = 60.0
"""How long a courier may take over what it has fetched, before another one sends it as well."""
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 600.0
MOST_TRIES = 50
"""About seven hours."""
LONGEST_SLEEP = 1.0
_log = structlog.get_logger("bud_server.courier")


class Publisher(Protocol):
    """How messages leave."""

    def publish(self, topic: str, kind: str, body: Mapping[str, Any]) -> None:
        """Return once the message is taken. Raises PublishError."""

    def close(self) -> None:
        """Close what was opened to publish."""


class PublishError(Exception):
    """A message was not taken; the message says why."""


class Courier:
    """One thread per process; any number of processes may have one."""

    def __init__(self, engine: Engine, publisher: Publisher) -> None:
        self._engine = engine
        self._publisher = publisher
        self._wake = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="bud-courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._engine.listeners.append(self._happened)
        self._thread.start()

    def close(self) -> None:
        """End; what is left is sent by whoever comes next."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()

    def _happened(self, happened: Happened) -> None:
        if happened.tells:
            self._wake.set()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            try:
                fetched = self._engine.database.write(self._fetch).result()
                for row in fetched:
                    self._send(row)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("messages_delayed", error=str(error))
                fetched = []
            if len(fetched) < MOST_AT_ONCE:
                self._wake.wait(LONGEST_SLEEP)
        self._publisher.close()

    def _fetch(self, on: Transaction) -> list[Any]:
        """Take what is due, so that no other courier does for a while."""
        due = on.connection.execute(_DUE, {"now": on.now, "most": MOST_AT_ONCE}).all()
        if due:
            ids = [{"message": row.id, "until": on.now + LEASE_SECONDS} for row in due]
            on.connection.execute(_TAKE, ids)
        return list(due)

    def _send(self, row: Any) -> None:
        try:
            self._publisher.publish(row.topic, row.type, json.loads(row.body))
        except PublishError as error:
            self._put_back(row, error)
            return
        self._engine.database.write(lambda on: on.connection.execute(_DELETE, {"message": row.id})).result()

    def _put_back(self, row: Any, error: PublishError) -> None:
        if row.tries + 1 >= MOST_TRIES:
            _log.error("message_given_up", topic=row.topic, type=row.type, tries=row.tries + 1, error=str(error))
            self._engine.database.write(lambda on: on.connection.execute(_DELETE, {"message": row.id})).result()
            return
        wait = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**row.tries)

        def later(on: Transaction) -> None:
            on.connection.execute(_LATER, {"message": row.id, "at": on.now + wait})

        self._engine.database.write(later).result()


_DUE = (
    select(outbox)
    .where(outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = update(outbox).where(outbox.c.id == bindparam("message")).values(due_at=bindparam("until"))
_LATER = (
    update(outbox).where(outbox.c.id == bindparam("message")).values(due_at=bindparam("at"), tries=outbox.c.tries + 1)
)
_DELETE = delete(outbox).where(outbox.c.id == bindparam("message"))
