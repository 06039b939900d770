"""Executor of model_add."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.model.add import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs model_add."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
