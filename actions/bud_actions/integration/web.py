"""What actions that ask an address have in common."""

import json
from collections.abc import Mapping
from typing import Any

from bud_actions.base import ActionContext, ActionError, HttpAnswer, OutboundError
from bud_actions.base.json_text import read_json

METADATA = "_workflow_metadata"
MOST_CHARACTERS = 900 * 1024
"""Of what an answer holds, written as JSON: all outputs of a step may have 1 MiB."""


def described(body: Any, context: ActionContext) -> Any:
    """Return a body with the ids of the execution and the step; what is neither an object nor None stays as it is."""
    if body is not None and not isinstance(body, Mapping):
        return body
    return {**(body or {}), METADATA: {"execution_id": context.execution_id, "step_id": context.step_id}}


async def asked(
    context: ActionContext, method: str, url: str, headers: Mapping[str, Any] | None, body: Any, timeout_seconds: float
) -> HttpAnswer:
    """Return the answer to a request with a JSON body; None means no body. Raises OutboundError."""
    given = {name: str(value) for name, value in (headers or {}).items()}
    if body is None:
        return await context.request(method, url, headers=given, timeout_seconds=timeout_seconds)
    usual = {} if "content-type" in {name.lower() for name in given} else {"content-type": "application/json"}
    content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    return await context.request(method, url, headers={**usual, **given}, body=content, timeout_seconds=timeout_seconds)


def is_good(answer: HttpAnswer) -> bool:
    """Whether an answer is a 2xx."""
    return 200 <= answer.status < 300


def unanswered(error: OutboundError, method: str, outputs: Mapping[str, Any]) -> ActionError:
    """Return how a step fails that got no answer. A GET changes nothing."""
    return ActionError(str(error), outputs, had_effect=error.had_effect and method != "GET")


def refused(answer: HttpAnswer, method: str, outputs: Mapping[str, Any]) -> ActionError:
    """Return how a step fails whose answer is not a 2xx. Only a 5xx may have changed something, unless to a GET."""
    return ActionError(f"HTTP {answer.status}", outputs, had_effect=answer.status >= 500 and method != "GET")


def may_be_repeated(context: ActionContext) -> None:
    """Raise ActionError for a request of which nobody knows whether it was made; a GET changes nothing either way."""
    if context.params["method"] != "GET":
        raise ActionError(f"whether the {context.params['method']} was made is not known")


def content_of(answer: HttpAnswer) -> Any:
    """Return the value of a body that is JSON, the text of any other, and None for none."""
    if not answer.body:
        return None
    text = answer.body.decode("utf-8", "replace")
    try:
        return read_json(text)
    except ValueError:
        return text


def is_too_large(content: Any) -> bool:
    """Whether the content of an answer does not fit into outputs."""
    return len(json.dumps(content)) > MOST_CHARACTERS


def too_large(answer: HttpAnswer, method: str, outputs: Mapping[str, Any]) -> ActionError:
    """Return how a step fails that got an answer which it cannot yield."""
    message = f"HTTP {answer.status}: the answer of {len(answer.body):,} bytes does not fit into outputs: ask for less"
    return ActionError(message, outputs, had_effect=method != "GET")
