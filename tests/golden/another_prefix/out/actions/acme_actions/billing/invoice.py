"""Executor of billing_invoice."""

from bud_actions.base import ActionContext, TypedExecutor
from acme_generated.billing.invoice import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs billing_invoice."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise NotImplementedError
