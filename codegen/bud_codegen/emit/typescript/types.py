"""JSON Schema, in the language's profile, as types of TypeScript."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bud_codegen.emit.typescript.writer import comment, json_text, member_name, quoted
from bud_codegen.model import Schema
from bud_schemas.values import number_text


class Style(NamedTuple):
    """Whose values the types describe."""

    accepts_templates: bool
    """Whether a `{{ ... }}` text may stand for a value that is not a text."""
    has_open_enums: bool
    """Whether values may join an enum later: what a person reads must not break then."""


INPUT = Style(accepts_templates=True, has_open_enums=False)
PARAMS = Style(accepts_templates=False, has_open_enums=False)
OUTPUTS = Style(accepts_templates=False, has_open_enums=True)

_OF_EVERY_OBJECT = frozenset(
    ("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf")
)
"""Members that TypeScript finds in every object (lib.es5.d.ts, Object), even in one that leaves them out."""
ANY_OBJECT = "{ readonly [name: string]: unknown }"
_STEP = "  "
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_SIMPLE = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}
_WITH_TEMPLATE = {kind: text if kind == "string" else f"{text} | Template" for kind, text in _SIMPLE.items()}


def type_text(schema: Schema, style: Style, indent: str = "") -> str:
    """Write the type of a schema's values; lines after the first start with the indent."""
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _SIMPLE and "enum" not in schema:
        return _WITH_TEMPLATE[kind] if style.accepts_templates else _SIMPLE[kind]
    return " | ".join(_alternatives(schema, style, indent))


def _alternatives(schema: Schema, style: Style, indent: str) -> list[str]:
    kinds: str | tuple[str, ...] = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if "enum" in schema:
        found = _literals(schema["enum"], style)
    elif kinds:
        found = [_plain(kind, schema, style, indent) for kind in kinds if kind != "null"]
    else:
        return ["unknown"]
    if style.accepts_templates and "string" not in found:
        found.append("Template")
    return [*found, "null"] if "null" in kinds and "null" not in found else found


def _literals(values: list[Any], style: Style) -> list[str]:
    found = [quoted(value) for value in values]
    if style.has_open_enums and any(isinstance(value, str) for value in values):
        found.append("(string & {})")
    if style.has_open_enums and any(type(value) in (int, float) for value in values):
        found.append("(number & {})")
    return found


def _plain(kind: str, schema: Schema, style: Style, indent: str) -> str:
    if kind == "array":
        return _array(schema, style, indent)
    if kind == "object":
        return object_text(schema, style, indent)
    return _SIMPLE[kind]


def _array(schema: Schema, style: Style, indent: str) -> str:
    if "prefixItems" in schema:
        return f"readonly [{', '.join(type_text(item, style, indent) for item in schema['prefixItems'])}]"
    return array_of(type_text(schema.get("items", {}), style, indent))


def array_of(item: str) -> str:
    """Write the type of a read-only array of items of a type."""
    return f"readonly {item}[]" if item.isidentifier() else f"readonly ({item})[]"


def object_text(schema: Schema, style: Style, indent: str = "") -> str:
    """Write the type of an object; lines after the first start with the indent."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    required = schema.get("required", ())
    inner = indent + _STEP
    members = [
        f"{member_doc(member, inner)}{inner}{member_text(key, type_text(member, style, inner), key in required)}"
        for key, member in properties.items()
    ]
    members += [f"{inner}{member_text(key, 'unknown', True)}" for key in required if key not in properties]
    members += [f"{inner}{line}\n" for line in other_members(schema, style, inner, closed=bool(members))]
    return f"{{\n{''.join(members)}{indent}}}"


def member_text(name: str, text: str, is_required: bool) -> str:
    """Write a member of an object, with its last newline."""
    if is_required:
        return f"readonly {member_name(name)}: {text};\n"
    return f"readonly {member_name(name)}?: {'unknown' if name in _OF_EVERY_OBJECT else text};\n"


def other_members(schema: Schema, style: Style, indent: str, closed: bool) -> list[str]:
    """Write the index signature for members that are not listed, if there is one.

    An object that is closed by its listed members needs none; an empty one says that it has no members.
    """
    others = schema.get("additionalProperties", True)
    if others is False:
        return [] if closed else ["readonly [name: string]: never;"]
    if others is True or schema.get("required"):
        return ["readonly [name: string]: unknown;"]
    return [f"readonly [name: string]: {type_text(others, style, indent)};"]


def member_doc(schema: Schema, indent: str, deprecated: Mapping[str, Any] | None = None) -> str:
    """Write the doc comment of a member: what it means, its default and its bounds."""
    tags: list[tuple[str, str]] = []
    if "default" in schema and "writeOnly" not in schema:
        tags.append(("default", json_text(schema["default"])))
    bounds = schema["prefixItems"][0] if "prefixItems" in schema else schema
    tags += [(tag, number_text(bounds[tag])) for tag in _BOUNDS if tag in bounds]
    if "pattern" in schema:
        tags.append(("pattern", schema["pattern"]))
    if deprecated:
        tags.append(("deprecated", deprecated["message"]))
    return comment(schema.get("description") or schema.get("title", ""), tags, indent)
