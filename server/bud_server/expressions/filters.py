"""The filters. Each takes the work of its evaluation, the filtered value and its arguments, as in Jinja."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bud_server.expressions.errors import EvaluationError, UnknownReferenceError
from bud_server.expressions.kinds import ANY, ARRAY, INTEGER, NUMBER, STRING, Kind
from bud_server.expressions.limits import Work, check_bits, check_count, check_length
from bud_server.expressions.operators import add, calculated, is_number, json_text, text_of
from bud_server.expressions.scope import find_member, word

_LONGEST_NUMBER = 4_300
"""Characters of a text that is read as a number."""
_HIGHEST_PRECISION = 100
_WIDEST_INDENT = 8


class Filter(NamedTuple):
    """A filter and the kind of what it returns, apart from its default."""

    apply: Callable[..., Any]
    kind: Kind


def length(work: Work, value: Any) -> int:
    """Return the count of items, keys or characters."""
    if isinstance(value, Mapping | list | tuple | str):
        return len(value)
    raise EvaluationError(f"{word(value)} has no length")


def lower(work: Work, value: Any) -> str:
    """Return the text of a value in lower case."""
    return _cased(work, value, str.lower)


def upper(work: Work, value: Any) -> str:
    """Return the text of a value in upper case."""
    return _cased(work, value, str.upper)


def _cased(work: Work, value: Any, change: Callable[[str], str]) -> str:
    text = change(text_of(work, value))
    check_length(len(text))
    work.touch(text)
    return text


def to_int(work: Work, value: Any, default: Any = 0, base: Any = 10) -> Any:
    """Return a value as an integer, cut towards zero; the default if it is none."""
    if not isinstance(base, int):
        raise EvaluationError(f"the base of int is {word(base)}: use an integer")
    number = _read_int(value, base)
    if number is None:
        return default
    check_bits(number.bit_length())
    return number


def _read_int(value: Any, base: int) -> int | None:
    if isinstance(value, str):
        if len(value) > _LONGEST_NUMBER:
            return None
        try:
            return int(value, base)
        except ValueError:
            pass
    number = _read_float(value) if not isinstance(value, int) else value
    return None if number is None else int(number)


def to_float(work: Work, value: Any, default: Any = 0.0) -> Any:
    """Return a value as a floating-point number; the default if it is none."""
    number = _read_float(value)
    return default if number is None else number


def _read_float(value: Any) -> float | None:
    if not isinstance(value, int | float | str) or (isinstance(value, str) and len(value) > _LONGEST_NUMBER):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def join(work: Work, value: Any, separator: Any = "", attribute: Any = None) -> str:
    """Return the texts of all items as one text."""
    joint = text_of(work, separator)
    texts = [text_of(work, _get(item, attribute)) for item in _items(work, value, "join")]
    size = sum(map(len, texts)) + len(joint) * max(len(texts) - 1, 0)
    check_length(size)
    text = joint.join(texts)
    work.touch(text)
    return text


def keys(work: Work, value: Any) -> list[Any]:
    """Return the keys of an object."""
    return _items(work, _object(value, "keys"), "keys")


def values(work: Work, value: Any) -> list[Any]:
    """Return the values of an object."""
    members = _object(value, "values")
    check_count(len(members))
    work.spend(len(members))
    return list(members.values())


def first(work: Work, value: Any) -> Any:
    """Return the first item. Raises UnknownReferenceError if there is none."""
    return _some(_sequence(value, "first"), "first")[0]


def last(work: Work, value: Any) -> Any:
    """Return the last item. Raises UnknownReferenceError if there is none."""
    return _some(_sequence(value, "last"), "last")[-1]


def smallest(work: Work, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Any:
    """Return the smallest item. Raises UnknownReferenceError if there is none."""
    return _extreme(work, value, "min", min, case_sensitive, attribute)


def largest(work: Work, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Any:
    """Return the largest item. Raises UnknownReferenceError if there is none."""
    return _extreme(work, value, "max", max, case_sensitive, attribute)


def _extreme(work: Work, value: Any, name: str, choose: Callable[..., Any], case_sensitive: Any, attribute: Any) -> Any:
    items = _some(_items(work, value, name), name)
    work.touch(items)
    return _ordered(name, lambda: choose(items, key=lambda item: _order(_get(item, attribute), case_sensitive)))


def total(work: Work, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    """Return the sum of numbers."""
    items = [_get(item, attribute) for item in _items(work, value, "sum")]
    for item in [start, *items]:
        if not is_number(item):
            raise EvaluationError(f"cannot sum up {word(item)}: use numbers")
    work.touch(items)
    return functools.reduce(lambda so_far, item: add(work, so_far, item), items, start)


def rounded(work: Work, value: Any, precision: Any = 0, method: Any = "common") -> Any:
    """Return a number with so many digits after the point; the method is common, ceil or floor."""
    if not is_number(value):
        raise EvaluationError(f"cannot round {word(value)}")
    if not isinstance(precision, int) or abs(precision) > _HIGHEST_PRECISION:
        raise EvaluationError(f"the precision of round must be an integer, at most {_HIGHEST_PRECISION}")
    if method == "common":
        return calculated(round, value, precision)
    if method not in ("ceil", "floor"):
        raise EvaluationError("the method of round must be common, ceil or floor")
    turn, scale = (math.ceil if method == "ceil" else math.floor), 10**precision
    return calculated(lambda number: turn(number * scale) / scale, value)


def sort(work: Work, value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    """Return the items in order."""
    items = _items(work, value, "sort")
    work.touch(items, times=1 + len(items).bit_length() // 4)
    return _ordered(  # type: ignore[no-any-return]
        "sort",
        lambda: sorted(items, key=lambda item: _order(_get(item, attribute), case_sensitive), reverse=bool(reverse)),
    )


def unique(work: Work, value: Any, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    """Return the items without repetitions."""
    items = _items(work, value, "unique")
    work.touch(items, times=2)
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(_identity(work, _get(item, attribute), case_sensitive), item)
    return list(found.values())


def to_json(work: Work, value: Any, indent: Any = None) -> str:
    """Return a value's JSON with keys in order."""
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= _WIDEST_INDENT):
        raise EvaluationError(f"the indent of tojson must be an integer from 0 to {_WIDEST_INDENT}")
    work.touch(value, times=1 if indent is None else 10)
    return json_text(value, indent=indent, sort_keys=True)


def _object(value: Any, name: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise EvaluationError(f"{name} takes an object, not {word(value)}")
    return value


def _sequence(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, list | tuple | str):
        return value
    raise EvaluationError(f"{name} takes a list, not {word(value)}")


def _items(work: Work, value: Any, name: str) -> list[Any]:
    items = _sequence(value, name)
    check_count(len(items))
    work.spend(len(items))
    return list(items)


def _some(items: Any, name: str) -> Any:
    if not items:
        raise UnknownReferenceError("", f"there is no {name} of nothing: the list is empty")
    return items


def _get(item: Any, attribute: Any) -> Any:
    if attribute is None:
        return item
    if not isinstance(attribute, str | int):
        raise EvaluationError(f"the attribute of a filter is {word(attribute)}: use a text")
    for key in attribute.split(".") if isinstance(attribute, str) else [attribute]:
        item = find_member(item, int(key) if str(key).isdecimal() and not isinstance(item, Mapping) else key, "")
    return item


def _order(value: Any, case_sensitive: Any) -> Any:
    return value.lower() if isinstance(value, str) and not case_sensitive else value


def _ordered(name: str, order: Callable[[], Any]) -> Any:
    try:
        return order()
    except TypeError as error:
        raise EvaluationError(f"{name} takes numbers, or texts, but not both: {error}") from None


def _identity(work: Work, value: Any, case_sensitive: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        return f'"{_order(value, case_sensitive)}'
    return "null" if value is None else text_of(work, value)


FILTERS: Mapping[str, Filter] = {
    "length": Filter(length, INTEGER),
    "lower": Filter(lower, STRING),
    "upper": Filter(upper, STRING),
    "int": Filter(to_int, INTEGER),
    "float": Filter(to_float, NUMBER),
    "string": Filter(text_of, STRING),
    "join": Filter(join, STRING),
    "keys": Filter(keys, ARRAY),
    "values": Filter(values, ARRAY),
    "first": Filter(first, ANY),
    "last": Filter(last, ANY),
    "min": Filter(smallest, ANY),
    "max": Filter(largest, ANY),
    "sum": Filter(total, NUMBER),
    "round": Filter(rounded, NUMBER),
    "sort": Filter(sort, ARRAY),
    "unique": Filter(unique, ARRAY),
    "tojson": Filter(to_json, STRING),
}
"""All filters but `default`, which the compiler knows because it looks at what is missing."""
