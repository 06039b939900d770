"""Executor of fail."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.fail import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs fail."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
