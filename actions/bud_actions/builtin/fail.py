"""Executor of fail."""

from bud_actions.base import ActionContext, ActionError, TypedExecutor
from bud_generated.builtin.fail import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Fails on purpose."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        outputs = Outputs(error_code=params.error_code, message=params.message)
        raise ActionError(params.message, outputs=outputs.to_dict(), had_effect=False)
