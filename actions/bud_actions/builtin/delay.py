"""Executor of delay."""

from datetime import timedelta

from bud_actions.base import (
    ActionContext,
    Awaiting,
    EventAction,
    EventContext,
    EventResult,
    StepStatus,
    TypedExecutor,
)
from bud_generated.builtin.delay import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Lets a step wait for some seconds, without holding a worker."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        is_over = params.duration_seconds == 0
        outputs = Outputs(delayed=is_over, duration_seconds=params.duration_seconds, reason=params.reason)
        if is_over:
            return outputs
        wake_at = context.now + timedelta(seconds=params.duration_seconds)
        return Awaiting(wake_at=wake_at, outputs=outputs.to_dict())

    async def on_event(self, context: EventContext) -> EventResult:
        if context.event_type != "wake":
            return EventResult(action=EventAction.IGNORE)
        outputs = Outputs.from_dict({**context.step_outputs, "delayed": True})
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs.to_dict())
