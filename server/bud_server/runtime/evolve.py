"""What each entry of an execution's log means to its state."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import ExecutionStatus, StepStatus, Work


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of an execution, as it is kept in its log."""

    kind: str
    step: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0


def evolve(state: ExecutionState, entries: Iterable[Entry]) -> ExecutionState:
    """Return the state after the entries; the one given is left as it is."""
    after = state.copy()
    for entry in entries:
        apply(after, entry)
    return after


def apply(state: ExecutionState, entry: Entry) -> None:
    """Change a state as an entry says. Raises KeyError for an unknown kind."""
    _APPLY[entry.kind](state, entry)
    state.sequence += 1


def _set(state: ExecutionState, step: str | None, **changes: Any) -> None:
    if step is not None:
        state.steps[step] = state.steps[step]._replace(**changes)


def _started(state: ExecutionState, entry: Entry) -> None:
    state.status = ExecutionStatus.RUNNING
    state.started_at = entry.at
    state.deadline = entry.data["deadline"]


def _ready(state: ExecutionState, entry: Entry) -> None:
    state.ready += tuple(entry.data["steps"])


def _attempt_queued(state: ExecutionState, entry: Entry) -> None:
    step = state.steps[entry.step or ""]
    if not step.is_active:
        state.active += 1
        if state.ready and state.ready[0] == entry.step:
            state.ready = state.ready[1:]
    _set(
        state,
        entry.step,
        status=StepStatus.PENDING,
        is_active=True,
        attempt=entry.data["number"],
        work=Work(entry.data["work"]),
        fence=step.fence + 1,
        step_deadline=entry.data.get("step_deadline", step.step_deadline),
        outputs=None,
        error=None,
        **_NOTHING_PENDING,
    )


_NOTHING_PENDING: Mapping[str, Any] = {
    "keys": (),
    "stop": None,
    "attempt_deadline": None,
    "wake_at": None,
    "retry_at": None,
    "event_retry_at": None,
    "abandon_at": None,
}


def _attempt_started(state: ExecutionState, entry: Entry) -> None:
    step = state.steps[entry.step or ""]
    _set(
        state,
        entry.step,
        status=StepStatus.RUNNING,
        tries=step.tries + (1 if step.work is Work.EXECUTE else 0),
        started_at=step.started_at or entry.at,
        attempt_deadline=entry.data["deadline"],
    )


def _attempt_waiting(state: ExecutionState, entry: Entry) -> None:
    _set(
        state,
        entry.step,
        status=StepStatus.WAITING,
        work=None,
        keys=tuple(entry.data["keys"]),
        outputs=entry.data["outputs"],
        attempt_deadline=entry.data["deadline"],
        wake_at=entry.data["wake_at"],
    )


def _attempt_stopping(state: ExecutionState, entry: Entry) -> None:
    _set(state, entry.step, stop=entry.data["why"], abandon_at=entry.data["abandon_at"])


def _attempt_failed(state: ExecutionState, entry: Entry) -> None:
    step = state.steps[entry.step or ""]
    is_lost = entry.data["error"]["code"] == "lost"
    _set(
        state,
        entry.step,
        **{
            **_NOTHING_PENDING,
            "status": StepStatus.RUNNING,
            "work": None,
            "error": entry.data["error"],
            "outputs": entry.data["outputs"],
            "losses": step.losses + (1 if is_lost else 0),
            "retry_at": entry.data["retry_at"],
        },
    )


def _work_queued(state: ExecutionState, entry: Entry) -> None:
    work = Work(entry.data["work"])
    moments: dict[str, Any] = {"event_retry_at": None}
    if work is Work.WAKE:
        moments["wake_at"] = None
    _set(state, entry.step, work=work, fence=state.steps[entry.step or ""].fence + 1, **moments)


def _event_ignored(state: ExecutionState, entry: Entry) -> None:
    progress = entry.data["progress"]
    _set(state, entry.step, work=None, **({"progress": progress} if progress is not None else {}))


def _event_failed(state: ExecutionState, entry: Entry) -> None:
    _set(state, entry.step, work=None, event_retry_at=entry.data["retry_at"])


def _reported(state: ExecutionState, entry: Entry) -> None:
    if entry.kind == "progress":
        _set(state, entry.step, progress=dict(entry.data))


def _end(state: ExecutionState, step_id: str | None, at: float, **changes: Any) -> None:
    step = state.steps[step_id or ""]
    if step.is_active:
        state.active -= 1
    if not step.status.is_terminal:
        state.unfinished -= 1
    ended = {"is_active": False, "work": None, "step_deadline": None, "ended_at": at, **_NOTHING_PENDING, **changes}
    _set(state, step_id, **ended)


def _step_completed(state: ExecutionState, entry: Entry) -> None:
    _end(
        state,
        entry.step,
        entry.at,
        status=StepStatus.COMPLETED,
        outputs=entry.data["outputs"],
        error=None,
        reason=None,
    )


def _step_failed(state: ExecutionState, entry: Entry) -> None:
    data = entry.data
    _end(
        state,
        entry.step,
        entry.at,
        status=StepStatus(data["status"]),
        outputs=data["outputs"],
        error=data["error"],
    )


def _steps_skipped(state: ExecutionState, entry: Entry) -> None:
    skipped = set(entry.data["steps"])
    for step in entry.data["steps"]:
        _end(state, step, entry.at, status=StepStatus.SKIPPED, reason=entry.data["reason"], error=None)
    if state.ready:
        state.ready = tuple(step for step in state.ready if step not in skipped)


def _step_cancelled(state: ExecutionState, entry: Entry) -> None:
    _end(state, entry.step, entry.at, status=StepStatus.CANCELLED, error=entry.data["error"])


def _execution_ending(state: ExecutionState, entry: Entry) -> None:
    state.ending = ExecutionStatus(entry.data["status"])
    state.deadline = None
    state.error = entry.data["error"]


def _execution_ended(state: ExecutionState, entry: Entry) -> None:
    state.status = ExecutionStatus(entry.data["status"])
    state.outputs = entry.data["outputs"]
    state.error = entry.data["error"]
    state.ended_at = entry.at
    state.deadline = None


def _execution_retried(state: ExecutionState, entry: Entry) -> None:
    state.status = ExecutionStatus.RUNNING
    state.ending = state.outputs = state.error = state.ended_at = None
    state.deadline = entry.data["deadline"]
    if entry.data["params"] is not None:
        state.params = entry.data["params"]


def _steps_reset(state: ExecutionState, entry: Entry) -> None:
    for step_id in entry.data["steps"]:
        step = state.steps[step_id]
        if step.status.is_terminal:
            state.unfinished += 1
        state.steps[step_id] = StepState(attempt=step.attempt, fence=step.fence)


_APPLY: Mapping[str, Callable[[ExecutionState, Entry], None]] = {
    "execution_started": _started,
    "steps_ready": _ready,
    "attempt_queued": _attempt_queued,
    "attempt_started": _attempt_started,
    "attempt_waiting": _attempt_waiting,
    "attempt_stopping": _attempt_stopping,
    "attempt_failed": _attempt_failed,
    "work_queued": _work_queued,
    "event_ignored": _event_ignored,
    "event_failed": _event_failed,
    "log": _reported,
    "progress": _reported,
    "metrics": _reported,
    "step_completed": _step_completed,
    "step_failed": _step_failed,
    "steps_skipped": _steps_skipped,
    "step_cancelled": _step_cancelled,
    "execution_ending": _execution_ending,
    "execution_ended": _execution_ended,
    "execution_retried": _execution_retried,
    "steps_reset": _steps_reset,
}

KINDS = tuple(_APPLY)
"""All kinds of entries."""
