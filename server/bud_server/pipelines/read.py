"""Read a definition: hold it to the schema of pipelines and fill in what it leaves out."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import bud_schemas
from bud_schemas.pattern import compile_pattern
from bud_server.pipelines.definition import EMPTY, Parameter, Pipeline, Retry, Settings, Step
from bud_server.pipelines.names import Names, shortened
from bud_server.pipelines.problem import Collector, Path, PipelineProblem, TooManyError, in_order, problem

MOST_BYTES = 8 * 1024 * 1024
MOST_DEPTH = 100
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A pipeline, or None if it cannot be read, and everything that was found on the way."""

    pipeline: Pipeline | None
    problems: tuple[PipelineProblem, ...]


def read_pipeline(document: object, *, stored: bool = False) -> Reading:
    """Return the pipeline that a JSON document defines, bare or as `{"dag": {...}}`.

    In a stored one, what older servers let pass is a warning: unknown keys and parameter types, and limits that they
    did not have.
    """
    definition = unwrapped(document)
    if definition is None or definition == {}:
        return Reading(None, (problem("empty", ()),))
    unreadable = _first_unreadable(definition)
    if unreadable is not None:
        return Reading(None, (unreadable,))
    found = Collector()
    pipeline = None
    try:
        complete = _Reader(found, is_stored=stored).read(definition, bud_schemas.load("pipeline"), ())
        pipeline = None if found.has_errors else _pipeline(complete)
    except TooManyError:
        pass
    return Reading(pipeline, in_order(found.problems))


def unwrapped(document: object) -> object:
    """Return the definition inside `{"dag": {...}}`, or the document itself."""
    is_wrapped = isinstance(document, Mapping) and "dag" in document and "steps" not in document
    return document["dag"] if is_wrapped and isinstance(document, Mapping) else document


def _first_unreadable(document: object) -> PipelineProblem | None:
    """Return why a document is not JSON of a bearable size, looking at no more of it than that."""
    size = 0
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        fault = _json_fault(value)
        if fault is not None:
            return problem("not_json", path, what=fault)
        size += len(value) + 2 if isinstance(value, str | Mapping | list | tuple) else 4
        if isinstance(value, Mapping):
            size += sum(map(len, value))
        if size > MOST_BYTES:
            return problem("too_large", (), most=MOST_BYTES // 1024**2)
        inner = _members(value)
        if inner and len(path) >= MOST_DEPTH:
            return problem("too_deep", path[:MOST_SHOWN], most=MOST_DEPTH)
        waiting += [((*path, key), member) for key, member in inner]
    return None


MOST_SHOWN = 8
"""Steps of a path that is too long to be shown whole."""


def _members(value: object) -> list[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else []


def _json_fault(value: object) -> str | None:
    if isinstance(value, str):
        return None if value.isascii() or _is_unicode(value) else "a text holds half a surrogate pair"
    if isinstance(value, float):
        return None if math.isfinite(value) else _INFINITE
    if isinstance(value, Mapping):
        is_named = all(isinstance(key, str) and (key.isascii() or _is_unicode(key)) for key in value)
        return None if is_named else "a key must be a text"
    if isinstance(value, int):
        return None if abs(value) <= sys.float_info.max else _INFINITE
    if value is None or isinstance(value, list | tuple):
        return None
    return f"a {type(value).__name__} is not JSON"


_INFINITE = "a number must be finite, and no larger than a double holds"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Reader:
    """Walks a document along the schema; `x-stored` says what becomes of a fault in a stored definition."""

    def __init__(self, found: Collector, *, is_stored: bool) -> None:
        self._found = found
        self._is_stored = is_stored

    def read(self, value: Any, schema: Schema, path: Path) -> Any:
        """Return a value with defaults filled in and what is unknown left out."""
        schema = _resolved(schema)
        faults = list(_faults(value, schema, path))
        mistyped = any(each.code == "wrong_type" for each in faults)
        leniency = None if mistyped or not self._is_stored else schema.get("x-stored")
        for each in faults:
            is_let_pass = leniency or (self._is_stored and each.code == "too_long")
            self._found.add(_as_warning(each, is_dropped=leniency == "drop") if is_let_pass else each)
        if faults and leniency == "drop":
            return schema.get("default")
        if mistyped or value is None:
            return None
        if "properties" in schema:
            return self._object(value, schema, path)
        if "items" in schema:
            return [self.read(item, schema["items"], (*path, index)) for index, item in enumerate(value)]
        return value

    def _object(self, members: Mapping[str, Any], schema: Schema, path: Path) -> dict[str, Any]:
        known: Schema = schema["properties"]
        required = schema.get("required", ())
        names = Names(known)
        for key in members:
            if key not in known:
                self._found.add(self._unknown((*path, key), names))
        complete = {}
        for key, member in known.items():
            value = members.get(key)
            if key in required and value is None:
                self._found.add(_missing(key, member, path))
            complete[key] = _default(member) if value is None else self.read(value, member, (*path, key))
        return complete

    def _unknown(self, path: Path, names: Names) -> PipelineProblem:
        if self._is_stored:
            return problem("unknown_key", path, severity="warning", hint="it is ignored")
        return problem("unknown_key", path, hint=names.hint(str(path[-1])))


def _default(schema: Schema) -> Any:
    """Return what a member that is left out counts as; an object's default is completed in turn."""
    resolved = _resolved(schema)
    if resolved.get("default") == {} and "properties" in resolved:
        return {key: _default(member) for key, member in resolved["properties"].items()}
    return resolved.get("default")


def _missing(key: str, schema: Schema, path: Path) -> PipelineProblem:
    if (*path, key) == ("steps",):
        return problem("no_steps", ("steps",))
    example = next(iter(schema.get("examples", ())), "...")
    return problem("required", (*path, key), hint=f"add it, such as {key}: {example}")


def _as_warning(found: PipelineProblem, *, is_dropped: bool) -> PipelineProblem:
    hint = "it counts as left out" if is_dropped else found.hint
    return PipelineProblem(found.code, found.path, found.message, "warning", hint)


@cache
def _definition(name: str) -> Schema:
    found: Schema = bud_schemas.load("pipeline")["$defs"][name]
    return found


def _resolved(schema: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    return {**_definition(name), **schema} if name else schema


def _faults(value: Any, schema: Schema, path: Path) -> Iterator[PipelineProblem]:
    """Yield what is wrong with a value itself, its members left aside."""
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if kinds and not any(_IS_KIND[kind](value) for kind in kinds):
        expected = " or ".join(KIND_NAMES[kind] for kind in kinds if kind != "null")
        yield problem("wrong_type", path, expected=expected, found=described(value), hint=_retyped(value, kinds))
    elif isinstance(value, str):
        yield from _text_faults(value, schema, path)
    elif isinstance(value, Mapping | list | tuple):
        yield from _size_faults(value, schema, path)
    elif value is not None and not isinstance(value, bool):
        yield from _number_faults(value, schema, path)


def _retyped(value: object, kinds: Iterable[str]) -> str | None:
    if isinstance(value, str) and "array" in kinds:
        return f"write a list: [{value}]" if len(value) <= 100 else "write a list"
    if isinstance(value, str) and not {"integer", "number", "boolean"}.isdisjoint(kinds):
        return "write it without quotes"
    return "write it in quotes" if "string" in kinds and isinstance(value, int | float) else None


def _text_faults(text: str, schema: Schema, path: Path) -> Iterator[PipelineProblem]:
    options = [each for each in schema.get("enum", ()) if each is not None]
    if options and text not in options:
        yield problem(
            "option", path, found=shortened(text), options=", ".join(options), hint=Names(options).nearest(text)
        )
    elif len(text) < schema.get("minLength", 0):
        yield problem("too_short", path)
    elif len(text) > schema.get("maxLength", math.inf):
        yield problem("too_long", path, most=schema["maxLength"], items="characters")
    elif "pattern" in schema and not compile_pattern(schema["pattern"]).search(text):
        yield problem("format", path, hint=schema.get("x-hint"))


def _size_faults(value: Any, schema: Schema, path: Path) -> Iterator[PipelineProblem]:
    size = len(value)
    if size < schema.get("minItems", 0):
        yield problem("no_steps", path)
    for keyword, items in (("maxItems", "items"), ("maxProperties", "keys")):
        if size > schema.get(keyword, math.inf):
            yield problem("too_long", path, most=schema[keyword], items=items)


def _number_faults(number: float, schema: Schema, path: Path) -> Iterator[PipelineProblem]:
    if number < schema.get("minimum", -math.inf):
        yield problem("minimum", path, least=schema["minimum"])
    elif number <= schema.get("exclusiveMinimum", -math.inf):
        yield problem("above", path, least=schema["exclusiveMinimum"])
    elif number > schema.get("maximum", math.inf):
        yield problem("maximum", path, most=schema["maximum"])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_IS_KIND: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == value // 1,
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
}
KIND_NAMES = {
    "null": "null",
    "string": "a text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "array": "a list",
    "object": "an object",
}


def described(value: object) -> str:
    """Say of which kind a value is, not what it is: `a text`."""
    kinds = ("null", "string", "boolean", "integer", "number", "array", "object")
    return next((KIND_NAMES[kind] for kind in kinds if _IS_KIND[kind](value)), "something else")


def _pipeline(complete: Mapping[str, Any]) -> Pipeline:
    settings = complete["settings"]
    return Pipeline(
        name=complete["name"],
        steps=tuple(_step(each) for each in complete["steps"]),
        version=complete["version"],
        description=complete["description"],
        parameters=tuple(Parameter(**each) for each in complete["parameters"]),
        settings=Settings(
            int(settings["timeout_seconds"]),
            settings["fail_fast"],
            int(settings["max_parallel_steps"]),
            _retry(settings["retry_policy"]),
        ),
        outputs=_mapping(complete["outputs"]),
    )


def _step(complete: Mapping[str, Any]) -> Step:
    timeout, on_failure = complete["timeout_seconds"], complete["on_failure"]
    return Step(
        id=complete["id"],
        action=complete["action"],
        name=complete["name"] or complete["id"],
        params=_mapping(complete["params"]),
        depends_on=tuple(complete["depends_on"]),
        outputs=tuple(complete["outputs"]),
        condition=complete["condition"],
        on_failure="fail" if on_failure == "stop" else on_failure,
        timeout_seconds=None if timeout is None else int(timeout),
        retry=_retry(complete["retry"]),
    )


def _retry(complete: Mapping[str, Any] | None) -> Retry | None:
    return None if complete is None else Retry(**{**complete, "max_attempts": int(complete["max_attempts"])})


def _mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(value) if value and isinstance(value, dict) else value or EMPTY
