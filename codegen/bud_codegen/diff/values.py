"""How the values of one schema relate to those of another: narrowed, widened or changed, keyword by keyword.

Schemas are plain JSON Schema in the language's profile, as shapes.py makes them. What a difference means depends on who
reads and who writes the values, which is for params.py and outputs.py to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bud_schemas.values import identity, number_text

Schema = Mapping[str, Any]
ANYTHING: Schema = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two schemas."""

    kind: str
    """type-narrowed, type-widened, type-changed, null-allowed, null-refused, value-added, value-removed,
    bounds-tightened, bounds-loosened, pattern-added, pattern-removed, pattern-changed, member-added, member-removed,
    member-became-required, member-became-optional, members-closed or members-opened."""
    message: str
    before: Schema
    """The schema, at that place, that holds the keyword; of a member that came, nothing."""
    after: Schema
    path: tuple[str, ...] = ()
    """Members on the way from the value to that place; `[]` stands for items and `*` for any other member."""
    keys: tuple[str, ...] = ()
    """Keys in the schema on the way to the keyword."""
    is_required: bool = False
    """Whether there is always a value at that place; of a member that came or went, whether it must be there."""
    is_open: bool = False
    """Of a member: whether its object takes members that are not listed, where it does not list this one."""

    @property
    def relation(self) -> str:
        """Whether there are fewer values than before, more, or others: narrowed, widened or changed."""
        return _RELATIONS[self.kind]


_RELATIONS = {
    "type-narrowed": "narrowed",
    "type-widened": "widened",
    "type-changed": "changed",
    "null-allowed": "widened",
    "null-refused": "narrowed",
    "value-added": "widened",
    "value-removed": "narrowed",
    "bounds-tightened": "narrowed",
    "bounds-loosened": "widened",
    "pattern-added": "narrowed",
    "pattern-removed": "widened",
    "pattern-changed": "changed",
    "member-added": "changed",
    "member-removed": "changed",
    "member-became-required": "narrowed",
    "member-became-optional": "widened",
    "members-closed": "narrowed",
    "members-opened": "widened",
}


@dataclass(frozen=True, slots=True)
class _At:
    """A place inside both schemas."""

    before: Schema
    after: Schema
    path: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    is_required: bool = True

    def found(self, kind: str, message: str, *keys: str) -> Difference:
        return Difference(kind, message, self.before, self.after, self.path, (*self.keys, *keys), self.is_required)

    def inner(self, step: str, before: Schema, after: Schema, *keys: str, is_required: bool = True) -> "_At":
        return _At(before, after, (*self.path, step), (*self.keys, *keys), is_required)


def differences(before: Schema, after: Schema) -> Iterator[Difference]:
    """Yield how the values of two schemas differ; what follows from another difference is left out."""
    if repr(before) != repr(after):
        yield from _differences(_At(before, after))


def _differences(at: _At) -> Iterator[Difference]:
    kinds = _kind(at.before), _kind(at.after)
    if kinds[0] != kinds[1] or shape_of(at.before) != shape_of(at.after):
        yield at.found(f"type-{_type_relation(at.before, at.after)}", _type_message(at), "type")
        return
    yield from _null(at)
    if ("enum" in at.before) != ("enum" in at.after):
        relation = "narrowed" if "enum" in at.after else "widened"
        yield at.found(f"type-{relation}", _type_message(at), "enum")
        return
    yield from _values(at)
    yield from _bounds(at)
    yield from _pattern(at)
    if "prefixItems" in at.before:
        ends = _At(at.before["prefixItems"][0], at.after["prefixItems"][0], at.path, at.keys)
        yield from _differences(ends)
    elif kinds[0] == "array":
        items = at.before.get("items", ANYTHING), at.after.get("items", ANYTHING)
        yield from _differences(at.inner("[]", *items, "items"))
    elif kinds[0] == "object":
        yield from _members(at)


def _kind(schema: Schema) -> str | None:
    """Return the type of a schema, null left aside; None where it takes anything."""
    kinds = schema.get("type")
    return next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds


def takes_null(schema: Schema) -> bool:
    """Whether null is a value."""
    kinds = schema.get("type")
    return kinds is None or (isinstance(kinds, list) and "null" in kinds)


def is_anything(schema: Schema) -> bool:
    """Whether every value is one."""
    return _kind(schema) is None


def tells_whole_numbers(before: Schema, after: Schema) -> bool:
    """Whether one of two schemas takes whole numbers and the other any number, which is all the same in TypeScript."""
    return {_kind(before), _kind(after)} == {"number", "integer"}


def passes_in_python(given: Schema, wanted: Schema) -> bool:
    """Whether type checkers take values of one schema for those of another of another type.

    In Python, booleans are numbers, and a text is a sequence of texts.
    """
    kinds = _kind(given), _kind(wanted)
    items = wanted.get("items", ANYTHING)
    is_number = kinds in (("boolean", "number"), ("boolean", "integer")) and "enum" not in wanted
    is_sequence = kinds == ("string", "array") and "enum" not in items and _kind(items) in (None, "string")
    is_pair = shape_of(wanted) == "pair"
    return (is_number or (is_sequence and not is_pair)) and (takes_null(wanted) or not takes_null(given))


def shape_of(schema: Schema) -> str | None:
    """Return what a value is in generated Python, where its type does not tell: a record, a mapping or a pair."""
    if "prefixItems" in schema:
        return "pair"
    if _kind(schema) != "object":
        return None
    return "record" if schema.get("properties") else "mapping"


def holds_records(schema: Schema) -> bool:
    """Whether generated Python has a class for something in it."""
    inner = (schema.get("items"), schema.get("additionalProperties"))
    return shape_of(schema) == "record" or any(holds_records(each) for each in inner if isinstance(each, Mapping))


def _type_relation(before: Schema, after: Schema) -> str:
    if is_anything(before) or (_kind(before), _kind(after)) == ("number", "integer"):
        return "narrowed"
    if is_anything(after) or (_kind(before), _kind(after)) == ("integer", "number"):
        return "widened"
    if (shape_of(before), shape_of(after)) == ("mapping", "record") and _takes_any_member(before):
        return "narrowed"
    if (shape_of(before), shape_of(after)) == ("record", "mapping") and _takes_any_member(after):
        return "widened"
    return "changed"


def _takes_any_member(schema: Schema) -> bool:
    return schema.get("additionalProperties", True) in (True, ANYTHING)


def _type_message(at: _At) -> str:
    return f"it was {_shown(at.before)} and is {_shown(at.after)}"


_SHOWN = {
    None: "anything",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def _shown(schema: Schema) -> str:
    if shape_of(schema) == "pair":
        return "a pair of numbers"
    if "enum" in schema:
        return f"one of {', '.join(f'`{_scalar(each)}`' for each in schema['enum'] if each is not None)}"
    if shape_of(schema) == "record":
        return "an object with listed members"
    return _SHOWN[_kind(schema)]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else number_text(value)


def _null(at: _At) -> Iterator[Difference]:
    if takes_null(at.after) and not takes_null(at.before):
        yield at.found("null-allowed", "it may be null now", "type")
    elif takes_null(at.before) and not takes_null(at.after):
        yield at.found("null-refused", "it may no longer be null", "type")


def _values(at: _At) -> Iterator[Difference]:
    before, after = ({identity(each): each for each in schema.get("enum", ())} for schema in (at.before, at.after))
    for key, value in after.items():
        if key not in before and value is not None:
            yield at.found("value-added", f"`{_scalar(value)}` is one of its values now", "enum")
    for key, value in before.items():
        if key not in after and value is not None:
            yield at.found("value-removed", f"`{_scalar(value)}` is no longer one of its values", "enum")


_LOWER = {"minimum": "minimum", "minLength": "minimum length", "minItems": "minimum number of items"}
_UPPER = {"maximum": "maximum", "maxLength": "maximum length", "maxItems": "maximum number of items"}


def _bounds(at: _At) -> Iterator[Difference]:
    for keyword, name in (_LOWER | _UPPER).items():
        old, new = at.before.get(keyword), at.after.get(keyword)
        if old == new:
            continue
        is_tighter = old is None or (new is not None and (new > old if keyword in _LOWER else new < old))
        message = f"its {name} was {_bound(old)} and is {_bound(new)}"
        yield at.found("bounds-tightened" if is_tighter else "bounds-loosened", message, keyword)
    old, new = (bool(schema.get("uniqueItems")) for schema in (at.before, at.after))
    if new and not old:
        yield at.found("bounds-tightened", "no two of its items may be equal now", "uniqueItems")
    elif old and not new:
        yield at.found("bounds-loosened", "its items may be equal now", "uniqueItems")


def _bound(value: float | None) -> str:
    return "none" if value is None else number_text(value)


def _pattern(at: _At) -> Iterator[Difference]:
    old, new = at.before.get("pattern"), at.after.get("pattern")
    if old == new:
        return
    kind = "added" if old is None else "removed" if new is None else "changed"
    messages = {
        "added": f"it must match {new} now",
        "removed": f"it need not match {old} any more",
        "changed": f"it had to match {old} and must match {new}; which texts that concerns cannot be decided",
    }
    yield at.found(f"pattern-{kind}", messages[kind], "pattern")


def _members(at: _At) -> Iterator[Difference]:
    was_open, is_open = (schema.get("additionalProperties", True) is not False for schema in (at.before, at.after))
    if shape_of(at.before) == "mapping" and was_open and is_open:
        yield from _differences(at.inner("*", _others(at.before), _others(at.after), "additionalProperties"))
    if was_open and not is_open:
        message = "members that are not listed are refused now"
        yield at.found("members-closed", message, "additionalProperties")
    elif is_open and not was_open:
        message = "members that are not listed are allowed now"
        yield at.found("members-opened", message, "additionalProperties")
    old, new = at.before.get("properties", {}), at.after.get("properties", {})
    for name in sorted(old.keys() | new.keys()):
        yield from _member(at, name, old.get(name), new.get(name), was_open, is_open)


def _others(schema: Schema) -> Schema:
    others = schema.get("additionalProperties", True)
    return ANYTHING if others is True else others


def _member(
    at: _At, name: str, old: Schema | None, new: Schema | None, was_open: bool, is_open: bool
) -> Iterator[Difference]:
    keys = (*at.keys, "properties", name)
    path = (*at.path, name)
    needed, needs = (name in schema.get("required", ()) for schema in (at.before, at.after))
    if old is None and new is not None:
        message = f"it is new and {'must' if needs else 'need not'} be there"
        yield Difference("member-added", message, ANYTHING, new, path, keys, needs, was_open)
    elif new is None and old is not None:
        yield Difference("member-removed", "it is gone", old, ANYTHING, path, keys, needed, is_open)
    elif old is not None and new is not None:
        if needs != needed:
            kind = "member-became-required" if needs else "member-became-optional"
            message = "it must be there now" if needs else "it need not be there any more"
            yield Difference(kind, message, old, new, path, keys, needs)
        yield from _differences(at.inner(name, old, new, "properties", name, is_required=needed and needs))
