"""Checks of the schema fragments and patterns inside an action file."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_codegen.problem import Place, Problem
from bud_codegen.regex import check_pattern
from bud_codegen.validate.draft import Draft
from bud_schemas import values

Pointer = tuple[str | int, ...]
Schema = Mapping[str, Any]


def pattern_problem(draft: Draft, pattern: str, *pointer: str | int) -> Iterator[Problem]:
    """Yield the problem of a pattern, if it has one, with the place inside it where that can be told."""
    fault = check_pattern(pattern)
    if fault is None:
        return
    place = draft.place(*pointer)
    is_plain = draft.document.plain_text(pointer) == pattern
    if is_plain or place.length == len(pattern) + 2:  # in quotes, and as it is written
        place = Place(place.path, place.line, place.column + fault.offset + (not is_plain))
    rule = "pattern-backtracking" if fault.is_backtracking else "pattern-invalid"
    found, _, remedy = fault.message.removesuffix(".").partition("; ")
    yield Problem(place, rule, f"pattern {pattern}: {found}", remedy or None)


_KEYWORDS_OF = {
    "minimum": ("number", "integer"),
    "maximum": ("number", "integer"),
    "minLength": ("string",),
    "maxLength": ("string",),
    "pattern": ("string",),
    "items": ("array",),
    "minItems": ("array",),
    "maxItems": ("array",),
    "uniqueItems": ("array",),
    "properties": ("object",),
    "required": ("object",),
    "additionalProperties": ("object",),
}


def schema_problems(draft: Draft, schema: Schema, *pointer: str | int) -> Iterator[Problem]:
    """Yield what does not fit together in a schema fragment, at any depth."""
    for check in (_applicable, _bounds, _enum, _members):
        yield from check(draft, schema, pointer)
    if "pattern" in schema:
        yield from pattern_problem(draft, schema["pattern"], *pointer, "pattern")
    if "items" in schema:
        yield from schema_problems(draft, schema["items"], *pointer, "items")
    for key, member in schema.get("properties", {}).items():
        yield from schema_problems(draft, member, *pointer, "properties", key)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from schema_problems(draft, schema["additionalProperties"], *pointer, "additionalProperties")


def _kind(schema: Schema) -> str | None:
    kinds = schema.get("type")
    return next((kind for kind in kinds if kind != "null"), None) if isinstance(kinds, list) else kinds


def _applicable(draft: Draft, schema: Schema, pointer: Pointer) -> Iterator[Problem]:
    kind = _kind(schema)
    for keyword in schema:
        fitting = _KEYWORDS_OF.get(keyword)
        if fitting is not None and kind not in fitting:
            message = f"`{keyword}` needs type: {' or '.join(fitting)}; the type here is {kind or 'not given'}"
            hint = f"add type: {fitting[0]}" if kind is None else f"remove {keyword}, or change the type"
            yield Problem(draft.place(*pointer, keyword, of_key=True), "schema-invalid", message, hint)


def _bounds(draft: Draft, schema: Schema, pointer: Pointer) -> Iterator[Problem]:
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in schema and high in schema and schema[low] > schema[high]:
            message = f"{low} {schema[low]} is greater than {high} {schema[high]}"
            yield draft.problem("bounds-inverted", message, "swap them", *pointer, low)


def _enum(draft: Draft, schema: Schema, pointer: Pointer) -> Iterator[Problem]:
    kind = _kind(schema)
    if "enum" in schema and kind not in ("string", "number", "integer", "boolean"):
        yield draft.problem(
            "schema-invalid", "an enum needs the type of its values", "add type: string", *pointer, "enum"
        )
        return
    for index, value in enumerate(schema.get("enum", ())):
        if any(code == "type" for code, _ in values.schema_problems(value, {"type": kind}, "")):
            message = f"the enum value {value} is not of type {kind}"
            written = draft.document.plain_text((*pointer, "enum", index))
            hint = f'write it in quotes: "{written}"' if kind == "string" and written else None
            yield draft.problem("schema-invalid", message, hint, *pointer, "enum", index)


def _members(draft: Draft, schema: Schema, pointer: Pointer) -> Iterator[Problem]:
    properties = schema.get("properties")
    if properties is not None and isinstance(schema.get("additionalProperties"), Mapping):
        message = "additionalProperties has a schema beside properties"
        hint = "use true or false here, or move the extra members to an object of their own"
        place = draft.place(*pointer, "additionalProperties", of_key=True)
        yield Problem(place, "schema-unsupported-keyword", message, hint)
    for index, key in enumerate(schema.get("required", ())):
        if key not in (properties or {}):
            message = f"`{key}` is required but not among the properties"
            yield draft.problem("schema-invalid", message, "add it to properties", *pointer, "required", index)
