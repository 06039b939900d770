"""Executor of deployment_autoscale."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.deployment.autoscale import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs deployment_autoscale."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
