"""Executor of log."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.log import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Writes a message into the log of the execution."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        context.log("message", {"level": params.level, "message": params.message})
        return Outputs(logged=True, message=params.message, level=params.level)
