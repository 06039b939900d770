"""Executor of transform."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.transform import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs transform."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
