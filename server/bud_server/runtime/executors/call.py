"""What is asked of an executor, and how its answer is read. The same wherever it runs."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bud_actions.base import (
    ActionContext,
    ActionResult,
    BaseActionExecutor,
    EventAction,
    EventContext,
    EventResult,
    OutboundError,
    ServiceError,
    StepStatus,
)

Method = Literal["execute", "reconcile", "poll", "cleanup", "on_event"]
MOST_TRACE = 4000
"""Characters of a traceback that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An executor that raised."""

    message: str
    had_effect: bool = True
    trace: str = ""
    """Where it raised, for whoever mends it."""


Answer = ActionResult | EventResult | Failure | None


async def call(executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext) -> Answer:
    """Return what an executor answers; what it raises is an answer too."""
    try:
        answer = await getattr(executor, method)(context)
    except (ServiceError, OutboundError) as error:
        return Failure(str(error), error.had_effect)
    except Exception as error:
        trace = "".join(traceback.format_exception(error))[-MOST_TRACE:]
        return Failure(f"{type(error).__name__}: {error}", trace=trace)
    if method == "cleanup":
        return None
    expected = EventResult if method == "on_event" else ActionResult
    may_be_none = method in ("reconcile", "poll")
    if isinstance(answer, expected) or (answer is None and may_be_none):
        return answer
    name = f"{type(executor).__module__}.{type(executor).__name__}.{method}"
    return Failure(f"{name} returned {type(answer).__name__}, not {expected.__name__}")


def has(executor: BaseActionExecutor, method: Literal["reconcile", "poll"]) -> bool:
    """Whether somebody wrote that method."""
    return getattr(type(executor), method) is not getattr(BaseActionExecutor, method)


def event_outcome(result: EventResult) -> ActionResult | None:
    """Return how an event ends a step; None if it does not."""
    if EventAction(result.action) is not EventAction.COMPLETE:
        return None
    is_completed = result.status is None or StepStatus(result.status) is StepStatus.COMPLETED
    error = result.error or (None if is_completed else "the event says that it failed")
    return ActionResult(success=is_completed, outputs=result.outputs, error=error)


def progress_of(result: EventResult) -> Mapping[str, Any] | None:
    """Return what an event says of how far the work is; None if nothing."""
    if EventAction(result.action) is not EventAction.UPDATE_PROGRESS:
        return None
    progress: dict[str, Any] = {"current": result.progress, "total": 100, "category": ""}
    if result.eta_minutes is not None:
        progress["eta_seconds"] = result.eta_minutes * 60
    return progress
