"""Executor of webhook."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bud_actions.base import ActionContext, ActionError, ActionResult, OutboundError, TypedExecutor
from bud_actions.integration.web import asked, described, may_be_repeated, unanswered, yielded
from bud_generated.integration.webhook import Outputs, Params

NOTHING = Outputs(success=False, status_code=0, response=None)
"""What there is without an answer."""
NO_QUERY = "it is the query of a GET, so it must be an object"


class Executor(TypedExecutor[Params, Outputs]):
    """Calls a webhook, and yields what it answers."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        payload = described(params.payload, context) if params.include_metadata else params.payload
        is_get = params.method == "GET"
        url = _with_query(params.url, payload) if is_get else params.url
        sent = None if is_get else payload
        try:
            answer = await asked(context, params.method, url, params.headers, sent, params.timeout_seconds)
        except OutboundError as error:
            raise unanswered(error, params.method, NOTHING.to_dict()) from error
        return yielded(
            answer,
            params.method,
            lambda content, is_good: Outputs(success=is_good, status_code=answer.status, response=content),
        )

    async def reconcile(self, context: ActionContext) -> ActionResult | None:
        may_be_repeated(context)
        return None

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        payload = params.get("payload")
        is_template = isinstance(payload, str) and "{{" in payload
        if params.get("method") == "GET" and not (is_template or isinstance(payload, Mapping | None)):
            return [f"payload: {NO_QUERY}"]
        return []


def _with_query(url: str, payload: Any) -> str:
    """Return a URL with more query: texts as they are, anything else as JSON."""
    if not isinstance(payload, Mapping | None):
        raise ActionError(f"The payload cannot be sent: {NO_QUERY}", NOTHING.to_dict(), had_effect=False)
    if not payload:
        return url
    address, mark, fragment = url.partition("#")
    pairs = {name: value if isinstance(value, str) else json.dumps(value) for name, value in payload.items()}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{mark}{fragment}"
