"""Executor of delay."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.delay import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs delay."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
