"""Executor of deployment_scale."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.deployment.scale import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs deployment_scale."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
