"""The inbox: an event is committed before anybody is told that it was received, and gets exactly one verdict."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update

from bud_server.runtime import inputs
from bud_server.runtime.decide import is_waiting
from bud_server.runtime.engine import Engine
from bud_server.runtime.events import matching
from bud_server.runtime.identifiers import new_id
from bud_server.runtime.status import StepStatus
from bud_server.runtime.store.database import Rejection, Transaction
from bud_server.runtime.store.rows import as_text
from bud_server.runtime.store.tables import event_keys, events, executions, steps

UNMATCHED_SECONDS = 24 * 3600.0
"""How long an event is kept for a step that has yet to wait for it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody sent."""

    source: str
    event_id: str
    """As its sender numbers it: the same event sent again has the same."""
    type: str
    body: Any
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an event when it came in."""

    id: str
    state: str
    """unmatched, matched, late, duplicate or dead."""
    execution_id: str | None = None
    step_id: str | None = None
    attempt: int | None = None


class Inbox:
    """All events of a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = (
            engine.database.insert(events)
            .on_conflict_do_nothing(index_elements=["source", "event_id"], index_where=text("duplicate_of IS NULL"))
            .returning(events.c.id)
        )

    def receive(self, event: Event) -> "Future[Received]":
        """Return the future of an event, known once it is committed."""

        def job(on: Transaction) -> Received:
            on.points.append("Event")
            received = self._keep(on, event)
            if received.state == "matched":
                if self._engine.database.is_alone:
                    self._arrive(on, received)
                else:  # the execution is locked before keys are, and so not in this transaction
                    on.after.append(lambda: self._arrive_later(received))
            return received

        return self._engine.database.write(job)

    def _keep(self, on: Transaction, event: Event) -> Received:
        event_id = new_id()
        values = {
            "id": event_id,
            "source": event.source,
            "event_id": event.event_id,
            "type": event.type,
            "body": as_text(event.body),
            "state": "unmatched",
            "tries": 0,
            "received_at": on.now,
        }
        if on.connection.execute(self._insert, values).first() is None:
            return self._duplicate(on, event, values)
        self._engine.database.lock_keys(on.connection, event.keys)
        return self._match(on, event_id, event.keys)

    def _duplicate(self, on: Transaction, event: Event, values: Mapping[str, Any]) -> Received:
        original = on.connection.execute(_ORIGINAL, {"source": event.source, "event_id": event.event_id}).scalar_one()
        on.connection.execute(
            insert(events), {**values, "state": "duplicate", "duplicate_of": original, "handled_at": on.now}
        )
        return Received(values["id"], "duplicate")

    def _match(self, on: Transaction, event: str, keys: Sequence[str]) -> Received:
        """Find the one step that waits for an event; keep the event if none does yet."""
        found = matching.who_waits(on.connection, keys) if keys else []
        waiting = [each for each in found if each.is_open]
        if len(waiting) == 1:
            place = waiting[0].execution_id, waiting[0].step_id, waiting[0].attempt
            matching.match(on.connection, event, *place)
            return Received(event, "matched", *place)
        if waiting:
            places = ", ".join(f"{each.execution_id}/{each.step_id}" for each in waiting[:5])
            return self._close(on, event, "dead", f"ambiguous: {len(waiting)} steps wait for it: {places}")
        if found:
            return self._close(on, event, "late", "the step that waited for it had ended")
        matching.keep_keys(on.connection, event, keys)
        return Received(event, "unmatched")

    def _close(self, on: Transaction, event: str, state: str, verdict: str) -> Received:
        matching.handled(on, event, verdict, state)
        return Received(event, state)

    def _arrive_later(self, received: Received) -> None:
        self._engine.database.write(lambda on: self._arrive(on, received))

    def _arrive(self, on: Transaction, received: Received) -> None:
        """Tell the step; if it has ended meanwhile, the event is late."""
        execution_id, step_id, attempt = received.execution_id or "", received.step_id or "", received.attempt or 0
        happened = self._engine.transition(on, execution_id, inputs.EventArrived(step_id, attempt))
        if not is_waiting(happened.after.steps[step_id], attempt):
            on.connection.execute(_LATE, {"event": received.id, "at": on.now})

    def sweep(self, on: Transaction) -> None:
        """Tell steps again of events that they were not told of, and let go of what nobody waited for."""
        for row in on.connection.execute(_UNTOLD).all():
            self._arrive(on, Received(row.id, "matched", row.execution_id, row.step_id, row.attempt))
        expired = on.connection.execute(_EXPIRED, {"before": on.now - UNMATCHED_SECONDS}).scalars().all()
        for event in expired:
            on.connection.execute(_FORGET_KEYS, {"of_event": event})
            hours = UNMATCHED_SECONDS / 3600
            matching.handled(on, event, f"nobody waited for it within {hours:g} hours", "dead")

    def deliver(self, event_id: str, execution_id: str, step_id: str) -> "Future[Received]":
        """Give an event to a step, as a person says; the future raises Rejection if that cannot be."""

        def job(on: Transaction) -> Received:
            row = on.connection.execute(select(events).where(events.c.id == event_id)).first()
            if row is None:
                raise Rejection(f"Event {event_id} not found")
            if row.state == "matched" and row.handled_at is not None:
                raise Rejection("The event has been handled already")
            state = self._engine.state(on, execution_id).steps.get(step_id)
            if state is None or state.status is not StepStatus.WAITING:
                raise Rejection(f"Step '{step_id}' of execution {execution_id} is not waiting")
            on.connection.execute(_REOPEN, {"event": event_id})
            matching.match(on.connection, event_id, execution_id, step_id, state.attempt)
            received = Received(event_id, "matched", execution_id, step_id, state.attempt)
            self._arrive(on, received)
            return received

        return self._engine.database.write(job)


_ORIGINAL = select(events.c.id).where(
    events.c.source == bindparam("source"),
    events.c.event_id == bindparam("event_id"),
    events.c.duplicate_of.is_(None),
)
_LATE = (
    update(events)
    .where(events.c.id == bindparam("event"), events.c.state == "matched", events.c.handled_at.is_(None))
    .values(state="late", verdict="the step had ended", handled_at=bindparam("at"))
)
_REOPEN = update(events).where(events.c.id == bindparam("event")).values(handled_at=None, tries=0, verdict=None)
_UNTOLD = (
    select(events.c.id, events.c.execution_id, events.c.step_id, events.c.attempt)
    .join(steps, (steps.c.execution_id == events.c.execution_id) & (steps.c.step_id == events.c.step_id))
    .join(executions, executions.c.id == steps.c.execution_id)
    .where(
        events.c.state == "matched",
        events.c.handled_at.is_(None),
        steps.c.work.is_(None),
        steps.c.due_at.is_(None) | (events.c.tries == 0),
    )
    .limit(100)
    .with_for_update(skip_locked=True, of=executions)
)
_EXPIRED = (
    select(events.c.id).where(events.c.state == "unmatched", events.c.received_at < bindparam("before")).limit(100)
)
_FORGET_KEYS = delete(event_keys).where(event_keys.c.event == bindparam("of_event"))
