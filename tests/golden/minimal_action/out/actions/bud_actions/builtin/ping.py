"""Executor of ping."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.ping import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs ping."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
