"""Executions, steps and log entries as clients see them: secrets are stars, decimals are texts, moments RFC 3339."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from bud_server.runtime.evolve import Entry
from bud_server.runtime.found import MASK
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.preparation import KEY_PREFIX
from bud_server.runtime.secrets import masked
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import ExecutionStatus, StepStatus

EPHEMERAL = "ephemeral"
"""The pipeline id of an execution whose definition is not saved."""
Document = dict[str, Any]


def moment(seconds: float | None) -> str | None:
    """Return a moment as RFC 3339 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decimal(number: float) -> str:
    """Return a number with two digits after the point."""
    return f"{number:.2f}"


def shown(value: Any) -> Any:
    """Return a value without secrets: neither sealed values nor the tokens of callbacks."""
    return _without_tokens(masked(value))


def _without_tokens(value: Any) -> Any:
    if isinstance(value, str):
        return KEY_PREFIX + MASK if value.startswith(KEY_PREFIX) else value
    if isinstance(value, Mapping):
        return {key: _without_tokens(member) for key, member in value.items()}
    return [_without_tokens(item) for item in value] if isinstance(value, list | tuple) else value


def started_document(state: ExecutionState, pipeline_id: str | None, name: str) -> Document:
    """Return an execution as those see it who started it, or asked something of it."""
    return {
        "execution_id": state.id,
        "workflow_id": pipeline_id or EPHEMERAL,
        "workflow_name": name,
        "status": state.status.value.lower(),
        "started_at": moment(state.started_at),
        "completed_at": moment(state.ended_at),
        "params": shown(state.params),
        "outputs": shown(state.outputs or {}),
        "error": None if state.error is None else state.error["message"],
    }


def execution_document(row: Row[Any], definition: Mapping[str, Any]) -> Document:
    """Return an execution as those see it who look."""
    return {
        "id": row.id,
        "version": row.sequence,
        "pipeline_definition": {
            "workflow_id": row.pipeline_id or EPHEMERAL,
            "workflow_name": row.pipeline_name,
            "name": row.pipeline_name,
            "dag": shown(definition),
            "params": shown(json.loads(row.params)),
        },
        "initiator": row.initiator,
        "start_time": moment(row.started_at),
        "end_time": moment(row.ended_at),
        "status": row.status,
        "progress_percentage": decimal(progress_of(row)),
        "final_outputs": shown(_value(row.outputs)),
        "error_info": error_document(_value(row.error)),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def error_document(error: Mapping[str, Any] | None) -> Document | None:
    """Return why something failed: `message` and `error` for people, `code` and `step` for programs."""
    if error is None:
        return None
    message = error.get("message", "")
    return {"message": message, "error": message, "code": error.get("code", "failed"), "step": error.get("step")}


def progress_of(row: Row[Any]) -> float:
    """Return how many of an execution's steps have ended, in percent."""
    if row.status == ExecutionStatus.COMPLETED:
        return 100.0
    return 100.0 * (row.step_count - row.unfinished) / row.step_count if row.step_count else 0.0


def step_document(row: Row[Any], planned: PlannedStep, step: StepState) -> Document:
    """Return a step."""
    is_waiting = step.status is StepStatus.WAITING
    keys = [key for key in step.keys if not key.startswith(KEY_PREFIX)]
    return {
        "id": f"{row.id}/{planned.id}",
        "execution_id": row.id,
        "version": step.fence,
        "step_id": planned.id,
        "step_name": planned.name,
        "action": planned.action,
        "action_version": planned.version,
        "status": step.status.value,
        "start_time": moment(step.started_at),
        "end_time": moment(step.ended_at),
        "progress_percentage": decimal(_step_progress(step)),
        "outputs": shown(step.outputs),
        "error_message": None if step.error is None else step.error["message"],
        "error_info": error_document(step.error),
        "skip_reason": step.reason,
        "attempt": step.attempt,
        "retry_count": max(0, step.tries - 1),
        "sequence_number": planned.position + 1,
        "awaiting_event": is_waiting,
        "external_workflow_id": keys[0] if keys else None,
        "handler_type": planned.action if is_waiting else None,
        "timeout_at": moment(_deadline(step)),
        "created_at": moment(row.created_at),
        "updated_at": moment(step.ended_at or step.started_at or row.created_at),
    }


def _deadline(step: StepState) -> float | None:
    moments = [each for each in (step.step_deadline, step.attempt_deadline) if each is not None]
    return min(moments, default=None)


def _step_progress(step: StepState) -> float:
    if step.status is StepStatus.COMPLETED:
        return 100.0
    return percent_of(step.progress) or 0.0


def percent_of(progress: Mapping[str, Any] | None) -> float | None:
    """Return what an executor said of its progress, in percent; None if it said nothing."""
    current, total = (progress or {}).get("current"), (progress or {}).get("total")
    if not isinstance(current, int | float) or not isinstance(total, int | float) or not total:
        return None
    return float(max(0.0, min(100.0, 100.0 * current / total)))


def waiting_document(step: StepState, near_misses: Iterable[Document]) -> Document | None:
    """Return what a step waits for, and which events may have been meant for it; None if it does not wait."""
    moments = {"deadline": _deadline(step), "wake_at": step.wake_at, "retry_at": step.retry_at}
    if step.status is not StepStatus.WAITING and step.retry_at is None:
        return None
    return {
        "keys": shown(list(step.keys)),
        **{name: moment(each) for name, each in moments.items()},
        "near_misses": list(near_misses),
    }


def overview_document(row: Row[Any], plan: Plan, state: ExecutionState) -> Document:
    """Return how far an execution is as a whole."""
    active = [plan.steps[each] for each, step in state.steps.items() if step.is_active]
    etas = [(state.steps[each.id].progress or {}).get("eta_seconds") for each in active]
    return {
        "overall_progress": decimal(progress_of(row)),
        "eta_seconds": max((eta for eta in etas if isinstance(eta, int)), default=None),
        "completed_steps": row.step_count - row.unfinished,
        "total_steps": row.step_count,
        "current_step": min(active, key=lambda each: each.position).name if active else None,
    }


def event_document(execution_id: str, sequence: int, entry: Entry, plan: Plan) -> Document:
    """Return an entry of the log."""
    percent = percent_of(entry.data.get("progress") or (entry.data if entry.kind == "progress" else None))
    eta = (entry.data.get("progress") or {}).get("eta_seconds")
    planned = plan.steps.get(entry.step or "")
    return {
        "id": f"{execution_id}/{sequence}",
        "execution_id": execution_id,
        "event_type": entry.kind,
        "step_id": entry.step,
        "progress_percentage": None if percent is None else decimal(percent),
        "eta_seconds": eta if isinstance(eta, int) else None,
        "current_step_desc": None if planned is None else planned.name,
        "event_details": shown(entry.data),
        "timestamp": moment(entry.at),
        "sequence_number": sequence,
        "created_at": moment(entry.at),
    }


_ENDS = {
    "step_completed": "COMPLETED",
    "step_failed": "FAILED",
    "attempt_failed": "FAILED",
    "step_cancelled": "CANCELLED",
}


def attempt_documents(entries: Sequence[Entry]) -> list[Document]:
    """Return the attempts that a log tells of, in the order in which they began."""
    found: dict[tuple[str, int], Document] = {}
    for entry in entries:
        number = entry.data.get("number")
        if entry.step is None or not isinstance(number, int) or number == 0:
            continue
        attempt = found.setdefault((entry.step, number), _new_attempt(entry.step, number, entry.at))
        if entry.kind == "attempt_started":
            attempt |= {"status": "RUNNING", "started_at": moment(entry.at), "worker": entry.data["worker"]}
        elif entry.kind == "attempt_waiting":
            attempt["status"] = "WAITING"
        elif entry.kind in _ENDS:
            status = entry.data.get("status") or _ENDS[entry.kind]
            error = error_document(entry.data.get("error"))
            attempt |= {"status": str(status), "ended_at": moment(entry.at), "error": error}
    return list(found.values())


def _new_attempt(step: str, number: int, at: float) -> Document:
    return {
        "step_id": step,
        "number": number,
        "status": "PENDING",
        "queued_at": moment(at),
        "started_at": None,
        "ended_at": None,
        "worker": None,
        "error": None,
    }
