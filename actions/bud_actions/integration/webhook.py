"""Executor of webhook."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.integration.webhook import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs webhook."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
