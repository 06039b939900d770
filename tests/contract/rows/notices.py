"""Events as services of the platform publish them."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import EventAction, EventResult, StepStatus

IGNORED = EventResult(action=EventAction.IGNORE)


def notice(activity: str, phase: str, status: str, message: str = "", **content: Any) -> dict[str, Any]:
    """Return a notification as the body of a flat CloudEvent; `content` has its title and its result."""
    return {
        "id": f"{activity}-{phase}-{status}",
        "source": "budcluster",
        "specversion": "1.0",
        "topic": "budpipelineEvents",
        "pubsubname": "pubsub",
        "type": "notification",
        "notification_type": "event",
        "name": "bud-notification",
        "payload": {
            "category": "internal",
            "type": activity,
            "event": phase,
            "workflow_id": "wf-1",
            "source": "budcluster",
            "content": {"title": "", "message": message, "status": status, "result": {}, **content},
        },
    }


def in_envelope(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as the data of a CloudEvent whose own type says nothing."""
    return {"id": "1", "source": "budapp", "specversion": "1.0", "type": "com.dapr.event.sent", "data": dict(event)}


def workflow_completed(status: str, result: Mapping[str, Any] | None = None, reason: str = "") -> dict[str, Any]:
    """Return the event by which budapp tells that a workflow has ended."""
    return {
        "type": "workflow_completed",
        "category": "internal",
        "workflow_id": "wf-1",
        "workflow_type": "any",
        "status": status,
        "result": dict(result or {}),
        "reason": reason,
    }


def completes(outputs: Mapping[str, Any]) -> EventResult:
    """Return that the step ends well."""
    return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs)


def fails(error: str, outputs: Mapping[str, Any]) -> EventResult:
    """Return that the step fails."""
    return EventResult(action=EventAction.COMPLETE, status=StepStatus.FAILED, outputs=outputs, error=error)


def progress(percent: float) -> EventResult:
    """Return how far the step is."""
    return EventResult(action=EventAction.UPDATE_PROGRESS, progress=percent)


def eta(minutes: int) -> EventResult:
    """Return how long the step takes."""
    return EventResult(action=EventAction.UPDATE_PROGRESS, eta_minutes=minutes)
