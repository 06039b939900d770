"""Checks of one value: of a param by its type, and of JSON by the profile of JSON Schema.

A check is made once from its definition and returns an empty tuple for a good value. Problems that do not depend on the
value are made beforehand, so a bad value costs no more than a good one.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bud_schemas.pattern import LONGEST_SUBJECT, compile_pattern

Document = Mapping[str, Any]
Problem = Any
MakeProblem = Callable[[str, str, str], Problem]
"""Makes a problem from param, code and message."""
Check = Callable[[Any], Iterable[Problem]]
"""The problems of one given value."""

BRANCHES_SCHEMA: Document = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "minLength": 1, "description": "Name of the branch."},
            "label": {"type": ["string", "null"], "description": "What a person calls the branch."},
            "condition": {
                "type": "string",
                "minLength": 1,
                "description": "Expression; the first true branch is taken.",
            },
            "target_step": {"type": ["string", "null"], "description": "Id of the step that the branch leads to."},
        },
        "required": ["id", "condition"],
        "additionalProperties": False,
    },
}
"""The shape of a `branches` param."""

_LARGEST = 1.7976931348623157e308
"""Every finite double lies between this and its negative."""


def is_template(text: str) -> bool:
    """Whether a text contains `{{ ... }}`."""
    start = text.find("{{")
    return start >= 0 and text.find("}}", start + 2) >= 0


def is_number(value: object) -> bool:
    """Whether a value is a JSON number: finite, and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def is_same(value: object, other: object) -> bool:
    """Whether two values are equal as JSON: true is not 1, 1 is 1.0."""
    return identity(value) == identity(other)


def identity(value: Any) -> object:
    """Return something hashable that is equal for equal JSON values only; numbers are doubles (RFC 7493, 2.2)."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, Mapping):
        return ("object", frozenset((key, identity(member)) for key, member in value.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(identity(item) for item in value))
    return ("number", float(value)) if is_number(value) else ("other", value)


def number_text(number: float) -> str:
    """Write a number as JavaScript does (ECMA-262, 6.1.6.1.20), so that messages agree."""
    if isinstance(number, int) and abs(number) <= 2**53:
        return str(number)
    if number == 0:
        return "0"
    digits = Decimal(repr(float(number)))
    if 1e-6 <= abs(number) < 1e21:
        return format(digits.normalize(), "f")
    sign, coefficient, exponent = digits.normalize().as_tuple()
    first, rest = str(coefficient[0]), "".join(map(str, coefficient[1:]))
    power = int(exponent) + len(rest)
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{'+' if power > 0 else '-'}{abs(power)}"


def pattern_test(pattern: str) -> Callable[[str], bool]:
    """Return a test for texts, which longer ones fail; the pattern is compiled when the first text comes."""
    search: Callable[[str], re.Match[str] | None] | None = None

    def is_match(text: str) -> bool:
        nonlocal search
        if search is None:
            search = compile_pattern(pattern).search
        return len(text) <= LONGEST_SUBJECT and search(text) is not None

    return is_match


def param_check(param: Document, problem: MakeProblem) -> Check:
    """Return the check of a param's given (not absent) value."""
    return _PARAM_CHECKS.get(param["type"], _text)(param, problem)


def _text(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    wrong = (problem(name, "type", f"{name}: must be a string"),)
    rules = param.get("validation") or {}
    bounds = _TextBounds(rules.get("min_length"), rules.get("max_length"), rules.get("pattern"))
    if bounds == _UNBOUNDED:
        return lambda value: () if isinstance(value, str) else wrong
    limits = _text_limits(name, name, bounds, rules.get("pattern_message"), problem)

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, str):
            return wrong
        return () if "{{" in value and is_template(value) else limits(value)

    return check


class _TextBounds(NamedTuple):
    shortest: int | None
    longest: int | None
    pattern: str | None


_UNBOUNDED = _TextBounds(None, None, None)


def _text_limits(name: str, path: str, bounds: _TextBounds, pattern_message: str | None, problem: MakeProblem) -> Check:
    shortest, longest, pattern = bounds
    if pattern is not None and (longest is None or longest > LONGEST_SUBJECT):
        longest = LONGEST_SUBJECT
    too_short = (problem(name, "min_length", f"{path}: must be at least {shortest} chars"),)
    too_long = (problem(name, "max_length", f"{path}: must be at most {longest} chars"),)
    unlike = (problem(name, "pattern", f"{path}: {pattern_message or 'format is invalid'}"),)
    low, high = shortest or 0, math.inf if longest is None else longest
    is_match = pattern_test(pattern) if pattern is not None else bool

    def check(text: str) -> Iterable[Problem]:
        length = len(text)
        if length > high:
            return too_long
        is_alike = pattern is None or is_match(text)
        if length >= low:
            return () if is_alike else unlike
        return too_short if is_alike else too_short + unlike

    return check


def _number(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    wrong = (problem(name, "type", f"{name}: must be a number"),)
    rules = param.get("validation") or {}
    low, high, whole = rules.get("min"), rules.get("max"), rules.get("integer", False)
    limits = _number_limits(name, name, low, high, whole, problem)
    lowest, highest = -_LARGEST if low is None else low, _LARGEST if high is None else high

    def check(value: Any) -> Iterable[Problem]:
        kind = type(value)
        if (kind is int and lowest <= value <= highest) or (kind is float and not whole and lowest <= value <= highest):
            return ()
        if is_number(value):
            return limits(value)
        return () if isinstance(value, str) and is_template(value) else wrong

    return check


def _number_limits(
    name: str, path: str, low: float | None, high: float | None, whole: bool, problem: MakeProblem
) -> Check:
    fraction = problem(name, "integer", f"{path}: must be a whole number")
    too_low = None if low is None else problem(name, "minimum", f"{path}: must be >= {number_text(low)}")
    too_high = None if high is None else problem(name, "maximum", f"{path}: must be <= {number_text(high)}")

    def check(number: float) -> Iterable[Problem]:
        number = float(number)
        found = []
        if whole and number != math.floor(number):
            found.append(fraction)
        if low is not None and number < low:
            found.append(too_low)
        if high is not None and number > high:
            found.append(too_high)
        return found

    return check


def _boolean(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    wrong = (problem(name, "type", f"{name}: must be true or false"),)
    return lambda value: () if value is True or value is False or _is_template(value) else wrong


def _is_template(value: object) -> bool:
    return isinstance(value, str) and is_template(value)


def _options(param: Document) -> tuple[frozenset[str], str]:
    allowed = [option["value"] for option in param.get("options") or ()]
    return frozenset(allowed), ", ".join(allowed)


def _select(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    allowed, listed = _options(param)
    wrong = (problem(name, "type", f"{name}: must be a string"),)
    unlisted = (problem(name, "option", f"{name}: must be one of: {listed}"),)

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, str):
            return wrong
        return () if value in allowed or is_template(value) else unlisted

    return check


def _multiselect(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    allowed, listed = _options(param)
    wrong = (problem(name, "type", f"{name}: must be a list of strings"),)
    unlisted = problem(name, "option", f"{name}: must be one of: {listed}")
    repeated = problem(name, "duplicate", f"{name}: must not repeat a value")

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, list | tuple):
            return () if _is_template(value) else wrong
        try:
            distinct = set(value)
        except TypeError:  # a list or an object among them
            return wrong
        if distinct <= allowed and len(distinct) == len(value):
            return ()
        if not all(isinstance(item, str) for item in value):
            return wrong
        found = [unlisted] if any(item not in allowed and not is_template(item) for item in value) else []
        return [*found, repeated] if len(set(value)) < len(value) else found

    return check


def _range(param: Document, problem: MakeProblem) -> Check:
    name = param["name"]
    wrong = (problem(name, "type", f"{name}: must be a [min, max] pair of numbers"),)
    inverted = problem(name, "order", f"{name}: min value cannot be greater than max value")
    rules = param.get("validation") or {}
    limits = _number_limits(name, name, rules.get("min"), rules.get("max"), rules.get("integer", False), problem)

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, list | tuple):
            return () if _is_template(value) else wrong
        if len(value) != 2 or not all(is_number(end) or _is_template(end) for end in value):
            return wrong
        ends = [float(end) for end in value if is_number(end)]
        found = list(dict.fromkeys(each for end in ends for each in limits(end)))
        return [*found, inverted] if len(ends) == 2 and ends[0] > ends[1] else found

    return check


def _json(param: Document, problem: MakeProblem) -> Check:
    schema = param.get("schema")
    if not schema:
        return lambda value: ()
    return _schema_param(param["name"], schema, problem)


def _branches(param: Document, problem: MakeProblem) -> Check:
    return _schema_param(param["name"], BRANCHES_SCHEMA, problem)


def _schema_param(name: str, schema: Document, problem: MakeProblem) -> Check:
    return lambda value: [problem(name, code, message) for code, message in schema_problems(value, schema, name)]


_PARAM_CHECKS: dict[str, Callable[[Document, MakeProblem], Check]] = {
    "number": _number,
    "boolean": _boolean,
    "select": _select,
    "multiselect": _multiselect,
    "range": _range,
    "json": _json,
    "branches": _branches,
}


def schema_problems(value: Any, schema: Document, path: str) -> Iterable[tuple[str, str]]:
    """Yield the code and message of everything in a JSON value that its schema does not allow.

    `path` is how messages name the value, such as `specification.minReplicas`.
    """
    if _is_template(value):
        return
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if value is None and "null" in kinds:
        return
    kind = next((kind for kind in kinds if kind != "null"), None)
    if kind is not None and not _IS_KIND[kind](value):
        yield "type", f"{path}: must be {_KIND_NAMES[kind]}"
        return
    allowed = schema.get("enum")
    if allowed is not None and not any(is_same(value, each) for each in allowed):
        yield "option", f"{path}: must be one of: {', '.join(_scalar_text(each) for each in allowed)}"
    if is_number(value):
        limits = _number_limits("", path, schema.get("minimum"), schema.get("maximum"), False, _code_and_message)
        yield from limits(value)
    elif isinstance(value, str) and not schema.keys().isdisjoint(_TEXT_BOUNDS):
        bounds = _TextBounds(schema.get("minLength"), schema.get("maxLength"), schema.get("pattern"))
        yield from _text_limits("", path, bounds, None, _code_and_message)(value)
    elif isinstance(value, list | tuple):
        yield from _array_problems(value, schema, path)
    elif isinstance(value, Mapping):
        yield from _object_problems(value, schema, path)


_TEXT_BOUNDS = ("minLength", "maxLength", "pattern")


def _code_and_message(_name: str, code: str, message: str) -> tuple[str, str]:
    return code, message


def _array_problems(items: Iterable[Any], schema: Document, path: str) -> Iterable[tuple[str, str]]:
    items = list(items)
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and len(items) < fewest:
        yield "min_items", f"{path}: must have at least {fewest} items"
    if most is not None and len(items) > most:
        yield "max_items", f"{path}: must have at most {most} items"
    if schema.get("uniqueItems") and len({identity(item) for item in items}) < len(items):
        yield "duplicate", f"{path}: must not repeat a value"
    if "items" in schema:
        for index, item in enumerate(items):
            yield from schema_problems(item, schema["items"], f"{path}[{index}]")


def _object_problems(members: Document, schema: Document, path: str) -> Iterable[tuple[str, str]]:
    properties: Document = schema.get("properties", {})
    required = schema.get("required", ())
    for key in sorted({*properties, *required}):
        if key in members:
            yield from schema_problems(members[key], properties.get(key, {}), f"{path}.{key}")
        elif key in required:
            yield "required", f"{path}.{key}: is required"
    others = schema.get("additionalProperties", "properties" not in schema)
    for key in sorted(key for key in members if key not in properties):
        if others is False and key not in required:
            yield "unknown", f"{path}.{key}: is not allowed"
        elif isinstance(others, Mapping):
            yield from schema_problems(members[key], others, f"{path}.{key}")


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


_IS_KIND: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and value == math.floor(value),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list | tuple),
}
_KIND_NAMES = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def is_deeper_than(value: object, most: int) -> bool:
    """Whether lists and objects are nested more than so many levels in a value; never takes long."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        members = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for each in members for child in each if isinstance(child, dict | list)]
    return bool(level)
