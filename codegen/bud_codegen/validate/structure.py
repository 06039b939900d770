"""Hold a document to its meta-schema and say what is wrong in the file's own words."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import bud_schemas
from bud_codegen.load import Document, Pointer
from bud_codegen.problem import Problem
from bud_schemas.pattern import compile_pattern

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
    relative_schema_path: Any


def has_structure(document: Document, schema: str) -> bool:
    """Whether a document keeps its meta-schema."""
    return _judge(schema).is_valid(document.data)


def structure_problems(document: Document, schema: str) -> tuple[list[Problem], set[Pointer]]:
    """Return what is wrong and the pointers of the values at fault.

    jsonschema-rs decides (7 µs a document); the slower jsonschema, whose errors carry more, is asked only about
    documents that are wrong.
    """
    if has_structure(document, schema):
        return [], set()
    problems: list[Problem] = []
    at_fault: set[Pointer] = set()
    for error in _without_echoes(_explainer(schema).iter_errors(document.data)):
        pointer = tuple(error.absolute_path)
        at_fault.add(pointer)
        problems += _EXPLAIN.get(str(error.validator), _invalid)(document, pointer, error)
    if not problems:  # the two disagree: better a vague answer than none
        problems.append(Problem(document.place(), "invalid-value", "the file does not keep the language's schema"))
    return problems, at_fault


def _without_echoes(errors: Iterable[SchemaError]) -> Iterator[SchemaError]:
    """Leave out what follows from another error: what has the wrong type is not in the list of values either."""
    at_fault: set[Pointer] = set()
    for error in errors:
        pointer = tuple(error.absolute_path)
        if pointer not in at_fault or error.validator not in _LESSER_KEYWORDS:
            at_fault.add(pointer)
            yield error


_LESSER_KEYWORDS = frozenset({"minLength", "maxLength", "pattern", "enum"})


@cache
def _judge(schema: str) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(bud_schemas.load(schema))


@cache
def _explainer(schema: str) -> Any:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(_validator: Any, expected: str, instance: object, _schema: object) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not compile_pattern(expected).search(instance):
            yield ValidationError(f"{instance!r} does not match {expected!r}")

    # Python's own `$` also matches before a final newline; both validators must mean the same.
    return extend(Draft202012Validator, {"pattern": pattern})(bud_schemas.load(schema))  # type: ignore[no-untyped-call]


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean `x`?" if a known word is near, else None."""
    near = _nearest(word, known)
    return f"did you mean `{near}`?" if near else None


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


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
        return f"the text {json.dumps(value, ensure_ascii=False)}" if len(value) <= 60 else "a long text"
    return "a list" if isinstance(value, list) else "a mapping"


def unquoted_hint(value: object, *types: str) -> str | None:
    """Say to leave the quotes out if a text would then have one of the types, else None."""
    is_boolean = "boolean" in types and value in ("true", "false")
    is_number = not {"number", "integer"}.isdisjoint(types) and isinstance(value, str) and _is_plain_number(value)
    return f"write it without quotes: {value}" if is_boolean or is_number else None


def _is_plain_number(text: str) -> bool:
    return re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text, re.ASCII) is not None


_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


_LAYOUTS = {
    "object": "a mapping is written as lines of key: value, or as {key: value}",
    "array": "a list is written as lines that start with -, or as [a, b]",
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
    known = error.schema.get("properties", {})
    if any(_nearest(each, known) == key for each in error.instance if each not in known):
        return  # misspelt, which its own Problem says
    yield Problem(document.place(pointer), "missing-key", f"`{key}` is missing in {named(pointer)}", _added(key, known))


def _added(key: str, known: Mapping[str, Any]) -> str:
    """Say how to add a key: `add it, such as label: "Model" (What a form writes beside the field.)`."""
    about = known.get(key, {})
    example = json.dumps(next(iter(about.get("examples", ())), "..."), ensure_ascii=False)
    description = f" ({about['description']})" if "description" in about else ""
    return f"add it, such as {key}: {example}{description}"


def _wrong_type(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    expected = error.validator_value
    listed = error.schema.get("enum")
    if listed and document.plain_text(pointer) not in listed:
        yield from _not_listed(document, pointer, error, listed)
        return
    yield _type_problem(document, pointer, error.instance, [expected] if isinstance(expected, str) else expected)


def _type_problem(document: Document, pointer: Pointer, value: object, names: Iterable[str]) -> Problem:
    message = f"{named(pointer)} is {describe(value)}; expected {' or '.join(_TYPES[name] for name in names)}"
    written = document.plain_text(pointer)
    if "string" in names and written:
        hint: str | None = f'write it in quotes: "{written}"'
    elif value is None:
        hint = "write a value after it, in quotes if it starts with #, or remove the key if it may be left out"
    else:
        hint = next((_LAYOUTS[name] for name in names if name in _LAYOUTS), None) or unquoted_hint(value, *names)
    return Problem(document.place(pointer), "wrong-type", message, hint)


def _not_listed(
    document: Document, pointer: Pointer, error: "SchemaError", listed: Iterable[str] = ()
) -> Iterator[Problem]:
    listed = [*(listed or error.validator_value)]
    message = f"{named(pointer)} is {describe(error.instance)}; expected one of {', '.join(listed)}"
    hint = suggestion(error.instance, listed) if isinstance(error.instance, str) else None
    rule = "invalid-value" if isinstance(error.instance, str) else "wrong-type"
    yield Problem(document.place(pointer), rule, message, hint)


def _either(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    """Explain a oneOf by the first alternative that takes the type of the value."""
    top = len(error.absolute_path)
    mistyped = [each for each in error.context if each.validator == "type" and len(each.absolute_path) == top]
    others = {each.relative_schema_path[0] for each in mistyped}
    fitting = [each for each in error.context if each.relative_schema_path[0] not in others]
    deepest = max((len(each.absolute_path) for each in fitting), default=top)
    for each in _without_echoes(fitting):
        if each.validator == "contains" and deepest > top:
            continue  # an item is wrong
        yield from _EXPLAIN.get(str(each.validator), _invalid)(document, tuple(each.absolute_path), each)
    if not fitting:
        names = [each.validator_value for each in mistyped]
        yield _type_problem(document, pointer, error.instance, names)


def _invalid(document: Document, pointer: Pointer, error: "SchemaError") -> Iterator[Problem]:
    what = _demand(error)
    shown = describe(error.instance) if not isinstance(error.instance, list | dict) else ""
    message = f"{named(pointer)} is {shown}; it {what}" if shown else f"{named(pointer)} {what}"
    rule, hint = error.schema.get("x-rule", "invalid-value"), error.schema.get("x-hint")
    if error.validator in ("maxLength", "maxItems"):
        rule, hint = "invalid-value", "shorten it"
    elif rule == "text-unsafe" and not str(error.instance).strip():
        rule, hint = "invalid-value", "write a word or more"
    yield Problem(document.place(pointer), rule, message, hint or _REMEDIES.get(error.validator))


def _demand(error: "SchemaError") -> str:
    keyword, limit = str(error.validator), error.validator_value
    if keyword == "pattern" and error.schema.get("x-rule") == "text-unsafe":
        return "must stay on one line" if error.instance.strip() else "must not be blank"
    known = _DEMANDS.get(keyword, f"does not keep {keyword}: {{}}")
    return known.format(limit, "" if limit == 1 else "s")


_DEMANDS = {
    "pattern": "is not in the expected form",
    "minLength": "must not be empty",
    "maxLength": "must have at most {} character{}",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minItems": "must have at least {} item{}",
    "maxItems": "must have at most {} item{}",
    "uniqueItems": "repeats an item",
    "minProperties": "must have at least {} key{}",
    "maxProperties": "must have at most {} key{}",
    "propertyNames": "has a key of the wrong length",
    "contains": "must list one type and null",
}
_REMEDIES = {
    "uniqueItems": "keep each item once",
    "contains": 'write the type and null as [string, "null"]',
    "minProperties": "give a key, or remove the whole",
    "minItems": "list an item, or remove the whole",
}
Explain = Callable[[Document, Pointer, "SchemaError"], Iterator[Problem]]
_EXPLAIN: dict[str, Explain] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_listed,
    "oneOf": _either,
}
