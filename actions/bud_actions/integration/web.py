"""What actions that ask an address have in common."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bud_actions.base import ActionContext, ActionError, HttpAnswer, OutboundError
from bud_actions.base.executor import Record
from bud_actions.base.json_text import read_json

R = TypeVar("R", bound=Record)
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


def unanswered(error: OutboundError, method: str, outputs: Mapping[str, Any]) -> ActionError:
    """Return how a step fails that got no answer. A GET changes nothing."""
    return ActionError(str(error), outputs, had_effect=error.had_effect and method != "GET")


def yielded(answer: HttpAnswer, method: str, outputs: Callable[[Any, bool], R]) -> R:
    """Return the outputs that are made of an answer's content, and of whether it is good.

    Raises ActionError with them if the answer is not a 2xx, or has more content than outputs hold: that is None then.
    Only a 5xx may have changed something, unless to a GET.
    """
    content, is_good = content_of(answer), 200 <= answer.status < 300
    is_whole = len(json.dumps(content)) <= MOST_CHARACTERS
    made = outputs(content if is_whole else None, is_good and is_whole)
    if not is_good:
        had_effect = answer.status >= 500 and method != "GET"
        raise ActionError(f"HTTP {answer.status}", made.to_dict(), had_effect=had_effect)
    if not is_whole:
        size = f"the answer of {len(answer.body):,} bytes does not fit into outputs: ask for less"
        raise ActionError(f"HTTP {answer.status}: {size}", made.to_dict(), had_effect=method != "GET")
    return made


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
