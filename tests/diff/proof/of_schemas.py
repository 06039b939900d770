"""Mutations inside the schemas of json params and of outputs; each exists for both."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.diff.proof.picking import Document, DoesNotApplyError, Mutation, another, in_place, one_of

Within = Callable[[Random, list[Document]], None]
"""Changes one of the schemas, or raises DoesNotApplyError."""
KINDS = ("string", "number", "integer", "boolean")
ABOUT_THE_TYPE = (
    *("enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "items", "minItems", "maxItems"),
    *("uniqueItems", "properties", "required", "additionalProperties"),
)


def nested(schema: Document) -> Iterator[Document]:
    """Yield a schema and all schemas in it."""
    yield schema
    inner: list[Any] = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for each in inner:
        if isinstance(each, dict):
            yield from nested(each)


def kind_of(schema: Document) -> str:
    """Return the type of a schema apart from null; empty if it allows anything."""
    kinds = schema.get("type", "")
    found: str = kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")
    return found


def _a(chance: Random, schemas: list[Document], *kinds: str, having: str = "", lacking: str = "") -> Document:
    return one_of(
        chance,
        (
            each
            for each in schemas
            if (not kinds or kind_of(each) in kinds) and (not having or each.get(having)) and lacking not in each
        ),
    )


def add_optional_property(chance: Random, schemas: list[Document]) -> None:
    _a(chance, schemas, "object", having="properties")["properties"]["newcomer"] = {"type": "string"}


def add_required_property(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "object", having="properties")
    schema["properties"]["newcomer"] = {"type": "string"}
    schema["required"] = [*schema.get("required", ()), "newcomer"]


def remove_property(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "object", having="properties")
    name = one_of(chance, schema["properties"])
    del schema["properties"][name]
    schema["required"] = [each for each in schema.get("required", ()) if each != name]


def require_property(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "object", having="properties")
    required = schema.get("required", [])
    schema["required"] = [*required, one_of(chance, (each for each in schema["properties"] if each not in required))]


def release_property(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "object", having="required")
    schema["required"].remove(one_of(chance, schema["required"]))


def open_object(chance: Random, schemas: list[Document]) -> None:
    closed = [each for each in schemas if each.get("properties") and not each.get("additionalProperties")]
    one_of(chance, closed)["additionalProperties"] = True


def close_object(chance: Random, schemas: list[Document]) -> None:
    opened = [each for each in schemas if each.get("properties") and each.get("additionalProperties")]
    one_of(chance, opened)["additionalProperties"] = False


def change_type_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, (each for each in schemas if each.get("type")))
    kind = another(chance, KINDS, kind_of(schema))
    for key in ABOUT_THE_TYPE:
        schema.pop(key, None)
    schema["type"] = [kind, "null"] if isinstance(schema["type"], list) else kind


def forget_type_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, (each for each in schemas[1:] if each.get("type")))
    for key in ("type", *ABOUT_THE_TYPE):
        schema.pop(key, None)


def allow_null_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, (each for each in schemas[1:] if isinstance(each.get("type"), str)))
    schema["type"] = [schema["type"], "null"]


def refuse_null_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, (each for each in schemas if isinstance(each.get("type"), list)))
    schema["type"] = kind_of(schema)


def add_to_enum(chance: Random, schemas: list[Document]) -> None:
    _a(chance, schemas, "string", having="enum")["enum"].append("new-value")


def remove_from_enum(chance: Random, schemas: list[Document]) -> None:
    values = _a(chance, schemas, having="enum")["enum"]
    values.remove(one_of(chance, values))


def list_values_inside(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "string", lacking="enum")
    for key in ("minLength", "maxLength", "pattern"):
        schema.pop(key, None)
    schema["enum"] = ["a", "ab"]


def forget_values_inside(chance: Random, schemas: list[Document]) -> None:
    del _a(chance, schemas, having="enum")["enum"]


def tighten_inside(chance: Random, schemas: list[Document]) -> None:
    schema, key, sign = _a_bound(chance, schemas)
    schema[key] += sign


def loosen_inside(chance: Random, schemas: list[Document]) -> None:
    schema, key, sign = _a_bound(chance, schemas)
    schema[key] -= sign


def forget_bound_inside(chance: Random, schemas: list[Document]) -> None:
    schema, key, _ = _a_bound(chance, schemas)
    del schema[key]


_BOUNDS = {"minimum": 1, "maximum": -1, "minLength": 1, "maxLength": -1, "minItems": 1, "maxItems": -1}


def _a_bound(chance: Random, schemas: list[Document]) -> tuple[Document, str, int]:
    bounds = ((schema, key, sign) for schema in schemas for key, sign in _BOUNDS.items() if key in schema)
    return one_of(chance, bounds)


def bound_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, (each for each in schemas if "enum" not in each))
    bounds = {"string": ("maxLength", 9), "number": ("maximum", 3), "integer": ("minimum", 2), "array": ("minItems", 1)}
    key, value = bounds.get(kind_of(schema), ("", 0))
    if not key or key in schema:
        raise DoesNotApplyError
    schema[key] = value


def refuse_repetitions(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "array")
    if schema.get("uniqueItems"):
        raise DoesNotApplyError
    schema["uniqueItems"] = True


def allow_repetitions(chance: Random, schemas: list[Document]) -> None:
    del _a(chance, schemas, "array", having="uniqueItems")["uniqueItems"]


def add_pattern_inside(chance: Random, schemas: list[Document]) -> None:
    schema = _a(chance, schemas, "string", lacking="enum")
    schema["pattern"] = another(chance, ("^[a-z]+$", "^[0-9]"), schema.get("pattern"))


def forget_pattern_inside(chance: Random, schemas: list[Document]) -> None:
    del _a(chance, schemas, "string", having="pattern")["pattern"]


def retell_inside(chance: Random, schemas: list[Document]) -> None:
    schema = one_of(chance, schemas)
    schema[one_of(chance, ("title", "description"))] = "Told anew"


_WITHIN: tuple[Within, ...] = (
    add_optional_property, add_required_property, remove_property, require_property, release_property, open_object,
    close_object, change_type_inside, forget_type_inside, allow_null_inside, refuse_null_inside, add_to_enum,
    remove_from_enum, list_values_inside, forget_values_inside, tighten_inside, loosen_inside, forget_bound_inside,
    bound_inside, refuse_repetitions, allow_repetitions, add_pattern_inside, forget_pattern_inside, retell_inside,
)  # fmt: skip


def _within(key: str, change: Within) -> Mutation:
    def mutate(chance: Random, document: Document) -> None:
        definition = one_of(chance, (each for each in document.get(key, ()) if each.get("schema")))
        change(chance, list(nested(definition["schema"])))

    mutate.__name__ = f"{change.__name__}_of_{key}"
    return in_place(mutate)


MUTATIONS = tuple(_within(key, change) for key in ("params", "outputs") for change in _WITHIN)
