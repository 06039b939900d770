"""Which event goes to which step: decided under a lock of the key, by whichever of the two comes second."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bud_server.runtime.store.database import Database, Transaction
from bud_server.runtime.store.tables import event_keys, events, waiters

_UNMATCHED_FOR = (
    select(events.c.id)
    .distinct()
    .join(event_keys, event_keys.c.event == events.c.id)
    .where(event_keys.c.key.in_(bindparam("keys", expanding=True)), events.c.state == "unmatched")
    .order_by(events.c.id)
)
_WAITING_FOR = (
    select(waiters.c.execution_id, waiters.c.step_id, waiters.c.attempt, waiters.c.is_open)
    .distinct()
    .where(waiters.c.key.in_(bindparam("keys", expanding=True)))
)
_NEXT = (
    select(events.c.id, events.c.type, events.c.body, events.c.tries)
    .where(
        events.c.execution_id == bindparam("execution_id"),
        events.c.step_id == bindparam("step_id"),
        events.c.attempt == bindparam("attempt"),
        events.c.state == "matched",
        events.c.handled_at.is_(None),
    )
    .order_by(events.c.id)
    .limit(1)
)
_MATCH = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(
        state="matched",
        verdict=None,
        execution_id=bindparam("execution_id"),
        step_id=bindparam("step_id"),
        attempt=bindparam("attempt"),
    )
)
_FORGET_KEYS = delete(event_keys).where(event_keys.c.event == bindparam("event"))
_HANDLED = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(verdict=bindparam("what"), handled_at=bindparam("at"), state=bindparam("becomes"))
)
_MISSED = (
    update(events)
    .where(
        events.c.execution_id == bindparam("of_execution"),
        events.c.step_id == bindparam("of_step"),
        events.c.state == "matched",
        events.c.handled_at.is_(None),
    )
    .values(state="late", verdict="the step had ended", handled_at=bindparam("at"))
)
_CLOSE = (
    update(waiters)
    .where(
        waiters.c.execution_id == bindparam("of_execution"),
        waiters.c.step_id == bindparam("of_step"),
        waiters.c.is_open,
    )
    .values(is_open=False)
)


def wait_for(
    database: Database, on: Transaction, execution_id: str, step_id: str, attempt: int, keys: Iterable[str]
) -> int:
    """Register what an attempt waits for; return how many events were there before it."""
    wanted = sorted(set(keys))
    if not wanted:
        return 0
    database.lock_keys(on.connection, wanted)
    place = {"execution_id": execution_id, "step_id": step_id, "attempt": attempt}
    statement = database.insert(waiters).on_conflict_do_update(
        index_elements=["key", "execution_id", "step_id", "attempt"], set_={"is_open": True}
    )
    on.connection.execute(statement, [{"key": key, **place, "is_open": True} for key in wanted])
    early = on.connection.execute(_UNMATCHED_FOR, {"keys": wanted}).scalars().all()
    for event in early:
        match(on.connection, event, execution_id, step_id, attempt)
    return len(early)


def match(connection: Connection, event: str, execution_id: str, step_id: str, attempt: int) -> None:
    """Give an event to an attempt."""
    place = {"execution_id": execution_id, "step_id": step_id, "attempt": attempt}
    connection.execute(_MATCH, {"event": event, **place})
    connection.execute(_FORGET_KEYS, {"event": event})


def stop_waiting(on: Transaction, execution_id: str, step_id: str) -> None:
    """Note that a step waits no longer; what was matched and not handled came too late."""
    place = {"of_execution": execution_id, "of_step": step_id}
    on.connection.execute(_CLOSE, place)
    on.connection.execute(_MISSED, {**place, "at": on.now})


def who_waits(connection: Connection, keys: Sequence[str]) -> list[Any]:
    """Return (execution_id, step_id, attempt, is_open) of all attempts that wait or waited for one of the keys."""
    return list(connection.execute(_WAITING_FOR, {"keys": list(keys)}))


def keep_keys(connection: Connection, event: str, keys: Iterable[str]) -> None:
    """Let an event be found by its keys until it is matched."""
    rows = [{"key": key, "event": event} for key in sorted(set(keys))]
    if rows:
        connection.execute(insert(event_keys), rows)


def next_event(connection: Connection, execution_id: str, step_id: str, attempt: int) -> Any | None:
    """Return (id, type, body, tries) of the oldest event that an attempt has yet to handle."""
    place = {"execution_id": execution_id, "step_id": step_id, "attempt": attempt}
    return connection.execute(_NEXT, place).first()


def handled(on: Transaction, event: str, verdict: str, state: str = "matched") -> None:
    """Note what came of an event."""
    on.connection.execute(_HANDLED, {"event": event, "what": verdict, "at": on.now, "becomes": state})


_TRIED = update(events).where(events.c.id == bindparam("event")).values(tries=events.c.tries + 1)


def tried(connection: Connection, event: str) -> None:
    """Count a failed try to handle an event."""
    connection.execute(_TRIED, {"event": event})
