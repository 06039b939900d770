"""Executor of set_output."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.builtin.set_output import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Publishes values as outputs of its step."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        return Outputs(values=params.outputs)
