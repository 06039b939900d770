"""What an executor is told, and what it can ask for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


class ServiceError(Exception):
    """A service could not be asked, or refused; the message is for a person."""

    def __init__(self, message: str, *, status: int | None = None, had_effect: bool = True) -> None:
        self.status = status
        """The HTTP status of a refusal; None if there was no answer."""
        self.had_effect = had_effect
        """Whether the call may have changed something: False if it never reached the service, or was refused."""
        super().__init__(message)


class ServiceUnreachableError(ServiceError):
    """The service was never reached, so nothing has changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, had_effect=False)


class ServiceTimeoutError(ServiceError):
    """The service did not answer in time; what it does with the call is unknown."""


class ServiceRejectedError(ServiceError):
    """The service answered that it will not, or could not, do it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status=status, had_effect=status >= 500)


class Services(Protocol):
    """How other services, and those who listen to a topic, are reached."""

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        """Return the JSON answer of a service. Raises ServiceError."""

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Return once a message is taken. Raises ServiceError."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What an address answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case; the values of one that came several times are joined with commas."""
    body: bytes


class OutboundError(Exception):
    """An address could not be asked; the message is for a person, and holds none of the address's credentials."""

    def __init__(self, message: str, *, had_effect: bool = True) -> None:
        self.had_effect = had_effect
        """False if no connection was made."""
        super().__init__(message)


class RefusedAddressError(OutboundError):
    """An address that pipelines may not ask. No connection was made."""

    def __init__(self, message: str) -> None:
        super().__init__(message, had_effect=False)


class Outbound(Protocol):
    """How addresses that a pipeline names are reached: guarded, so that none of them leads inside."""

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> HttpAnswer:
        """Return the answer; of a redirect, as the settings say. Raises OutboundError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Callback:
    """How the other side can tell that work is done, if it can be told an address or a token."""

    url: str = ""
    """Where an event can be sent; empty if the server has no address that others know."""
    token: str = field(default="", repr=False)
    """What such an event must name: a correlation key of this attempt, known to nobody else."""
    topic: str = "budpipelineEvents"
    """The topic on which services publish events for pipelines."""


def _tell_nobody(_kind: str, _data: Mapping[str, Any]) -> None:
    """Where reports go when an executor is tried by hand."""


def _only_literals(text: str) -> bool:
    """Tell conditions apart that need no expressions; those that do need a server."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
    if str(text).strip().lower() in known:
        return known[str(text).strip().lower()]
    raise ValueError(f"{text!r} is an expression, which only a running pipeline can evaluate")


@dataclass(kw_only=True)
class Caller:
    """One step, as other services know it."""

    idempotency_key: str = ""
    """The same for all attempts at a step: what the other side can tell repetitions by."""
    user_id: str = ""
    """Who started the pipeline, as their credential says."""
    services: Services | None = field(default=None, repr=False)

    async def invoke_service(
        self,
        app_id: str,
        method_path: str = "",
        http_method: str = "POST",
        data: Any = None,
        params: Mapping[str, Any] | None = None,
        timeout_seconds: float = 30,
        *,
        method: str = "",
    ) -> Any:
        """Call another service as whoever started the pipeline, and return its JSON answer. Raises ServiceError.

        `method` is an older name of `method_path`.
        """
        if self.services is None:
            raise ServiceUnreachableError(f"no services are configured, so {app_id!r} cannot be reached")
        return await self.services.invoke(
            app_id, method_path or method, http_method, data, params, timeout_seconds, self._headers()
        )

    async def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Tell all who listen to a topic, and return once the message is taken. Raises ServiceError."""
        if self.services is None:
            raise ServiceUnreachableError(f"no services are configured, so nothing can be published to {topic!r}")
        await self.services.publish(topic, data, self._headers())

    def _headers(self) -> dict[str, str]:
        """Return what tells a service who asks, and for which step."""
        headers = {"Idempotency-Key": self.idempotency_key} if self.idempotency_key else {}
        return headers | ({"X-User-ID": self.user_id} if self.user_id else {})


@dataclass(kw_only=True)
class ActionContext(Caller):
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
    attempt: int = 1
    callback: Callback = field(default_factory=Callback)
    outbound: Outbound | None = field(default=None, repr=False)
    report: Callable[[str, Mapping[str, Any]], None] = field(default=_tell_nobody, repr=False)
    """Takes (kind, data), the kind being `log`, `progress` or `metrics`."""
    holds: Callable[[str], bool] = field(default=_only_literals, repr=False)
    """Tells whether a condition, written as in a pipeline, is true; an unknown reference makes it false."""
    skipped_steps: list[str] = field(default_factory=list, repr=False)
    """Steps that this one decided against."""
    clock_offset: float = field(default_factory=lambda: time.time() - time.monotonic(), repr=False)
    """Seconds to add to time.monotonic() for the time in seconds since 1970 by the database's clock."""

    @property
    def now(self) -> datetime:
        """The time by the clock that `wake_at` is compared with: the database's, not this machine's."""
        return datetime.fromtimestamp(self.clock_offset + time.monotonic(), UTC)

    def log(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Write a line into the execution's log, for whoever follows it."""
        self.report("log", {"event": event, "data": dict(data or {})})

    def set_progress(self, current: float, total: float = 100, category: str = "") -> None:
        """Say how far the attempt is: `current` of `total`."""
        self.report("progress", {"current": current, "total": total, "category": category})

    def set_metrics(self, values: Mapping[str, Any], category: str = "") -> None:
        """Put figures into the execution's log."""
        self.report("metrics", {"values": dict(values), "category": category})

    def skip_step(self, step_id: str) -> None:
        """Decide against a step that has not begun; it takes effect when this one completes."""
        self.skipped_steps.append(step_id)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_seconds: float = 30,
    ) -> HttpAnswer:
        """Ask an address that the pipeline names, and return its answer, whatever its status. Raises OutboundError."""
        if self.outbound is None:
            raise OutboundError("addresses can be asked only where a server runs the step", had_effect=False)
        return await self.outbound.request(method, url, headers or {}, body, timeout_seconds)


@dataclass(kw_only=True)
class EventContext(Caller):
    """An event that names the work a step is waiting for."""

    step_execution_id: str
    execution_id: str
    external_workflow_id: str
    event_type: str
    event_data: Mapping[str, Any]
    """The event's whole content."""
    step_outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs that the step stored when it began to wait."""
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The step's params, as `execute` got them."""
