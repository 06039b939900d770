"""Turn the profile of JSON Schema into what the dataclass printer gets, and what its output lacks.

The printer prints types. Wire names, nested decoding, secrets, and defaults that it would print with the wrong type are
ours; they become assignments after the classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_codegen.names import pascal_case, python_name

Schema = Mapping[str, Any]


@dataclass(slots=True)
class Module:
    """The classes of one generated module."""

    name: str
    """Its dotted path inside the generated package: `builtin.log`."""
    definitions: dict[str, Schema] = field(default_factory=dict)
    """Class name to the object schema to print."""
    extras: dict[str, dict[str, str]] = field(default_factory=dict)
    """Class name to {class attribute: Python expression}."""

    def add(self, class_name: str, schema: Schema, *, is_secret: bool = False) -> None:
        """Add the class for an object schema, and classes for the objects inside it, secret ones in a secret one."""
        properties: dict[str, Schema] = schema.get("properties", {})
        if not properties and schema.get("additionalProperties", True) is not False:
            self._add_open(class_name, schema)
            return
        members: dict[str, Any] = {}
        required = []
        extras: dict[str, dict[str, str]] = {"_wire_names": {}, "_shapes": {}, "_defaults": {}}
        self.definitions[class_name] = {}  # keeps its place before the classes inside it
        for key, member in properties.items():
            name = python_name(key)
            printed, shape = self._member(f"{class_name}{pascal_case(key)}", member, is_secret)
            if name != key:
                extras["_wire_names"][name] = repr(key)
            if shape:
                extras["_shapes"][name] = shape
            if "default" in member and shape is None:
                printed["default"] = member["default"]
            elif "default" in member:
                extras["_defaults"][name] = repr(member["default"])
            if key in schema.get("required", ()) and "default" not in printed:
                required.append(name)
            members[name] = printed
        self.definitions[class_name] = _object(members, required, schema.get("description"))
        self.extras[class_name] = {name: _mapping(entries) for name, entries in extras.items() if entries}
        if schema.get("additionalProperties") is True:
            self.extras[class_name]["_is_open"] = "True"
        secrets = sorted(python_name(key) for key, member in properties.items() if member.get("writeOnly"))
        if is_secret:
            self.extras[class_name]["_is_hidden"] = "True"
        elif secrets:
            self.extras[class_name]["_secrets"] = f"frozenset({{{', '.join(map(repr, secrets))}}})"

    def _add_open(self, class_name: str, schema: Schema) -> None:
        members = {"values": {"type": "object", "additionalProperties": True}}
        self.definitions[class_name] = _object(members, ["values"], schema.get("description"))
        self.extras[class_name] = {"_rest": "'values'"}

    def _member(self, class_name: str, schema: Schema, is_secret: bool) -> tuple[dict[str, Any], str | None]:
        """Return the schema to print for a member, and the expression of its shape if it holds records."""
        is_secret = is_secret or bool(schema.get("writeOnly"))
        kinds = schema.get("type")
        kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
        printed: dict[str, Any] = {"description": schema["description"]} if schema.get("description") else {}
        if kind == "object" and schema.get("properties"):
            self.add(class_name, schema, is_secret=is_secret)
            return self._reference(class_name, kinds, printed), class_name
        if kinds is not None:
            printed["type"] = kinds
        shape = None
        if "enum" in schema:
            printed["enum"] = list(schema["enum"])
        if "prefixItems" in schema:
            printed |= {key: schema[key] for key in ("minItems", "maxItems")}
            printed["prefixItems"] = [{"type": item["type"]} for item in schema["prefixItems"]]
            shape = "tuple"
        elif isinstance(schema.get("items"), Mapping):
            printed["items"], inner = self._member(f"{class_name}Item", schema["items"], is_secret)
            shape = f"('items', {inner})" if inner else None
        elif isinstance(schema.get("additionalProperties"), Mapping):
            values = schema["additionalProperties"]
            printed["additionalProperties"], inner = self._member(f"{class_name}Value", values, is_secret)
            shape = f"('values', {inner})" if inner else None
        elif kind == "object":
            printed["additionalProperties"] = True
        return printed, shape

    def _reference(self, class_name: str, kinds: object, printed: dict[str, Any]) -> dict[str, Any]:
        reference = {"$ref": f"#/$defs/{self.name}.{class_name}"}
        return printed | ({"anyOf": [reference, {"type": "null"}]} if isinstance(kinds, list) else reference)


def _object(members: dict[str, Any], required: list[str], description: str | None) -> Schema:
    printed = {"type": "object", "properties": members, "required": required, "additionalProperties": False}
    return printed | ({"description": description} if description else {})


def _mapping(entries: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {expression}" for name, expression in entries.items()) + "}"
