"""The tests after `is`. Each takes the value and its arguments."""

from collections.abc import Callable, Mapping
from typing import Any

from bud_server.expressions.errors import EvaluationError
from bud_server.expressions.operators import calculated, is_number
from bud_server.expressions.scope import word


def _divisible(value: Any, divisor: Any) -> bool:
    for number in (value, divisor):
        if not is_number(number):
            raise EvaluationError(f"cannot divide {word(number)}")
    return bool(calculated(lambda: value % divisor) == 0)


QUESTIONS: Mapping[str, Callable[..., bool]] = {
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "string": lambda value: isinstance(value, str),
    "mapping": lambda value: isinstance(value, Mapping),
    "sequence": lambda value: isinstance(value, list | tuple | str | Mapping),
    "even": lambda value: _divisible(value, 2),
    "odd": lambda value: not _divisible(value, 2),
    "divisibleby": _divisible,
}
"""All tests but `defined` and `undefined`, which the compiler knows because they look at what is missing."""
