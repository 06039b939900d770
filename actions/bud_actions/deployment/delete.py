"""Executor of deployment_delete."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.deployment.delete import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs deployment_delete."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
