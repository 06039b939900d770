"""Whether an action's metadata is valid, asked of a document rather than of a file.

The generator explains action files with lines and hints. This is for metadata that never was a file: what a class
brings along. It finds everything that would mislead or break whoever reads the metadata later.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import bud_schemas
from bud_schemas import values
from bud_schemas.pattern import compile_pattern
from bud_schemas.validation import ParamProblem, ParamValidator

Document = Mapping[str, Any]
Fault = tuple[Iterable[str | int], str]
"""Where it is in the document, and what is wrong there."""
LONGEST_MESSAGE = 300
"""Characters kept of a message, which may repeat a value."""


def meta_problems(meta: Document) -> list[str]:
    """Return what is wrong with an action's metadata, a sentence each; empty when valid.

    Members that are null count as left out. Raises ModuleNotFoundError, which says what to install, where nothing can
    check JSON Schema.
    """
    try:
        document = json.loads(json.dumps(without_nulls(meta), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        return [f"it cannot be written as JSON: {error}"]
    faults = [f"{_named(pointer)}{message}"[:LONGEST_MESSAGE] for pointer, message in _checker()(document)]
    return faults or list(_contradictions(document))


def without_nulls(meta: Document) -> dict[str, Any]:
    """Return metadata as a person would write it: without members that are null, values of authors left aside."""
    sparse: dict[str, Any] = _sparse(meta)
    return sparse


_VALUES = frozenset({"default", "schema"})
"""Members whose content is not the language's: in it, null is a value."""


def _sparse(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: member if key in _VALUES or (key == "params" and isinstance(member, Mapping)) else _sparse(member)
            for key, member in value.items()
            if member is not None or key in _VALUES
        }
    return [_sparse(item) for item in value] if isinstance(value, list | tuple) else value


def _named(pointer: Iterable[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in pointer)
    return f"{text.removeprefix('.')}: " if text else ""


@cache
def _checker() -> Callable[[Any], Iterator[Fault]]:
    """Return what finds the faults against the meta-schema, with the faster of two libraries."""
    schema = bud_schemas.load("action")
    try:
        import jsonschema_rs
    except ModuleNotFoundError:
        return _slower_checker(schema)
    fast = jsonschema_rs.Draft202012Validator(schema)
    return lambda document: ((error.instance_path, error.message) for error in fast.iter_errors(document))


def _slower_checker(schema: Document) -> Callable[[Any], Iterator[Fault]]:
    try:
        from jsonschema import Draft202012Validator
    except ModuleNotFoundError as error:
        message = "checking an action's metadata needs jsonschema-rs: pip install jsonschema-rs"
        raise ModuleNotFoundError(message, name=error.name) from None
    slow = Draft202012Validator(schema)
    return lambda document: ((error.absolute_path, error.message) for error in slow.iter_errors(document))


def _contradictions(meta: Document) -> Iterator[str]:
    """Yield what the meta-schema cannot say about metadata that keeps it."""
    if meta["execution_mode"] == "event_driven" and "timeout_seconds" not in meta:
        yield "timeout_seconds is missing: an event-driven action without it could wait for ever"
    params = meta.get("params", [])
    for key in ("params", "outputs"):
        yield from (f"{key}: `{name}` is defined twice" for name in _repeated(meta.get(key, []), "name"))
    unusable = [problem for param in params for problem in _param_problems(param)]
    unusable += [problem for output in meta.get("outputs", []) for problem in _patterns(output["name"], output)]
    unusable += _reference_problems(meta, {param["name"] for param in params})
    yield from unusable
    if not unusable:
        yield from _value_problems(meta)


def _repeated(items: Iterable[Document], key: str) -> list[str]:
    return [name for name, count in Counter(item[key] for item in items).items() if count > 1]


def _param_problems(param: Document) -> Iterator[str]:
    name, kind = param["name"], param["type"]
    if (kind in ("select", "multiselect")) is not ("options" in param):
        yield f"{name}: a {kind} has {'no options' if 'options' not in param else 'options, which only selects take'}"
    yield from (f"{name}: option `{value}` is listed twice" for value in _repeated(param.get("options", []), "value"))
    if "schema" in param and kind != "json":
        yield f"{name}: only a json param takes a schema"
    if "ref_type" in param and kind != f"{param['ref_type']}_ref":
        yield f"{name}: a {kind} does not point at a {param['ref_type']}"
    if param.get("required") and "default" in param:
        yield f"{name}: it is required and has a default, so it can never be missing"
    yield from _patterns(name, param)


def _patterns(name: str, part: Any) -> Iterator[str]:
    """Yield the patterns in a part of the metadata that cannot be compiled."""
    if isinstance(part, Mapping):
        pattern = part.get("pattern")
        if isinstance(pattern, str) and not _compiles(pattern):
            yield f"{name}: the pattern {pattern} is not an ECMAScript regular expression that every target supports"
        inner = [part[key] for key in ("validation", "schema", "items", "additionalProperties") if key in part]
        for each in [*inner, *part.get("properties", {}).values()]:
            yield from _patterns(name, each)


def _compiles(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except (re.error, ValueError, OverflowError):
        return False
    return True


def _reference_problems(meta: Document, known: set[str]) -> Iterator[str]:
    conditions = {param["name"]: param["show_when"] for param in meta.get("params", []) if "show_when" in param}
    for name, condition in conditions.items():
        if condition["param"] not in known:
            yield f"{name}: show_when looks at `{condition['param']}`, which is not a param"
        elif _returns(name, conditions):
            yield f"{name}: show_when leads back to itself"
    for index, rule in enumerate(meta.get("rules", [])):
        names = {*rule["params"], *(condition["param"] for condition in rule.get("when", []))}
        yield from (f"rules[{index}]: `{name}` is not a param" for name in sorted(names - known))
        if (rule["kind"] == "matches") is not ("pattern" in rule):
            yield f"rules[{index}]: a rule of kind matches, and no other, has a pattern"
        yield from _patterns(f"rules[{index}]", rule)


def _returns(name: str, conditions: Mapping[str, Document]) -> bool:
    seen = {name}
    following: str = conditions[name]["param"]
    while following in conditions and following not in seen:
        seen.add(following)
        following = conditions[following]["param"]
    return following == name


def _value_problems(meta: Document) -> Iterator[str]:
    for param in meta.get("params", []):
        for problem in values.param_check(param, ParamProblem)(param["default"]) if "default" in param else ():
            yield f"{param['name']}: its default is not valid: {problem.message}"
    validator = ParamValidator({"params": [], **meta})
    for example in meta.get("examples", []):
        for problem in validator.validate(example["params"]):
            yield f"example `{example['title']}` is not valid: {problem.message}"
