"""What an execution does, pinned when it starts: the definition together with what the catalog said of its actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Retries:
    """When a failed attempt is followed by another."""

    max_attempts: int = 3
    """Attempts altogether, the first included."""
    first_seconds: float = 60.0
    multiplier: float = 2.0
    longest_seconds: float = 3600.0

    def seconds_after(self, attempts: int) -> float:
        """Return how long to wait after that many attempts, without jitter."""
        return float(min(self.longest_seconds, self.first_seconds * self.multiplier ** (attempts - 1)))


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step, with everything that decides when and how often it is attempted."""

    id: str
    name: str
    action: str
    version: str
    position: int
    """Place in the definition, from 0."""
    depends_on: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    condition: str | bool | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    goes_on_after_failure: bool = False
    """Whether its failure neither fails the execution nor keeps its dependents from running."""
    timeout_seconds: float | None = None
    """Of the step: all attempts and the waits between them."""
    attempt_seconds: float | None = None
    """Of one attempt."""
    retries: Retries | None = None
    is_idempotent: bool = False
    digest: str = ""
    """Of the action's definition; empty in plans made before definitions were kept."""


@dataclass(frozen=True)
class Plan:
    """All steps of a pipeline and what holds for them together."""

    name: str
    steps: Mapping[str, PlannedStep]
    """By id, in the order of the definition."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 7200.0
    is_fail_fast: bool = True
    most_parallel: int = 10
    """Steps that may be under way at a time, those that wait included."""
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False)
    """What the catalog said of the actions when the execution began, by digest."""
    warnings: tuple[Mapping[str, Any], ...] = ()
    """What the check of the pipeline found when the execution started, as the API lists it."""

    @cached_property
    def unusual_ids(self) -> frozenset[str]:
        """Ids of steps that are no names, such as `my-step`: expressions must be told of them."""
        return frozenset(step_id for step_id in self.steps if not step_id.isidentifier())
