"""What is read of executions and their logs; everything takes a transaction and changes nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from bud_server.auth.identity import Subject
from bud_server.runtime.evolve import Entry
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.rows import entry_of
from bud_server.runtime.store.tables import entries, executions, plans, steps, workers

ADMIN = "execution:admin"
"""The permission to see everybody's executions, and to cancel, retry and resolve them."""
Query = Mapping[str, Any]


def visible(on: Transaction, execution_id: str, subject: Subject) -> Row[Any] | None:
    """Return the row of an execution that a subject may see; None if there is none."""
    row = on.connection.execute(select(executions).where(executions.c.id == execution_id)).first()
    return row if row is not None and (row.owner == subject.id or subject.has(ADMIN)) else None


def row_of(on: Transaction, execution_id: str) -> Row[Any]:
    """Return the row of an execution that is there."""
    return on.connection.execute(select(executions).where(executions.c.id == execution_id)).one()


def definition_of(on: Transaction, digest: str) -> dict[str, Any]:
    """Return the pipeline of an execution as it was when it began, secrets sealed."""
    text = on.connection.execute(select(plans.c.definition).where(plans.c.digest == digest)).scalar_one()
    found: dict[str, Any] = json.loads(text)
    return found


def _listed(columns: Select[Any], asked: Query, subject: Subject) -> Select[Any]:
    """Narrow executions down to those that are asked for and may be seen."""
    table = executions.c
    wanted: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "status": lambda value: table.status == value,
        "initiator": lambda value: table.initiator == value,
        "workflow_id": lambda value: (
            table.pipeline_id.is_(None) if value == "ephemeral" else table.pipeline_id == value
        ),
        "start_date": lambda value: table.created_at >= value,
        "end_date": lambda value: table.created_at <= value,
    }
    found = columns if subject.has(ADMIN) else columns.where(table.owner == subject.id)
    for name, condition in wanted.items():
        if asked[name] is not None:
            found = found.where(condition(asked[name]))
    return found


def page(on: Transaction, asked: Query, subject: Subject) -> tuple[Sequence[Row[Any]], int]:
    """Return the rows of a page of executions, newest first, and how many there are on all pages."""
    total = on.connection.execute(_listed(select(func.count()).select_from(executions), asked, subject)).scalar_one()
    first = (asked["page"] - 1) * asked["page_size"]
    found = _listed(_with_definition(), asked, subject).limit(asked["page_size"]).offset(first)
    return on.connection.execute(found).all(), total


def following(on: Transaction, asked: Query, subject: Subject, most: int) -> Sequence[Row[Any]]:
    """Return the rows of the executions older than `after`, newest first; of all, if that is None."""
    found = _listed(_with_definition(), asked, subject).limit(most)
    if asked["after"] is not None:
        found = found.where(executions.c.id < asked["after"])
    return on.connection.execute(found).all()


def _with_definition() -> Select[Any]:
    joined = executions.join(plans, plans.c.digest == executions.c.plan)
    return select(executions, plans.c.definition).select_from(joined).order_by(executions.c.id.desc())


def entries_after(on: Transaction, execution_id: str, sequence: int, most: int) -> list[tuple[int, Entry]]:
    """Return entries of a log with their numbers, from the one after `sequence`."""
    found = (
        select(entries)
        .where(entries.c.execution_id == execution_id, entries.c.sequence > sequence)
        .order_by(entries.c.sequence)
        .limit(most)
    )
    return [(row.sequence, entry_of(row)) for row in on.connection.execute(found)]


def latest_entries(on: Transaction, execution_id: str, asked: Query) -> tuple[list[tuple[int, Entry]], int]:
    """Return entries of a log with their numbers, newest first, and how many there are without limit and offset."""
    conditions = [entries.c.execution_id == execution_id]
    if asked.get("event_type") is not None:
        conditions.append(entries.c.kind == asked["event_type"])
    if asked.get("start_time") is not None:
        conditions.append(entries.c.at >= asked["start_time"])
    if asked.get("end_time") is not None:
        conditions.append(entries.c.at <= asked["end_time"])
    total = on.connection.execute(select(func.count()).select_from(entries).where(*conditions)).scalar_one()
    found = select(entries).where(*conditions).order_by(entries.c.sequence.desc())
    rows = on.connection.execute(found.limit(asked["limit"]).offset(asked.get("offset", 0)))
    return [(row.sequence, entry_of(row)) for row in rows], total


_ABOUT_ATTEMPTS = (
    "attempt_queued",
    "attempt_started",
    "attempt_waiting",
    "attempt_failed",
    "step_completed",
    "step_failed",
    "step_cancelled",
)


def attempt_entries(on: Transaction, execution_id: str, step_id: str | None) -> list[Entry]:
    """Return the entries that tell of attempts, oldest first; of one step or of all."""
    conditions = [entries.c.execution_id == execution_id, entries.c.kind.in_(_ABOUT_ATTEMPTS)]
    if step_id is not None:
        conditions.append(entries.c.step_id == step_id)
    found = select(entries).where(*conditions).order_by(entries.c.sequence)
    return [entry_of(row) for row in on.connection.execute(found)]


def liveliness(on: Transaction) -> dict[str, Any]:
    """Return how many workers are alive, and for how many seconds the longest overdue moment has been over."""
    alive = select(func.count()).select_from(workers).where(workers.c.lease_until >= on.now)
    moments = [
        on.connection.execute(select(func.min(column)).where(column <= on.now)).scalar()
        for column in (steps.c.due_at, executions.c.due_at)
    ]
    overdue = [on.now - each for each in moments if each is not None]
    return {
        "workers": on.connection.execute(alive).scalar_one(),
        "oldest_due_seconds": round(max(overdue), 3) if overdue else None,
    }


def running_attempts(on: Transaction) -> list[tuple[str, str, int]]:
    """Return (execution_id, step_id, attempt) of the attempts that workers are making."""
    return [(row.execution_id, row.step_id, row.attempt) for row in on.connection.execute(_RUNNING)]


_RUNNING = select(steps.c.execution_id, steps.c.step_id, steps.c.attempt).where(
    steps.c.work.is_not(None), steps.c.owner.is_not(None)
)
