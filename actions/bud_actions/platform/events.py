"""Events by which the platform tells how a workflow gets on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_actions.base import EventAction, EventResult, StepStatus
from bud_actions.base.executor import Record
from bud_actions.platform.calls import object_in, text_in

IGNORED = EventResult(action=EventAction.IGNORE)
_ENVELOPE_TYPE = "com.dapr.event.sent"
"""What Dapr writes for an event whose type stands in its data."""
_MINUTES = re.compile(r"\d{1,6}")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """An event, in whichever of the platform's shapes it came. Texts that it lacks are empty."""

    type: str
    """What the event is, such as `notification` or `workflow_completed`."""
    activity: str
    """What it tells of, such as `perform_model_extraction`."""
    phase: str
    """What part of that: its name, `results` or `eta`."""
    status: str
    """In capitals: STARTED, RUNNING, COMPLETED or FAILED."""
    title: str
    message: str
    """A sentence; for `eta`, minutes."""
    values: Mapping[str, Any]
    """What has come of it, by name."""


def read(event: Mapping[str, Any]) -> Notice:
    """Return an event, read: a notification, `workflow_completed`, or either in the `data` of a CloudEvent."""
    told = {**event, **object_in(event, "data")}
    if told.get("type") == _ENVELOPE_TYPE:
        del told["type"]
    event_type = text_in(told, "type") or ""
    if event_type == "workflow_completed":
        return _of_completed_workflow(told)
    payload = object_in(told, "payload")
    content = object_in(payload, "content")
    own = "" if event_type == "notification" else event_type
    return Notice(
        type=event_type,
        activity=own or text_in(payload, "type") or "",
        phase=text_in(payload, "event") or "",
        status=(text_in(content, "status") or "").upper(),
        title=text_in(content, "title") or "",
        message=text_in(content, "message") or "",
        values=object_in(content, "results") or object_in(content, "result"),
    )


def _of_completed_workflow(told: Mapping[str, Any]) -> Notice:
    return Notice(
        type="workflow_completed",
        activity=text_in(told, "workflow_type") or "",
        phase="",
        status=(text_in(told, "status") or "").upper(),
        title="",
        message=text_in(told, "reason", "error", "message") or "",
        values=object_in(told, "result") or told,
    )


@dataclass(frozen=True, kw_only=True)
class Phases:
    """What the events of one kind of workflow mean to the step that waits for it."""

    activities: frozenset[str] = frozenset()
    """Activities whose events count; empty if all do."""
    final: frozenset[str] = frozenset({"results"})
    """Phases that end it once they are COMPLETED."""
    progress: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Percent of the way, by phase and status."""

    def has_completed(self, notice: Notice) -> bool:
        """Whether the workflow has ended well."""
        if notice.type == "workflow_completed":
            return notice.status == "COMPLETED"
        return self._concerns(notice) and notice.phase in self.final and notice.status == "COMPLETED"

    def has_failed(self, notice: Notice) -> bool:
        """Whether the workflow has failed; the phase that did may be the last that is heard of it."""
        if notice.type == "workflow_completed":
            return notice.status != "COMPLETED"
        return self._concerns(notice) and notice.status == "FAILED"

    def told(self, notice: Notice) -> EventResult:
        """Return what an event says of a workflow that goes on."""
        if not self._concerns(notice):
            return IGNORED
        if notice.phase == "eta" and _MINUTES.fullmatch(notice.message):
            return EventResult(action=EventAction.UPDATE_PROGRESS, eta_minutes=int(notice.message))
        percent = self.progress.get((notice.phase, notice.status))
        return IGNORED if percent is None else EventResult(action=EventAction.UPDATE_PROGRESS, progress=percent)

    def _concerns(self, notice: Notice) -> bool:
        return not self.activities or notice.activity in self.activities


def completed(outputs: Record) -> EventResult:
    """Return that the step ends well."""
    return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs.to_dict())


def failed(error: str, outputs: Record) -> EventResult:
    """Return that the step fails, and why."""
    return EventResult(action=EventAction.COMPLETE, status=StepStatus.FAILED, outputs=outputs.to_dict(), error=error)
