"""An execution's state as rows, and back."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, case, select, update
from sqlalchemy.engine import Row

from bud_server.auth.identity import Subject
from bud_server.runtime.evolve import Entry
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import ExecutionStatus, StepStatus, Work
from bud_server.runtime.store import tables
from bud_server.runtime.store.database import Database

_DETAILS = (
    "is_active",
    "tries",
    "losses",
    "reason",
    "keys",
    "progress",
    "step_deadline",
    "attempt_deadline",
    "wake_at",
    "retry_at",
    "event_retry_at",
    "abandon_at",
)
_NO_STEP = StepState()
_DEFAULTS = {name: getattr(_NO_STEP, name) for name in _DETAILS}


def as_text(value: object) -> str:
    """Return a document as it is kept: ASCII, so that every text has one."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _text_or_none(value: object) -> str | None:
    return None if value is None else as_text(value)


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def step_values(execution_id: str, step_id: str, step: StepState) -> dict[str, Any]:
    """Return the columns of a step that follow from its state."""
    detail = {name: value for name in _DETAILS if (value := getattr(step, name)) != _DEFAULTS[name]}
    return {
        "execution_id": execution_id,
        "step_id": step_id,
        "status": step.status.value,
        "attempt": step.attempt,
        "work": None if step.work is None else step.work.value,
        "fence": step.fence,
        "stop": step.stop,
        "due_at": step.due_at,
        "outputs": _text_or_none(step.outputs),
        "error": _text_or_none(step.error),
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "detail": as_text(detail),
    }


def step_state(row: Row[Any]) -> StepState:
    """Return the state of a step from its row."""
    detail = json.loads(row.detail)
    if "keys" in detail:
        detail["keys"] = tuple(detail["keys"])
    return StepState(
        status=StepStatus(row.status),
        attempt=row.attempt,
        work=None if row.work is None else Work(row.work),
        fence=row.fence,
        stop=row.stop,
        outputs=_value(row.outputs),
        error=_value(row.error),
        started_at=row.started_at,
        ended_at=row.ended_at,
        **detail,
    )


def execution_values(state: ExecutionState) -> dict[str, Any]:
    """Return the columns of an execution that follow from its state."""
    return moving_values(state) | ending_values(state)


def moving_values(state: ExecutionState) -> dict[str, Any]:
    """Return the columns of an execution that change while it is under way."""
    return {
        "status": state.status.value,
        "sequence": state.sequence,
        "ready": as_text(state.ready),
        "ending": None if state.ending is None else state.ending.value,
        "due_at": state.due_at,
        "unfinished": state.unfinished,
    }


def ending_values(state: ExecutionState) -> dict[str, Any]:
    """Return the columns of an execution that change only when it starts, ends or is tried again."""
    return {
        "params": as_text(state.params),
        "outputs": _text_or_none(state.outputs),
        "error": _text_or_none(state.error),
        "started_at": state.started_at,
        "ended_at": state.ended_at,
    }


def is_same_ending(one: ExecutionState, other: ExecutionState) -> bool:
    """Whether the columns of `ending_values` are the same for two states of an execution."""
    if one.params is not other.params or one.outputs is not other.outputs or one.error is not other.error:
        return False
    return one.started_at == other.started_at and one.ended_at == other.ended_at


_STEPS_OF = select(tables.steps).where(tables.steps.c.execution_id == bindparam("execution_id"))


def load_state(connection: Connection, row: Row[Any], step_ids: Iterable[str]) -> ExecutionState:
    """Return the state of an execution from its rows; steps of which there is none have not begun."""
    steps = dict.fromkeys(step_ids, _NO_STEP)
    for each in connection.execute(_STEPS_OF, {"execution_id": row.id}):
        steps[each.step_id] = step_state(each)
    status = ExecutionStatus(row.status)
    return ExecutionState(
        id=row.id,
        params=json.loads(row.params),
        status=status,
        steps=steps,
        ready=tuple(json.loads(row.ready)),
        active=sum(step.is_active for step in steps.values()),
        unfinished=row.unfinished,
        ending=None if row.ending is None else ExecutionStatus(row.ending),
        outputs=_value(row.outputs),
        error=_value(row.error),
        deadline=row.due_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        sequence=row.sequence,
    )


def entry_values(execution_id: str, sequence: int, entry: Entry) -> dict[str, Any]:
    """Return the row of a log entry."""
    return {
        "execution_id": execution_id,
        "sequence": sequence,
        "at": entry.at,
        "kind": entry.kind,
        "step_id": entry.step,
        "data": as_text(entry.data),
    }


def entry_of(row: Row[Any]) -> Entry:
    """Return a log entry from its row."""
    return Entry(row.kind, row.step_id, json.loads(row.data), row.at)


def subject_of(row: Row[Any]) -> Subject:
    """Return who started an execution, with the permissions of that moment."""
    return _read_subject(row.subject)


@lru_cache(maxsize=1000)
def _read_subject(text: str) -> Subject:
    document = json.loads(text)
    return Subject(document["id"], frozenset(document["permissions"]), document["is_anonymous"])


def subject_document(subject: Subject) -> dict[str, Any]:
    """Return a subject as it is kept."""
    permissions = sorted(subject.permissions)
    return {"id": subject.id, "permissions": permissions, "is_anonymous": subject.is_anonymous}


class Statements:
    """The statements of a transition, made once for a database; those that write as text, which is run without ado."""

    def __init__(self, database: Database) -> None:
        executions = tables.executions
        this_one = executions.c.id == bindparam("id")
        self.lock = select(executions).where(this_one).with_for_update()
        self.lock_sequence = database.text_of(select(executions.c.sequence).where(this_one).with_for_update())
        moving: dict[str, Any] = {name: bindparam(name) for name in (*moving_values(_NO_EXECUTION), "updated_at")}
        ending: dict[str, Any] = {name: bindparam(name) for name in ending_values(_NO_EXECUTION)}
        at_revision = update(executions).where(
            executions.c.id == bindparam("key"), executions.c.sequence == bindparam("revision")
        )
        self.move_execution = database.text_of(at_revision.values(moving))
        self.update_execution = database.text_of(at_revision.values({**moving, **ending}))
        self.append = database.text_of(database.insert(tables.entries))
        upsert, keys = database.insert(tables.steps), ["execution_id", "step_id"]
        changed = {each.name: upsert.excluded[each.name] for each in tables.steps.c if each.name not in keys}
        changed["owner"] = case((bindparam("is_handed"), upsert.excluded.owner), else_=tables.steps.c.owner)
        self.upsert_step = database.text_of(upsert.on_conflict_do_update(index_elements=keys, set_=changed))


_NO_EXECUTION = ExecutionState("", {})
