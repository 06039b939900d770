"""Executor of http_request."""

from bud_actions.base import ActionContext, ActionResult, OutboundError, TypedExecutor
from bud_actions.integration.web import asked, described, may_be_repeated, unanswered, yielded
from bud_generated.integration.http_request import Outputs, Params

NOTHING = Outputs(status_code=0, body=None, headers={})
"""What there is without an answer."""
WITH_BODY = ("POST", "PUT", "PATCH")


class Executor(TypedExecutor[Params, Outputs]):
    """Asks an address, and yields what it answers."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        body = described(params.body, context) if params.include_metadata else params.body
        sent = body if params.method in WITH_BODY else None
        try:
            answer = await asked(context, params.method, params.url, params.headers, sent, params.timeout_seconds)
        except OutboundError as error:
            raise unanswered(error, params.method, NOTHING.to_dict()) from error
        headers = dict(answer.headers)
        return yielded(
            answer, params.method, lambda body, _: Outputs(status_code=answer.status, body=body, headers=headers)
        )

    async def reconcile(self, context: ActionContext) -> ActionResult | None:
        may_be_repeated(context)
        return None
