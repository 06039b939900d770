"""Executor of cluster_health."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.cluster.health import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs cluster_health."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
