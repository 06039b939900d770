"""Executor of cloud_model_add."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.model.cloud_model_add import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs cloud_model_add."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
