"""What an executor is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class ActionContext:
    """One attempt at a step. Everything has a default, so that an executor can be tried by hand.

    What it prints as holds no values of a step: they may be secret.
    """

    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The step's params: references resolved, defaults filled in."""
    step_id: str = "step"
    execution_id: str = "execution"
    workflow_params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Params of the pipeline as it was started."""
    step_outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Outputs of the steps that have ended, by step id."""
    timeout_seconds: float | None = None
    """Seconds until the attempt is ended; None means no limit."""


@dataclass(kw_only=True)
class EventContext:
    """An event that names the work a step is waiting for."""

    step_execution_id: str
    execution_id: str
    external_workflow_id: str
    event_type: str
    event_data: Mapping[str, Any]
    """The event's whole content."""
    step_outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs that the step stored when it began to wait."""
