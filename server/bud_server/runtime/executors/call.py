"""What is asked of an executor, and how its answer is read. The same wherever it runs."""

import asyncio
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
from bud_server.runtime.executors.answer import fault_of

Method = Literal["execute", "reconcile", "poll", "cleanup", "on_event"]
MOST_TRACE = 4000
"""Characters of a traceback that are kept."""
MOST_MESSAGE = 10_000
"""Characters of an error's message that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An executor that raised."""

    message: str
    had_effect: bool = True
    trace: str = ""
    """Where it raised, for whoever mends it."""


Answer = ActionResult | EventResult | Failure | None


async def call(executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext) -> Answer:
    """Return what an executor answers; what it raises is an answer too, unless it is being cancelled from here."""
    try:
        answer = await getattr(executor, method)(context)
    except (ServiceError, OutboundError) as error:
        return Failure(described(error), error.had_effect)
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        return _raised(error)
    except BaseException as error:  # nothing that an executor raises may end the loop that all of them share
        return _raised(error)
    if method == "cleanup":
        return None
    fault = fault_of(answer, method)
    return answer if fault is None else Failure(f"{method_name(executor, method)} {fault}")


def problems_of(executor: BaseActionExecutor, params: Mapping[str, Any]) -> list[str]:
    """Return what an executor finds wrong with params; if it fails to look, that is what is wrong."""
    try:
        return [str(problem) for problem in executor.validate_params(params)]
    except BaseException as error:
        name = method_name(executor, "validate_params")
        return [f"{name} failed: {type(error).__name__}: {described(error)}"]


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _raised(error: BaseException) -> Failure:
    trace = "".join(traceback.format_exception(error))
    if len(trace) > MOST_TRACE:
        trace = trace[-MOST_TRACE:].partition("\n")[2]
    return Failure(f"{type(error).__name__}: {described(error)}", trace=trace)


def described(error: BaseException) -> str:
    """Return what an exception says, within bounds."""
    try:
        return shortened(str(error))
    except Exception:  # its own __str__ failed
        return "(it cannot say what is wrong)"


def shortened(text: str) -> str:
    """Return a message within bounds, cut at white space, as half a secret is not recognised."""
    if len(text) <= MOST_MESSAGE:
        return text
    kept = text[:MOST_MESSAGE]
    torn = (kept.rsplit(None, 1) or [""])[-1]
    return f"{kept.removesuffix(torn)}... ({len(text):,} characters)"


def method_name(executor: BaseActionExecutor, method: str) -> str:
    """Return by what name an author knows a method."""
    return f"{type(executor).__module__}.{type(executor).__name__}.{method}"


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
