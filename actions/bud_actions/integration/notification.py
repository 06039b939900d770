"""Executor of notification."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.integration.notification import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs notification."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
