"""Executor of model_delete."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.model.delete import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs model_delete."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
