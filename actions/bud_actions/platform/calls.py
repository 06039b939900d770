"""Calls to the services of the platform, for whoever started the pipeline."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from bud_actions.base import ActionError, ServiceError, ServiceRejectedError
from bud_actions.base.context import Caller
from bud_actions.base.executor import Record
from bud_schemas.values import is_number

START = {"workflow_total_steps": 1, "step_number": 1, "trigger_workflow": True}
"""What tells budapp to run a workflow at once, instead of collecting its data page by page."""


def path(*segments: str) -> str:
    """Return a path of segments, each escaped. Raises ServiceError for one that would lead elsewhere."""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise ServiceError(f"{segment!r} is not an id: give the id of something that exists", had_effect=False)
    return "/".join(quote(segment, safe="") for segment in segments)


async def ask_budapp(
    caller: Caller,
    method: str,
    path: str,
    data: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    timeout_seconds: float = 30,
) -> Mapping[str, Any]:
    """Return budapp's answer to the caller. Raises ServiceError."""
    user = {"user_id": caller.user_id} if caller.user_id else {}
    return await _ask("budapp", caller, method, path, data, {**(query or {}), **user}, timeout_seconds)


async def _ask(
    service: str,
    caller: Caller,
    method: str,
    path: str,
    data: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    timeout_seconds: float = 30,
) -> Mapping[str, Any]:
    answer = await caller.invoke_service(service, path, method, data, query or None, timeout_seconds)
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise ServiceError(f"{service} answered {method} {path} with what is no object")
    code = answer.get("code")
    if isinstance(code, int) and code >= 400:
        raise ServiceRejectedError(f"{service} answered {code}: {answer.get('message') or 'it gives no reason'}", code)
    return answer


ask_budcluster = partial(_ask, "budcluster")
"""Returns budcluster's answer, which does not ask whose call it is. Raises ServiceError."""
ask_budsim = partial(_ask, "budsim")
"""Returns budsim's answer, which does not ask whose call it is. Raises ServiceError."""


@contextmanager
def failing(doing: str, outputs: Callable[[str], Record], *, only_reads: bool = False) -> Iterator[None]:
    """Turn a ServiceError into an ActionError that says what was `doing`, with the outputs for its message.

    Calls that only read have no effect, however they end.
    """
    try:
        yield
    except ServiceError as error:
        message = f"{doing}: {error}"
        had_effect = error.had_effect and not only_reads
        raise ActionError(message, outputs(message).to_dict(), had_effect=had_effect) from error


def object_in(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object at a key; an empty one if there is none."""
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}


def objects_in(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects in the list at a key; none if there is no list."""
    value = document.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text_in(document: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first of the values that is a text or a number, as a text; None if none is."""
    texts = (str(value) for key in keys if _is_text_or_number(value := document.get(key)))
    return next((text for text in texts if text), None)


def _is_text_or_number(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def number_in(document: Mapping[str, Any], key: str) -> float | None:
    """Return the number at a key; None if there is none."""
    value = document.get(key)
    return value if is_number(value) else None
