"""Hold a document to its meta-schema and say what is wrong in the file's own words."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import bud_schemas
from bud_codegen.load import Document, Pointer
from bud_codegen.problem import Problem

if TYPE_CHECKING:
    import jsonschema_rs


class SchemaError(Protocol):
    """What is used of jsonschema's ValidationError."""

    message: str
    validator: Any
    """The keyword that failed."""
    validator_value: Any
    """What the keyword demands."""
    instance: Any
    schema: Any
    """The schema that holds the keyword."""
    absolute_path: Any
    context: Any
    """For oneOf: the errors of each alternative."""


def structure_problems(document: Document, schema: str) -> tuple[list[Problem], set[Pointer]]:
    """Return what is wrong and the pointers of the values at fault.

    jsonschema-rs decides (7 µs a document); the slower jsonschema, whose errors carry more, is asked only about
    documents that are wrong.
    """
    if _judge(schema).is_valid(document.data):
        return [], set()
    problems: list[Problem] = []
    at_fault: set[Pointer] = set()
    for error in _explainer(schema).iter_errors(document.data):
        pointer = tuple(error.absolute_path)
        if pointer in at_fault and error.validator in _TEXT_KEYWORDS:
            continue
        at_fault.add(pointer)
        problems += _EXPLAIN.get(str(error.validator), _invalid)(document, pointer, error)
    return problems, at_fault


_TEXT_KEYWORDS = frozenset({"minLength", "maxLength", "pattern"})


@cache
def _judge(schema: str) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(bud_schemas.load(schema))


@cache
def _explainer(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(bud_schemas.load(schema))


def suggestion(word: str, known: Iterator[str] | Mapping[str, Any] | list[str]) -> str | None:
    """Return "did you mean `x`?" if a known word is near, else None."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def named(pointer: Pointer) -> str:
    """Write a pointer as a person would: `params[2].validation.min`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in pointer)
    return text.removeprefix(".") or "the file"


def describe(value: object) -> str:
    """Say what a value is: `the text "x"`, `the number 1.1`, `a list`."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 60 else "a long text"
    return "a list" if isinstance(value, list) else "a mapping"


_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _unknown_key(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    known = error.schema["properties"]
    is_schema = error.schema.get("title") == "ValueSchema"
    for key in error.instance:
        if key not in known:
            rule = "schema-unsupported-keyword" if is_schema else "unknown-key"
            hint = suggestion(key, known) or f"known here: {', '.join(known)}"
            message = f"unknown {'keyword' if is_schema else 'key'} `{key}` in {named(pointer)}"
            yield Problem(document.place((*pointer, key), of_key=True), rule, message, hint)


def _missing_key(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    missing = [key for key in error.validator_value if key not in error.instance]
    key = next(key for key in missing if f"'{key}'" in error.message)
    description = error.schema.get("properties", {}).get(key, {}).get("description")
    yield Problem(document.place(pointer), "missing-key", f"`{key}` is missing in {named(pointer)}", description)


def _wrong_type(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    expected = error.validator_value
    names = [expected] if isinstance(expected, str) else expected
    message = f"{named(pointer)} is {describe(error.instance)}; expected {' or '.join(_TYPES[name] for name in names)}"
    written = document.plain_text(pointer)
    hint = None
    if "string" in names and written and error.instance is not None:
        hint = f'write it in quotes: "{written}"'
    elif error.instance is None:
        hint = "write a value, or remove the key"
    yield Problem(document.place(pointer), "wrong-type", message, hint)


def _not_listed(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    listed = [str(each) for each in error.validator_value]
    message = f"{named(pointer)} is {describe(error.instance)}; expected one of {', '.join(listed)}"
    hint = suggestion(error.instance, listed) if isinstance(error.instance, str) else None
    yield Problem(document.place(pointer), "invalid-value", message, hint)


def _either(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    """Explain a oneOf by the alternative that came nearest: the one that failed deepest inside."""
    nearest = max(error.context or [], key=lambda each: (len(each.absolute_path), each.validator != "type"))
    yield from _EXPLAIN.get(str(nearest.validator), _invalid)(document, tuple(nearest.absolute_path), nearest)


def _invalid(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    keyword, limit = str(error.validator), error.validator_value
    what = _DEMANDS[keyword].format(limit) if keyword in _DEMANDS else f"does not keep {keyword}: {limit}"
    shown = describe(error.instance) if not isinstance(error.instance, list | dict) else ""
    message = f"{named(pointer)} is {shown}; it {what}" if shown else f"{named(pointer)} {what}"
    rule = error.schema.get("x-rule", "invalid-value")
    yield Problem(document.place(pointer), rule, message, error.schema.get("x-hint"))


_DEMANDS = {
    "pattern": "is not in the expected form",
    "minLength": "must not be empty",
    "maxLength": "must have at most {} characters",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "uniqueItems": "repeats an item",
    "minProperties": "must have at least {} keys",
    "maxProperties": "must have at most {} keys",
    "propertyNames": "has a key of the wrong length",
    "contains": "must list one type and null",
}
Explain = Callable[[Document, Pointer, "SchemaError"], Iterator[Problem]]
_EXPLAIN: dict[str, Explain] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_listed,
    "oneOf": _either,
}
