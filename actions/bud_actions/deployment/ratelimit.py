"""Executor of deployment_ratelimit."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.deployment.ratelimit import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs deployment_ratelimit."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
