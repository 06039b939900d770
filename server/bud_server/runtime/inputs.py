"""Everything that can happen to an execution.

What workers report carries the fence that they were given with the work; an older one changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_server.runtime.state import Error


@dataclass(frozen=True, slots=True)
class Start:
    """It was accepted."""


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A worker took an attempt."""

    step: str
    fence: int
    worker: str


@dataclass(frozen=True, slots=True)
class AttemptSucceeded:
    """An executor is done."""

    step: str
    fence: int
    outputs: Mapping[str, Any] = field(default_factory=dict)
    skips: tuple[str, ...] = ()
    """Steps that the action decided against."""


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An executor failed, or could not be asked."""

    step: str
    fence: int
    error: Error
    outputs: Mapping[str, Any] = field(default_factory=dict)
    had_effect: bool = True
    """Whether the world may have changed."""
    is_final: bool = False
    """Whether trying again cannot help."""


@dataclass(frozen=True, slots=True)
class AttemptWaiting:
    """An executor started what will end elsewhere, or waits for a moment."""

    step: str
    fence: int
    keys: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float | None = None
    wake_at: float | None = None


@dataclass(frozen=True, slots=True)
class AttemptStopped:
    """A worker stopped an attempt, or let go of one that waited, and cleaned up."""

    step: str
    fence: int


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker that had a step's work is gone; whether an attempt had its effect is unknown."""

    step: str
    fence: int
    has_begun: bool = True
    """False if the worker is known never to have heard of the work."""


@dataclass(frozen=True, slots=True)
class EventArrived:
    """An event names what a step waits for."""

    step: str
    number: int


@dataclass(frozen=True, slots=True)
class EventIgnored:
    """An event, or a poll, changed nothing; the step keeps waiting."""

    step: str
    fence: int
    event: str
    progress: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EventFailed:
    """An executor could not handle an event."""

    step: str
    fence: int
    event: str
    error: Error
    retry_at: float | None
    """When it is asked again; None if it is not."""


@dataclass(frozen=True, slots=True)
class Reported:
    """An executor tells how it is getting on: (kind, data), the kind being `log`, `progress` or `metrics`."""

    step: str
    fence: int
    items: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class StepDue:
    """A moment came that a step was waiting for."""

    step: str


@dataclass(frozen=True, slots=True)
class ExecutionDue:
    """The execution's time is over."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A person or a program wants it to stop."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """A person or a program wants what did not complete to be tried again."""

    by: str
    params: Mapping[str, Any] | None = None
    """All params of the execution from now on; None means as they were."""


@dataclass(frozen=True, slots=True)
class StepResolved:
    """A person says what became of a step that ended as `uncertain`."""

    step: str
    by: str
    outcome: str
    """`completed`, `failed` or `retry`."""
    outputs: Mapping[str, Any] = field(default_factory=dict)


Input = (
    Start
    | AttemptStarted
    | AttemptSucceeded
    | AttemptFailed
    | AttemptWaiting
    | AttemptStopped
    | WorkerLost
    | EventArrived
    | EventIgnored
    | EventFailed
    | Reported
    | StepDue
    | ExecutionDue
    | CancelRequested
    | RetryRequested
    | StepResolved
)
