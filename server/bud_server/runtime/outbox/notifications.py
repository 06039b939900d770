"""What those are told whom an execution's client named, in the shape in which notifications travel."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bud_server.runtime.evolve import Entry
from bud_server.runtime.plan import Plan
from bud_server.runtime.secrets import masked
from bud_server.runtime.state import ExecutionState

NOTIFY_TOPIC = "notificationMessages"
"""Where messages for people go."""
SOURCE = "budpipeline"
_STEP_ENDS = {"step_completed": "COMPLETED", "step_failed": "FAILED"}


class Notification(NamedTuple):
    """One message to one topic."""

    topic: str
    type: str
    """`step_started`, `step_completed`, `step_failed`, `eta_update`, `workflow_completed` or `workflow_failed`."""
    body: dict[str, Any]


def notifications(
    options: Mapping[str, Any], plan: Plan, state: ExecutionState, entries: list[Entry]
) -> Iterator[Notification]:
    """Yield what the entries of a transition are worth telling, for each topic that the client named."""
    topics: list[str] = list(dict.fromkeys(options.get("callback_topics") or ()))
    if options.get("subscriber_ids"):
        topics.append(NOTIFY_TOPIC)
    for entry in entries if topics else ():
        told = _told(plan, state, entry)
        if told is not None:
            kind, event, content = told
            body = _body(options, state, event, content)
            yield from (Notification(topic, kind, body) for topic in topics)


def _told(plan: Plan, state: ExecutionState, entry: Entry) -> tuple[str, str, dict[str, Any]] | None:
    """Return the type, event and content of what an entry tells; None if it tells nothing to others."""
    if entry.kind == "execution_ended":
        return _execution_ended(plan, entry)
    step = plan.steps.get(entry.step or "")
    if step is None:
        return None
    if entry.kind == "attempt_started" and entry.data["number"] == 1:
        return (
            "step_started",
            step.id,
            _content(step.name, f"{step.name} has started", "STARTED", _progress(plan, state)),
        )
    if entry.kind in _STEP_ENDS:
        status = _STEP_ENDS[entry.kind]
        error = entry.data.get("error") or {}
        message = error.get("message") or f"{step.name} has completed"
        return entry.kind, step.id, _content(step.name, message, status, _progress(plan, state))
    eta = (entry.data["progress"] or {}).get("eta_seconds") if entry.kind == "event_ignored" else None
    if isinstance(eta, int | float):
        return "eta_update", "eta", _content(step.name, str(round(eta / 60)), "RUNNING", None)
    return None


def _execution_ended(plan: Plan, entry: Entry) -> tuple[str, str, dict[str, Any]]:
    is_completed = entry.data["status"] == "COMPLETED"
    message = "The pipeline has completed" if is_completed else (entry.data["error"] or {}).get("message", "")
    result = {"outputs": entry.data["outputs"] or {}, "success": is_completed}
    kind = "workflow_completed" if is_completed else "workflow_failed"
    return kind, "results", _content(plan.name, message, "COMPLETED" if is_completed else "FAILED", result)


def _progress(plan: Plan, state: ExecutionState) -> dict[str, Any]:
    ended = len(plan.steps) - state.unfinished
    return {"progress_percentage": round(100 * ended / len(plan.steps), 2), "sequence_number": state.sequence}


def _content(title: str, message: str, status: str, result: Mapping[str, Any] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"title": title, "message": message, "status": status}
    return content if result is None else {**content, "result": masked(result)}


def _body(options: Mapping[str, Any], state: ExecutionState, event: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "notification_type": "event",
        "name": "bud-notification",
        "subscriber_ids": options.get("subscriber_ids"),
        "payload": {
            "category": "internal",
            "type": options.get("payload_type") or "pipeline_execution",
            "event": event,
            "workflow_id": options.get("notification_workflow_id") or state.id,
            "source": SOURCE,
            "content": dict(content),
        },
        "source": SOURCE,
    }
