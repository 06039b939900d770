"""Executor of aggregate."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.aggregate import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs aggregate."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
