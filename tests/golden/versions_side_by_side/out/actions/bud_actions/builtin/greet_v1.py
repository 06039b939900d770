"""Executor of greet@1."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.greet_v1 import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs greet@1."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
