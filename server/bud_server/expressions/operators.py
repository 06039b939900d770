"""The operators, and the text of a value. Nothing is built that is larger than the limits."""

import json
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from bud_server.expressions.errors import EvaluationError
from bud_server.expressions.limits import MOST_BITS, Work, check_bits, check_count, check_length
from bud_server.expressions.scope import word

Binary = Callable[[Work, Any, Any], Any]


def is_number(value: object) -> bool:
    """Whether a value is a number, which a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounded(number: Any) -> Any:
    """Return a number. Raises EvaluationError if it is none of JSON's, or too large."""
    if isinstance(number, int):
        check_bits(number.bit_length())
    elif isinstance(number, complex) or not math.isfinite(number):
        raise EvaluationError("the result is not a finite number")
    return number


def calculated(calculate: Callable[..., Any], *numbers: Any) -> Any:
    """Return what a calculation with numbers results in. Raises EvaluationError if there is no such number."""
    try:
        return bounded(calculate(*numbers))
    except ZeroDivisionError:
        raise EvaluationError("cannot divide by zero") from None
    except OverflowError:
        raise EvaluationError("the number is too large") from None


def _no(verb: str, left: Any, joint: str, right: Any) -> EvaluationError:
    return EvaluationError(f"cannot {verb} {word(left)} {joint} {word(right)}")


def add(work: Work, left: Any, right: Any) -> Any:
    """Add numbers, or join two texts or two lists."""
    if is_number(left) and is_number(right):
        return calculated(operator.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        return _joined(work, [left, right])
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        check_count(len(left) + len(right))
        return _built(work, [*left, *right])
    raise _no("add", left, "and", right)


def multiply(work: Work, left: Any, right: Any) -> Any:
    """Multiply numbers, or repeat a text or list."""
    if is_number(left) and is_number(right):
        if isinstance(left, int) and isinstance(right, int):
            check_bits(left.bit_length() + right.bit_length() - 1)
        return calculated(operator.mul, left, right)
    if isinstance(left, int) and isinstance(right, str | list | tuple):
        left, right = right, left
    if isinstance(left, str | list | tuple) and isinstance(right, int) and not isinstance(right, bool):
        (check_length if isinstance(left, str) else check_count)(len(left) * right)
        return _built(work, left * right if isinstance(left, str) else list(left) * right)
    raise _no("multiply", left, "and", right)


def power(_work: Work, left: Any, right: Any) -> Any:
    """Raise a number to a power."""
    if not (is_number(left) and is_number(right)):
        raise _no("raise", left, "to the power of", right)
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1 and right > 0:
        check_bits((left.bit_length() - 1) * right)
    return calculated(operator.pow, left, right)


def _numeric(calculate: Callable[[Any, Any], Any], verb: str, joint: str) -> Binary:
    def apply(_work: Work, left: Any, right: Any) -> Any:
        if is_number(left) and is_number(right):
            return calculated(calculate, left, right)
        raise _no(verb, left, joint, right)

    return apply


ARITHMETIC: Mapping[str, Binary] = {
    "+": add,
    "*": multiply,
    "**": power,
    "-": _numeric(lambda left, right: left - right, "subtract", "and"),
    "/": _numeric(operator.truediv, "divide", "by"),
    "//": _numeric(operator.floordiv, "divide", "by"),
    "%": _numeric(operator.mod, "take the remainder of", "by"),
}


def negative(value: Any) -> Any:
    """Return minus a number."""
    if not is_number(value):
        raise EvaluationError(f"cannot negate {word(value)}")
    return -value


def positive(value: Any) -> Any:
    """Return a number as it is."""
    if not is_number(value):
        raise EvaluationError(f"cannot put a plus before {word(value)}")
    return value


def contains(work: Work, item: Any, container: Any) -> bool:
    """Whether a list has an item, an object a key, or a text a part."""
    if isinstance(container, Mapping):
        return isinstance(item, str) and item in container
    work.touch(item)
    work.touch(container)
    if isinstance(container, list | tuple) or (isinstance(container, str) and isinstance(item, str)):
        return item in container
    raise EvaluationError(f"cannot look for {word(item)} in {word(container)}")


def _comparison(compare: Callable[[Any, Any], Any], verb: str) -> Binary:
    def apply(work: Work, left: Any, right: Any) -> bool:
        work.touch(left)
        work.touch(right)
        try:
            return bool(compare(left, right))
        except TypeError:
            raise _no(verb, left, "and", right) from None

    return apply


COMPARISONS: Mapping[str, Binary] = {
    "eq": _comparison(operator.eq, "compare"),
    "ne": _comparison(operator.ne, "compare"),
    "gt": _comparison(operator.gt, "order"),
    "gteq": _comparison(operator.ge, "order"),
    "lt": _comparison(operator.lt, "order"),
    "lteq": _comparison(operator.le, "order"),
    "in": contains,
    "notin": lambda work, item, container: not contains(work, item, container),
}


def text_of(work: Work, value: Any) -> str:
    """Return how a value stands in a text: a text as it is, null as nothing, true, a number, or compact JSON."""
    work.touch(value)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > MOST_BITS * 3:  # Python writes no more digits than these
        raise EvaluationError("the number is too large to be written")
    return str(value) if is_number(value) else json_text(value, separators=(",", ":"), ensure_ascii=False)


def json_text(value: Any, **options: Any) -> str:
    """Return a value's JSON. Raises EvaluationError if it has none, or it is too long."""
    chunks, length = [], 0
    try:
        for chunk in json.JSONEncoder(default=_mapping, allow_nan=False, **options).iterencode(value):
            chunks.append(chunk)
            length += len(chunk)
            check_length(length)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"{word(value)} has no JSON: {error}") from None
    return "".join(chunks)


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise EvaluationError(f"{word(value)} is no value of JSON")


def concatenated(work: Work, values: list[Any]) -> str:
    """Return the texts of values as one text."""
    return _joined(work, [text_of(work, value) for value in values])


def _joined(work: Work, texts: list[str]) -> str:
    check_length(sum(map(len, texts)))
    return str(_built(work, "".join(texts)))


def _built(work: Work, value: Any) -> Any:
    work.touch(value)
    return value
