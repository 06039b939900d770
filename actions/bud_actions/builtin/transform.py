"""Executor of transform."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bud_actions.base import ActionContext, ActionError, TypedExecutor
from bud_generated.builtin.transform import Outputs, Params
from bud_schemas.values import identity


class UnfitError(ValueError):
    """A value that an operation does not take; the message is for a person."""


class Operation(NamedTuple):
    """What is done, and to what."""

    takes: type | tuple[type, ...]
    described: str
    apply: Callable[[Any], Any]


class Executor(TypedExecutor[Params, Outputs]):
    """Applies one operation to a value."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        try:
            result = _applied(params.operation, params.input)
        except UnfitError as error:
            raise ActionError(str(error), _outputs(params, None, None).to_dict(), had_effect=False) from error
        return _outputs(params, result, type(result).__name__)


def _applied(name: str, value: Any) -> Any:
    """Return what an operation makes of a value. Raises UnfitError if it does not take it."""
    operation = OPERATIONS[name]
    if not isinstance(value, operation.takes):
        raise UnfitError(f"{name} takes {operation.described}, and the input is of type {type(value).__name__}")
    return operation.apply(value)


def _outputs(params: Params, result: Any, output_type: str | None) -> Outputs:
    return Outputs(
        result=result,
        operation=params.operation,
        input_type=type(params.input).__name__,
        output_type=output_type,
    )


def _flattened(items: Sequence[Any]) -> list[Any]:
    """Return a list in which the items of inner lists stand in their place, one level deep."""
    return [part for item in items for part in (item if isinstance(item, list) else [item])]


def _unique(items: Sequence[Any]) -> list[Any]:
    """Return the first of all items that are equal as JSON: true is not 1, 1 is 1.0."""
    first: dict[object, Any] = {}
    for item in items:
        first.setdefault(identity(item), item)
    return list(first.values())


def _sorted(items: Sequence[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError as error:
        raise UnfitError("sort takes items that can be compared: all of them numbers, or all of them texts") from error


OPERATIONS = {
    "passthrough": Operation(object, "anything", lambda value: value),
    "uppercase": Operation(str, "a text", str.upper),
    "lowercase": Operation(str, "a text", str.lower),
    "keys": Operation(Mapping, "an object", list),
    "values": Operation(Mapping, "an object", lambda value: list(value.values())),
    "count": Operation((str, list, Mapping), "a text, a list or an object", len),
    "flatten": Operation(list, "a list", _flattened),
    "unique": Operation(list, "a list", _unique),
    "sort": Operation(list, "a list", _sorted),
    "reverse": Operation(list, "a list", lambda value: value[::-1]),
}
