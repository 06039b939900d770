"""What an executor answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class EventAction(StrEnum):
    """What an event does to the step that waits for it."""

    COMPLETE = "complete"
    """Ends it, well or badly: EventResult.status says which."""
    UPDATE_PROGRESS = "update_progress"
    """Tells how far it is; it keeps waiting."""
    IGNORE = "ignore"
    """Nothing; it keeps waiting."""


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """The end, or the beginning, of an attempt."""

    success: bool
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Why it failed, for a person."""
    awaiting_event: bool = False
    """Whether the work goes on elsewhere and an event will end it."""
    external_workflow_id: str | None = None
    """The id by which that event will name it."""
    timeout_seconds: float | None = None
    """How long to wait for the event; None means the action's own timeout."""
    correlation_keys: tuple[str, ...] = ()
    """More ids by which that event may name it."""
    wake_at: datetime | None = None
    """When `on_event` is to be called with an event of the type `wake`; None if no moment is waited for."""
    had_effect: bool = True
    """For a failure: False if nothing has changed anywhere, so that even an action that is not idempotent may be
    attempted again."""


@dataclass(frozen=True, kw_only=True)
class Awaiting:
    """What a typed executor returns when work goes on elsewhere, or at a later moment."""

    external_workflow_id: str | None = None
    """The id by which the event that ends it will name it; None if only a moment, or the callback's token, is waited
    for."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What is known so far; kept beside what the event brings."""
    timeout_seconds: float | None = None
    """How long to wait for the event; None means the action's own timeout."""
    correlation_keys: tuple[str, ...] = ()
    """More ids by which that event may name it."""
    wake_at: datetime | None = None
    """When `on_event` is to be called with an event of the type `wake`; None if no moment is waited for."""


@dataclass(frozen=True, kw_only=True)
class EventResult:
    """What an event means to the step that waits for it."""

    action: EventAction
    status: StepStatus | None = None
    """For COMPLETE: COMPLETED or FAILED."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    progress: float | None = None
    """For UPDATE_PROGRESS: percent, 0 to 100."""
    eta_minutes: int | None = None


class ActionError(Exception):
    """Work that failed, in words for a person. Outputs that are known all the same may come with it."""

    def __init__(self, message: str, outputs: Mapping[str, Any] | None = None, *, had_effect: bool = True) -> None:
        self.outputs = dict(outputs or {})
        self.had_effect = had_effect
        """False if nothing has changed anywhere: even an action that is not idempotent may then be attempted again."""
        super().__init__(message)
