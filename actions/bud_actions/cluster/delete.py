"""Executor of cluster_delete."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.cluster.delete import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs cluster_delete."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
