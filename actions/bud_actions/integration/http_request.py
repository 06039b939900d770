"""Executor of http_request."""

from bud_actions.base import ActionContext, TypedExecutor
from bud_generated.integration.http_request import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs http_request."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
