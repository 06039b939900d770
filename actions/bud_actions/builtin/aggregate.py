"""Executor of aggregate."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bud_actions.base import ActionContext, ActionError, TypedExecutor
from bud_generated.builtin.aggregate import Outputs, Params
from bud_schemas.values import is_number

Values = Sequence[Any]


class UnfitError(ValueError):
    """Values that an operation does not take; the message is for a person."""


class Executor(TypedExecutor[Params, Outputs]):
    """Combines several values into one."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        try:
            return _outputs(params, _combined(params))
        except UnfitError as error:
            raise ActionError(str(error), _outputs(params, None).to_dict(), had_effect=False) from error


def _combined(params: Params) -> Any:
    """Return the combined value. Raises UnfitError if the values cannot be combined like that."""
    if params.operation == "join":
        return params.separator.join(map(_text, params.inputs))
    return OPERATIONS[params.operation](params.inputs)


def _outputs(params: Params, result: Any) -> Outputs:
    return Outputs(result=result, count=len(params.inputs), operation=params.operation)


def _text(value: Any) -> str:
    """Return how a value stands in a text of a pipeline: null as nothing, and compact JSON for what is no text."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _numbers(values: Values) -> list[float]:
    return [value for value in values if is_number(value)]


def _sum(values: Values) -> float:
    """Return the sum, of integers an integer; 0 if a value is no number."""
    numbers = _numbers(values)
    if len(numbers) < len(values):
        return 0
    try:
        total = sum(numbers) if all(isinstance(number, int) for number in numbers) else math.fsum(numbers)
    except OverflowError:
        total = math.inf
    if not is_number(total):
        raise UnfitError("The sum is too large: a number is at most 1.8e308")
    return total


def _average(values: Values) -> float | None:
    numbers = _numbers(values)
    return _sum(numbers) / len(numbers) if numbers else None


def _merged(values: Values) -> dict[str, Any]:
    """Return an object with the members of all; where names are the same, the last counts."""
    merged: dict[str, Any] = {}
    for index, value in enumerate(values):
        if not isinstance(value, Mapping):
            raise UnfitError(f"merge takes objects, and inputs[{index}] is of type {type(value).__name__}")
        merged.update(value)
    return merged


def _flattened(values: Values) -> list[Any]:
    """Return the items of all lists, one level deep; a value that is no list stands for itself."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


OPERATIONS: dict[str, Callable[[Values], Any]] = {
    "list": list,
    "sum": _sum,
    "merge": _merged,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "min": lambda values: min(_numbers(values), default=None),
    "max": lambda values: max(_numbers(values), default=None),
    "average": _average,
    "count": len,
    "flatten": _flattened,
}
