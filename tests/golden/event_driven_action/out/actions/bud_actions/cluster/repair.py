"""Executor of cluster_repair."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.cluster.repair import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs cluster_repair."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
