"""Executor of log."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.log import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs log."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
