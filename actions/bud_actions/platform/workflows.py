"""Workflows of a service: what started them, how they stand, and how they are given up."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_actions.base import (
    ActionContext,
    ActionResult,
    ServiceError,
    ServiceRejectedError,
    ServiceTimeoutError,
    ServiceUnreachableError,
)
from bud_actions.base.context import Caller
from bud_actions.base.executor import Record
from bud_actions.platform.calls import object_in, path, text_in

Ask = Callable[[Caller, str, str], Awaitable[Mapping[str, Any]]]
"""`ask_budapp` or `ask_budcluster`."""
_ENDED_ALREADY = (404, 409, 410)
_LONGEST_ID = 500
_NEVER_KEPT = re.compile("[\\x00\\ud800-\\udfff]")
"""NUL and halves of surrogate pairs, which no database takes."""


@dataclass(frozen=True, kw_only=True)
class WorkflowState:
    """How a workflow stands."""

    status: str
    """In capitals, such as COMPLETED or FAILED; empty if the service does not say."""
    reason: str
    """Why it stands so; empty if the service does not say."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What its steps have found out, by name."""

    @property
    def has_completed(self) -> bool:
        """Whether it has ended well."""
        return self.status == "COMPLETED"

    @property
    def has_failed(self) -> bool:
        """Whether it has ended otherwise."""
        return self.status in ("FAILED", "CANCELLED")

    @property
    def has_ended(self) -> bool:
        """Whether it has ended at all."""
        return self.has_completed or self.has_failed


def workflow_id_of(answer: Mapping[str, Any]) -> str | None:
    """Return the id in an answer that started a workflow; None if it names none."""
    return text_in(object_in(answer, "data"), "workflow_id") or text_in(answer, "workflow_id")


def started_workflow(answer: Mapping[str, Any], service: str) -> str:
    """Return the id in an answer that must have started a workflow. Raises ServiceError if it names none to keep."""
    workflow_id = workflow_id_of(answer)
    if workflow_id is None:
        raise ServiceError(f"No workflow_id returned from {service}")
    if len(workflow_id) > _LONGEST_ID or _NEVER_KEPT.search(workflow_id):
        raise ServiceError(f"{service} answered with a workflow_id that cannot be kept")
    return workflow_id


def own_outputs(context: ActionContext) -> Mapping[str, Any]:
    """Return what a step that waits has yielded so far; nothing if it never came to wait."""
    return context.step_outputs.get(context.step_id, {})


def state_in(answer: Mapping[str, Any]) -> WorkflowState:
    """Return the state of a workflow that an answer tells of."""
    told = {**answer, **object_in(answer, "data")}
    return WorkflowState(
        status=(text_in(told, "status") or "").upper(),
        reason=text_in(told, "reason") or "",
        values=object_in(told, "workflow_steps"),
    )


async def state_of(caller: Caller, ask: Ask, workflow_id: str) -> WorkflowState:
    """Return how a workflow stands. Raises ServiceError."""
    return state_in(await ask(caller, "GET", path("workflows", workflow_id)))


async def found_by(caller: Caller, ask: Ask, workflow_id: str) -> tuple[Mapping[str, Any], str]:
    """Return what a workflow has found out, and why that cannot be told: empty if it can.

    Raises ServiceError if the service was not heard, so that it can be asked again.
    """
    try:
        return (await state_of(caller, ask, workflow_id)).values, ""
    except (ServiceUnreachableError, ServiceTimeoutError):
        raise
    except ServiceError as error:
        return {}, str(error)


def ended(
    state: WorkflowState, completed: Callable[[Mapping[str, Any]], Record], failed: Callable[[str], Record]
) -> ActionResult | None:
    """Return how a workflow has ended; None if it goes on.

    `completed` makes the outputs of what it found out, `failed` those of a reason.
    """
    if state.has_completed:
        return ActionResult(success=True, outputs=completed(state.values).to_dict())
    if state.has_failed:
        message = state.reason or f"The workflow ended as {state.status} and gives no reason"
        return ActionResult(success=False, error=message, outputs=failed(message).to_dict())
    return None


async def give_up(caller: Caller, ask: Ask, workflow_id: str | None) -> None:
    """Stop a workflow that goes on; one that has ended, or never began, is left as it is. Raises ServiceError."""
    if workflow_id is None:
        return
    try:
        state = await state_of(caller, ask, workflow_id)
        if not state.has_ended:
            await ask(caller, "DELETE", path("workflows", workflow_id))
    except ServiceRejectedError as error:
        if error.status not in _ENDED_ALREADY:
            raise
