"""Where an execution and a step stand, spelled as clients read it."""

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """Where an execution stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    """An event or a moment will move it on."""
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING)


class Work(StrEnum):
    """What a worker is asked to do for a step: the only occasions on which an executor's code runs."""

    EXECUTE = "execute"
    RECOVER = "recover"
    """Find out what became of an attempt whose worker is gone; execute if nothing did."""
    EVENT = "event"
    """Pass on the next event that names what the step waits for."""
    WAKE = "wake"
    """Pass on that the moment the step waits for has come."""
    POLL = "poll"
    """Ask the other side once more before the deadline ends the attempt; clean up if it has nothing to tell."""
    CLEANUP = "cleanup"
    """Release what an attempt that was stopped left behind."""
