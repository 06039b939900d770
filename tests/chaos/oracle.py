"""What must hold after everything has ended, whatever was killed on the way."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from bud_server.runtime.evolve import evolve
from bud_server.runtime.planning import read_plan
from bud_server.runtime.state import new_state
from bud_server.runtime.status import StepStatus
from bud_server.runtime.store import tables
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.rows import entry_of, load_state
from tests.chaos import ledger

NOT_TWICE = ("once", "reconciled")
"""Actions that are not idempotent."""


def check(database: Database, effects: Sequence[ledger.Effect]) -> None:
    """Raise AssertionError for what does not hold."""
    with database.read() as on:
        rows = on.connection.execute(select(tables.executions)).all()
        for row in rows:
            _check_execution(on.connection, row, effects)
        _check_events(on.connection)
        waiting = on.connection.execute(select(tables.waiters).where(tables.waiters.c.is_open)).all()
        assert waiting == []


def _check_execution(connection: Connection, row: Any, effects: Sequence[ledger.Effect]) -> None:
    document = connection.execute(select(tables.plans.c.document).where(tables.plans.c.digest == row.plan)).scalar_one()
    plan = read_plan(json.loads(document))
    logged = connection.execute(
        select(tables.entries).where(tables.entries.c.execution_id == row.id).order_by(tables.entries.c.sequence)
    ).all()
    assert [each.sequence for each in logged] == list(range(1, row.sequence + 1)), "the log is dense"
    entries = [entry_of(each) for each in logged]
    state = load_state(connection, row, plan.steps)
    first_params = json.loads(row.params)
    assert evolve(new_state(row.id, tuple(plan.steps), first_params), entries) == state, "the log gives the rows"
    assert state.status.is_terminal
    ends = Counter(entry.kind for entry in entries)
    assert ends["execution_ended"] == 1 + ends["execution_retried"] - _retries_of_running(entries)
    assert state.due_at is None
    for step_id, step in state.steps.items():
        assert step.status.is_terminal
        assert (step.work, step.due_at, step.is_active) == (None, None, False)
        _check_effects(f"{row.id}/{step_id}", plan.steps[step_id].action, step.status, effects)
    _check_order(plan, entries)


def _retries_of_running(_entries: Any) -> int:
    """Return how many retries began before the execution had ended: none may."""
    return 0


def _check_effects(key: str, action: str, status: StepStatus, effects: Sequence[ledger.Effect]) -> None:
    of_step = [effect for effect in effects if effect.key == key]
    if action in NOT_TWICE:
        assert len([effect for effect in of_step if effect.kind == "effect"]) <= 1, f"{key} had its effect twice"
    if action in ("effect", *NOT_TWICE) and status is StepStatus.COMPLETED:
        assert len(of_step) >= (0 if action == "once" else 1), f"{key} completed without an effect"
    if action in ("waiting", "polled"):
        assert len({effect.attempt for effect in of_step if effect.kind == "event"}) <= 1


def _check_order(plan: Any, entries: Any) -> None:
    """No step was attempted before its dependencies had ended, nor after it was completed."""
    ended: set[str] = set()
    completed: set[str] = set()
    for entry in entries:
        if entry.kind == "steps_reset":
            ended -= set(entry.data["steps"])
        elif entry.kind == "attempt_started":
            assert set(plan.steps[entry.step].depends_on) <= ended, f"{entry.step} ran before its dependencies"
            assert entry.step not in completed, f"{entry.step} ran after it had completed"
        elif entry.kind == "steps_skipped":
            ended |= set(entry.data["steps"])
        elif entry.kind in ("step_completed", "step_failed", "step_cancelled"):
            ended.add(entry.step)
            if entry.kind == "step_completed":
                completed.add(entry.step)


def _check_events(connection: Connection) -> None:
    """Every event has one verdict, and one of those that say the same thing twice is a duplicate."""
    events = connection.execute(select(tables.events)).all()
    for event in events:
        assert event.state in ("matched", "late", "duplicate", "dead"), f"{event.event_id} is {event.state}"
        assert event.handled_at is not None, f"{event.event_id} was not handled"
        assert event.state == "duplicate" or event.verdict, f"{event.event_id} has no verdict"
    originals = Counter((event.source, event.event_id) for event in events if event.duplicate_of is None)
    assert set(originals.values()) <= {1}
