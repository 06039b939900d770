"""JSON from outside, held to what can be kept as outputs."""

import json
import math
from typing import Any

DEEPEST = 100
"""How deep a value may be nested."""


def read_json(text: str) -> Any:
    """Return the value of a text. Raises ValueError for no JSON, a number out of range, and too deep nesting."""
    try:
        value = json.loads(text, parse_constant=_refused, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        level, depth = [item for each in level for item in _items(each)], depth + 1
    return value


def _items(value: Any) -> list[Any]:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in members if isinstance(each, dict | list)]


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
