"""What may be answered by executors, which anybody writes."""

import json
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bud_actions.base import ActionResult, EventAction, EventResult, StepStatus
from bud_server.runtime.store.storable import is_storable

LONGEST_KEY = 500
"""Characters of an id by which an event may name a step."""
LONGEST_SHOWN = 100
"""Characters of a wrong value; of a longer one nothing is shown, as half a secret is not recognised."""
_ENDS = (None, StepStatus.COMPLETED, StepStatus.FAILED)


def fault_of(answer: object, method: str) -> str | None:
    """Return what is wrong with the answer of a method, as in `returned str, not ActionResult`; None if nothing is."""
    expected = EventResult if method == "on_event" else ActionResult
    if answer is None and method in ("reconcile", "poll"):
        return None
    if not isinstance(answer, expected):
        return f"returned {type(answer).__name__}, not {expected.__name__}"
    faults = _of_event(answer) if isinstance(answer, EventResult) else _of_result(answer)
    return next((f"returned {expected.__name__} with {fault}" for fault in faults), None)


def outputs_text(outputs: object) -> str:
    """Return outputs as JSON. Raises ValueError if they cannot be written so."""
    try:
        return json.dumps(outputs, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the outputs cannot be written as JSON: {error}") from error


def _of_result(result: ActionResult) -> Iterator[str]:
    if not isinstance(result.error, str | None):
        yield _wrong("error", result.error, "a text or None")
    if not result.awaiting_event:
        return
    seconds, moment = result.timeout_seconds, result.wake_at
    if not (seconds is None or (_is_number(seconds) and seconds > 0)):
        yield _wrong("timeout_seconds", seconds, "more than 0 seconds, or None")
    if not (moment is None or (isinstance(moment, datetime) and moment.tzinfo is not None)):
        yield _wrong("wake_at", moment, "a datetime with a time zone, or None")
    if isinstance(result.correlation_keys, str):
        yield _wrong("correlation_keys", result.correlation_keys, "a list of ids")
        return
    for key in (result.external_workflow_id, *result.correlation_keys):
        if key is not None and not (len(str(key)) <= LONGEST_KEY and is_storable(str(key))):
            yield _wrong("an id", key, f"of up to {LONGEST_KEY} characters, none of them NUL or half a pair")


def _of_event(result: EventResult) -> Iterator[str]:
    if result.action not in list(EventAction):
        yield _wrong("action", result.action, f"one of {', '.join(EventAction)}")
    if result.status not in _ENDS:
        yield _wrong("status", result.status, "completed or failed")
    if not isinstance(result.error, str | None):
        yield _wrong("error", result.error, "a text or None")
    for name in ("progress", "eta_minutes"):
        value = getattr(result, name)
        if not (value is None or _is_number(value)):
            yield _wrong(name, value, "a number or None")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(name: str, value: object, expected: str) -> str:
    shown = repr(value) if isinstance(value, str | int | float | None) else ""
    return f"{name} {shown if 0 < len(shown) <= LONGEST_SHOWN else type(value).__name__}, which must be {expected}"
