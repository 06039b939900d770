"""Valid values of params, at the edges of what is allowed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from bud_schemas.values import identity, is_number, is_template, param_check, schema_problems
from tests.diff.proof.picking import Document
from tests.strategies import PATTERNS

TEXTS = (
    *(
        "a",
        "ab",
        "a word or two",
        "Upper",
        "12",
        "007",
        "https://example.com/x",
        "/a/path",
        "some-words",
        "org/model",
        "2031-01-31",
        "2031-01-31T10:00:00Z",
    ),
    *(text for texts in PATTERNS.values() for text in texts),
)
NUMBERS = (1, 2, 0, -1, -50, 0.5, 1.5, 50, 1e6, 86400)
LONG = 2000
"""Characters of a text that may be as long as one likes."""
MOST = 60
"""Values of one param; more show nothing new."""
FEW_TEXTS = ("a word or two", "Upper", "12")
"""Texts where a schema has no pattern: what else there is to see of them is their length."""


def values_of(param: Document, known: Iterable[Any]) -> list[Any]:
    """Return valid values of a param, none of them a template or absent, those known to be first."""
    is_wrong = param_check(param, lambda *problem: problem)
    given = [*_first(param), *known, *_KINDS.get(param["type"], _texts)(param)]
    return _kept(given, lambda value: not is_wrong(value))


def _first(param: Document) -> Iterator[Any]:
    if "default" in param and not isinstance(param["default"], str):
        yield param["default"]


def _kept(given: Iterable[Any], is_valid: Callable[[Any], bool]) -> list[Any]:
    found = {identity(value): value for value in given if value not in (None, "") and not has_template(value)}
    return list(islice((value for value in found.values() if is_valid(value)), MOST))


def has_template(value: Any) -> bool:
    """Whether a value is worked out later, wholly or in part."""
    if isinstance(value, str):
        return is_template(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(map(has_template, inner))


def _texts(param: Document) -> Iterator[str]:
    rules = param.get("validation") or {}
    yield from _texts_within(rules.get("min_length"), rules.get("max_length"))


def _texts_within(least: int | None, most: int | None) -> Iterator[str]:
    yield from TEXTS
    for size in (least, most if most is not None else LONG):
        if size is not None:
            yield "x" * size
            yield "7" * size


def _numbers(param: Document) -> Iterator[Any]:
    rules = param.get("validation") or {}
    yield from (rules[key] for key in ("min", "max") if key in rules)
    yield from NUMBERS


def _ranges(param: Document) -> Iterator[Any]:
    ends = sorted({float(each): each for each in _numbers(param)}.values())
    yield from ([low, high] for low in ends for high in (low, *ends) if low <= high)


def _options(param: Document) -> Iterator[Any]:
    yield from (option["value"] for option in param["options"])


def _lists_of_options(param: Document) -> Iterator[Any]:
    every = list(_options(param))
    yield from ([value] for value in every)
    yield every
    yield []


def _json(param: Document) -> Iterator[Any]:
    schema = param.get("schema") or {}
    yield from inside(schema)


def inside(schema: Mapping[str, Any]) -> list[Any]:
    """Return values that a schema allows, the plainest first."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kind = next((each for each in kinds if each != "null"), "")
    given: list[Any] = list(schema.get("enum", _BY_KIND[kind](schema)))
    if "null" in kinds:
        given.insert(1, None)
    allowed = {identity(value): value for value in given}
    return [value for value in allowed.values() if not list(schema_problems(value, schema, "x"))][:MOST]


def _texts_inside(schema: Mapping[str, Any]) -> Iterator[Any]:
    within = _texts_within(schema.get("minLength"), schema.get("maxLength"))
    yield from within if "pattern" in schema else (each for each in within if each not in TEXTS or each in FEW_TEXTS)


def _numbers_inside(schema: Mapping[str, Any]) -> Iterator[Any]:
    yield from NUMBERS
    yield from (schema[key] for key in ("minimum", "maximum") if key in schema)


def _lists_inside(schema: Mapping[str, Any]) -> Iterator[Any]:
    items = inside(schema.get("items", {}))
    yield items[:1]
    yield []
    yield items[:1] * 2
    yield from ([item] for item in items)
    for size in (schema.get("minItems", 0), schema.get("maxItems", 5)):
        yield [items[at % len(items)] for at in range(size)] if items else []
        yield items[:size]


def _objects_inside(schema: Mapping[str, Any]) -> Iterator[Any]:
    properties = {key: inside(member) for key, member in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    fewest = {key: properties[key][0] if key in properties else 1 for key in required if properties.get(key, [1])}
    fullest = {key: found[0] for key, found in properties.items() if found}
    yield fewest
    yield {**fewest, **fullest}
    others = schema.get("additionalProperties", "properties" not in schema)
    if others is not False:
        properties["newcomer"] = inside({} if others is True else others)
    in_turn = zip_longest(*([(key, value) for value in found] for key, found in properties.items()))
    yield from ({**fewest, key: value} for each in in_turn for key, value in filter(None, each))


_BY_KIND: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Any]]] = {
    "string": _texts_inside,
    "number": _numbers_inside,
    "integer": lambda schema: (each for each in _numbers_inside(schema) if is_number(each) and each == int(each)),
    "boolean": lambda _: iter((True, False)),
    "array": _lists_inside,
    "object": _objects_inside,
    "": lambda _: iter((1, "a text", True, ["a", 1], {"a": {"b": 1}})),
}
_BRANCH = {"id": "a", "condition": "true"}
_KINDS: Mapping[str, Callable[[Document], Iterable[Any]]] = {
    "number": _numbers,
    "boolean": lambda _: (True, False),
    "select": _options,
    "multiselect": _lists_of_options,
    "range": _ranges,
    "json": _json,
    "branches": lambda _: ([_BRANCH], [], [{**_BRANCH, "label": "A"}]),
}
