"""JSON from outside, held to what can be kept as outputs."""

import json
import math
from typing import Any

from bud_schemas.values import is_deeper_than

DEEPEST = 101
"""Levels of lists and objects."""


def read_json(text: str) -> Any:
    """Return the value of a text. Raises ValueError for no JSON, a number out of range, and too deep nesting."""
    try:
        value = json.loads(text, parse_constant=_refused, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if is_deeper_than(value, DEEPEST):
        raise ValueError("it is nested too deep")
    return value


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
