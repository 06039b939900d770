"""Executor of conditional."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.conditional import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs conditional."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
