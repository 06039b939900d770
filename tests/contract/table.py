"""What a row of the contract says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bud_actions.base import EventResult

USER = "11111111-2222-4333-8444-555555555555"
"""Who started the pipeline in all rows."""
TOPIC = "budpipelineEvents"
"""The topic on which services publish events for pipelines."""

WEB = "http://web.test"
"""In params and messages of rows: where the service `web` is."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One call to a service, and its answer."""

    service: str
    """Such as `budapp`; `topics` for what is published, with the topic as the path; `web` for any other address."""
    method: str
    path: str
    """Without a slash in front."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """As JSON; None if none is sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """That the call must have, among others; names in lower case."""
    status: int = 200
    answer: Any = None
    """As JSON; None for an empty body."""
    seconds: float = 0
    """How long the answer takes."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event that reaches a step which waits, and what it means to it."""

    event: Mapping[str, Any]
    means: EventResult
    exchanges: tuple[Exchange, ...] = ()
    """All calls that are made then."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One path through one action."""

    action: str
    path: str
    """What the path is, in words, such as `the service refuses`."""
    params: Mapping[str, Any]
    exchanges: tuple[Exchange, ...] = ()
    """All calls that are made, in this order, and no others."""
    unreachable: tuple[str, ...] = ()
    """Services that nothing listens for."""
    patience: float | None = None
    """Seconds after which every call is given up, for a service that does not answer; None if the action says."""
    method: Literal["execute", "reconcile", "poll", "cleanup"] = "execute"
    context: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the ActionContext, such as `step_outputs`."""
    outputs: Mapping[str, Any] | None = None
    """Exactly what the step yields, or, while it waits, what is known so far; None if `method` yields no result."""
    error: str | None = None
    """The message of the failure, exactly; None if there is none."""
    had_effect: bool | None = None
    """For a failure: whether the world may have changed; None if the row does not say."""
    awaits: tuple[str, ...] | None = None
    """By what ids an event may name the work; None if the step does not wait."""
    timeout_seconds: float | None = None
    """How long the step waits."""
    skips: tuple[str, ...] = ()
    """Steps that it decides against."""
    told: tuple[Told, ...] = ()
    """Events that come while the step waits, each to the same state."""
