"""Kinds of values: what parameters and outputs are, and what the one validator lets a param be when a step runs.

null is no kind here: an absent value is the validator's business, and nobody knows beforehand whether one is absent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bud_schemas.values import BRANCHES_SCHEMA
from bud_server.pipelines.definition import Parameter

Kinds = frozenset[str]
"""Some of the JSON types string, number, integer, boolean, array and object; an integer is not listed as a number."""
Document = Mapping[str, Any]

ANYTHING: Kinds = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_NUMBERS: Kinds = frozenset({"number", "integer"})
_BY_NAME: Mapping[str, Kinds] = {
    "string": frozenset({"string"}),
    "number": _NUMBERS,
    "float": _NUMBERS,
    "integer": frozenset({"integer"}),
    "boolean": frozenset({"boolean"}),
    "array": frozenset({"array"}),
    "object": frozenset({"object"}),
}


def of_type(name: str) -> Kinds:
    """Return the kinds of values of a parameter's or an output's type; anything for `any`, `json` and unknown ones."""
    return _BY_NAME["string"] if name.endswith("_ref") else _BY_NAME.get(name, ANYTHING)


def of_parameter(parameter: Parameter) -> Kinds:
    """Return what a step can read as `params.x`."""
    return of_type(parameter.type)


def of_value(value: object) -> Kinds:
    """Return the kind of a JSON value; anything for null."""
    if isinstance(value, bool):
        return _BY_NAME["boolean"]
    if isinstance(value, int | float):
        return _BY_NAME["integer"] if value == value // 1 else frozenset({"number"})
    if isinstance(value, str):
        return _BY_NAME["string"]
    if isinstance(value, Mapping):
        return _BY_NAME["object"]
    return _BY_NAME["array"] if isinstance(value, list | tuple) else ANYTHING


def taken_by(param: Document, path: Iterable[str | int]) -> Kinds:
    """Return what the validator takes at a path inside the value of a param; anything where it does not look."""
    schema: Document = _PARAM_SCHEMAS.get(param["type"], {"type": "string"})
    if param["type"] == "json":
        schema = param.get("schema") or {}
    for step in path:
        schema = _inner(schema, step)
    kinds = schema.get("type", ())
    names = [kind for kind in ((kinds,) if isinstance(kinds, str) else kinds) if kind != "null"]
    return frozenset[str]().union(*(_TAKEN[name] for name in names)) if names else ANYTHING


_TAKEN: Mapping[str, Kinds] = {**_BY_NAME, "integer": _NUMBERS}
"""A number may turn out to be whole."""
_PARAM_SCHEMAS: Mapping[str, Document] = {
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "multiselect": {"type": "array", "items": {"type": "string"}},
    "range": {"type": "array", "items": {"type": "number"}},
    "branches": BRANCHES_SCHEMA,
}


def _inner(schema: Document, step: str | int) -> Document:
    if isinstance(step, int):
        found = schema.get("items", {})
    else:
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties", {}))
    return found if isinstance(found, Mapping) else {}


_SHOWN = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def shown(kinds: Kinds) -> str:
    """Write kinds as a person would: `a number or a text`."""
    listed = kinds - {"integer"} if kinds >= _NUMBERS else kinds
    return " or ".join(name for kind, name in _SHOWN.items() if kind in listed)
