"""Executor of hostile."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.hostile import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs hostile."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
