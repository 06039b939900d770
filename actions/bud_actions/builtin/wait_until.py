"""Executor of wait_until."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.builtin.wait_until import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs wait_until."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
