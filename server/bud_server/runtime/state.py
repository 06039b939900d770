"""The state of an execution: what its rows say. Everything in it follows from its log."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bud_server.runtime.status import ExecutionStatus, StepStatus, Work

Error = Mapping[str, Any]
"""`code`, for programs, and `message`, for people."""


class StepState(NamedTuple):
    """Where one step stands. Moments are seconds since 1970 by the database's clock."""

    status: StepStatus = StepStatus.PENDING
    is_active: bool = False
    """Whether it counts as one of the steps that are under way."""
    attempt: int = 0
    """Number of the latest attempt; 0 if there was none."""
    tries: int = 0
    """Attempts that count against the retries."""
    losses: int = 0
    """Attempts whose worker was lost."""
    work: Work | None = None
    """What a worker is, or will be, doing."""
    fence: int = 0
    """Raised whenever there is new work, so that what an earlier worker says of the step is known to be stale."""
    stop: str | None = None
    """Why the attempt is being stopped: `timeout` or `cancel`."""
    outputs: Mapping[str, Any] | None = None
    error: Error | None = None
    reason: str | None = None
    """Why it was skipped: `condition`, `branch`, `dependency` or `ending`."""
    keys: tuple[str, ...] = ()
    """What an event may name to reach it."""
    progress: Mapping[str, Any] | None = None
    started_at: float | None = None
    ended_at: float | None = None
    step_deadline: float | None = None
    attempt_deadline: float | None = None
    wake_at: float | None = None
    retry_at: float | None = None
    event_retry_at: float | None = None
    abandon_at: float | None = None
    """When a worker that does not confirm the stop is no longer waited for."""

    @property
    def due_at(self) -> float | None:
        """When time alone moves the step on; None if it never does."""
        if self.status.is_terminal:
            return None
        if self.stop is not None:
            return self.abandon_at
        if self.work not in (None, Work.EXECUTE, Work.RECOVER):
            return None  # what a worker is finding out comes first; if it is lost, another one asks again
        moments = (self.step_deadline, self.attempt_deadline, self.wake_at, self.retry_at, self.event_retry_at)
        return min((moment for moment in moments if moment is not None), default=None)


@dataclass
class ExecutionState:
    """Where an execution stands. Changed by `evolve` only, which works on a copy."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    status: ExecutionStatus = ExecutionStatus.PENDING
    steps: dict[str, StepState] = field(default_factory=dict)
    ready: tuple[str, ...] = ()
    """Steps that may start as soon as fewer are under way."""
    active: int = 0
    """Steps that are under way."""
    unfinished: int = 0
    """Steps that are not terminal."""
    ending: ExecutionStatus | None = None
    """What it will be once everything under way has stopped."""
    outputs: Mapping[str, Any] | None = None
    error: Error | None = None
    deadline: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    sequence: int = 0
    """Number of the last entry of its log; the row's revision."""

    def copy(self) -> "ExecutionState":
        """Return a state that can be changed without changing this one."""
        copied = copy(self)
        copied.steps = dict(self.steps)
        return copied

    @property
    def due_at(self) -> float | None:
        """When time alone ends it; None if it never does."""
        return self.deadline


def new_state(execution_id: str, step_ids: tuple[str, ...], params: Mapping[str, Any]) -> ExecutionState:
    """Return the state of an execution of which nothing has happened."""
    steps = dict.fromkeys(step_ids, StepState())
    return ExecutionState(execution_id, params, steps=steps, unfinished=len(steps))
