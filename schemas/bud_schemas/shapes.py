"""What a valid action says, worked out: its whole metadata, and the JSON Schemas of its params and outputs.

Pure functions over JSON documents. They cannot fail on metadata that the language accepts.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import bud_schemas
from bud_schemas.values import BRANCHES_SCHEMA

Document = Mapping[str, Any]
Schema = Mapping[str, Any]


def entry_of(meta: Document, source: str, executor: str) -> dict[str, Any]:
    """Return an action's entry in a catalog.json, given its complete metadata."""
    return {
        "digest": digest_of(meta),
        "source": source,
        "executor": executor,
        "meta": meta,
        "input_schema": input_schema(meta),
        "params_schema": params_schema(meta),
        "outputs_schema": outputs_schema(meta),
    }


def major_of(meta: Document) -> int:
    """Return the first part of an action's version."""
    return int(meta["version"].partition(".")[0])


def names_of(meta: Document, *, is_newest: bool = True) -> list[str]:
    """Return all that an action is called: its type and aliases as `name@major` and, if it is the newest, without."""
    names = [meta["type"], *meta["aliases"]]
    versioned = [f"{name}@{major_of(meta)}" for name in names]
    return [*names, *versioned] if is_newest else versioned


def catalog_digest(
    categories: Iterable[tuple[str, str, int]],
    actions: Iterable[tuple[str, str]],
    older: Iterable[tuple[str, str]] = (),
) -> str:
    """Return the digest of a catalog, in hex, given (name, icon, order), (type, digest) and, of older versions,
    (`type@major`, digest), in the catalog's order.
    """
    older = list(older)
    return digest_of([list(categories), list(actions), *([older] if older else [])])


def merged_catalog(documents: Iterable[Document]) -> dict[str, Any]:
    """Return one catalog of several, whose types differ, made like a catalog.json: by category, then by type.

    Of two categories with one name, the smaller order counts, then the first.
    """
    documents = list(documents)
    by_name: dict[str, Document] = {}
    for each in (category for document in documents for category in document["categories"]):
        if each["name"] not in by_name or each["order"] < by_name[each["name"]]["order"]:
            by_name[each["name"]] = each
    categories = sorted(by_name.values(), key=lambda each: (each["order"], each["name"]))
    rank = {category["name"]: index for index, category in enumerate(categories)}
    entries = {name: entry for document in documents for name, entry in document["actions"].items()}
    older = {name: entry for document in documents for name, entry in document.get("older", {}).items()}
    types = sorted(entries, key=lambda each: (rank[entries[each]["meta"]["category"]], each))
    references = sorted(older, key=lambda each: (older[each]["meta"]["type"], major_of(older[each]["meta"])))
    digest = catalog_digest(
        ((each["name"], each["icon"], each["order"]) for each in categories),
        ((each, entries[each]["digest"]) for each in types),
        ((each, older[each]["digest"]) for each in references),
    )
    return {
        "digest": digest,
        "categories": categories,
        "actions": {each: entries[each] for each in types},
        **({"older": {each: older[each] for each in references}} if older else {}),
    }


def digest_of(value: object) -> str:
    """SHA-256, in hex, of a JSON value's compact text."""
    return hashlib.sha256(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


SPARSE_OBJECTS = frozenset({"ValidationRules", "ConditionalVisibility", "ParamCondition", "ReservedNames", "Migration"})
"""Objects in which an unset member means something other than null and is left out."""
VALUES_LEFT_OUT = frozenset({"default", "schema"})
"""Members that are left out when unset: null is a value of theirs."""


def complete(document: Document) -> dict[str, Any]:
    """Return the metadata with keys in the meta-schema's order, defaults filled in and other unset keys null."""
    completed: dict[str, Any] = _complete(document, "ActionMeta")
    for param in completed["params"]:
        if param["ref_type"] is None and param["type"].endswith("_ref"):
            param["ref_type"] = param["type"].removesuffix("_ref")
    return completed


def _complete(document: Document, title: str) -> dict[str, Any]:
    completed = {}
    for key, inner, default in _members(title):
        if key in document:
            completed[key] = _completed(document[key], inner) if inner else document[key]
        elif default is not _LEFT_OUT:
            completed[key] = default
    return completed


def _completed(value: Any, title: str) -> Any:
    if isinstance(value, list):
        return [_complete(item, title) for item in value]
    return _complete(value, title) if isinstance(value, Mapping) else value


_LEFT_OUT = object()
"""The value of an unset member that does not become null."""


@cache
def _members(title: str) -> list[tuple[str, str, Any]]:
    """Return the keys of an object of the meta-schema, which object is found there, and what an unset one becomes."""
    schema = bud_schemas.load("action")
    properties = (schema if title == "ActionMeta" else schema["$defs"][title])["properties"]
    return [(key, _object_name(member), _default(title, key, member)) for key, member in properties.items()]


def _object_name(member: Schema) -> str:
    """Return which object of the meta-schema a member or its items are; empty for everything else."""
    name: str = (member.get("items") or member).get("$ref", "").rpartition("/")[2]
    has_members = name != "ValueSchema" and "properties" in bud_schemas.load("action")["$defs"].get(name, ())
    return name if has_members else ""


def _default(title: str, key: str, member: Schema) -> Any:
    if "default" in member:
        return member["default"]
    return _LEFT_OUT if title in SPARSE_OBJECTS or key in VALUES_LEFT_OUT else None


def input_schema(meta: Document) -> Schema:
    """Return the schema of what a step gives: params with a default may be left out."""
    return _object(meta["params"], _input_members(meta))


def params_schema(meta: Document) -> Schema:
    """Return the schema of what an executor receives: defaults filled in."""
    return _object(meta["params"], _params_members(meta))


def outputs_schema(meta: Document) -> Schema:
    """Return the schema of what an action yields."""
    outputs = meta["outputs"]
    properties = {output["name"]: _output_schema(output) for output in outputs if output["name"] != "*"}
    closed = _closed(properties, list(properties))
    return {**closed, "additionalProperties": True} if any(output["name"] == "*" for output in outputs) else closed


Members = Iterable[tuple[str, bool]]
"""Names of an object's members and whether they are always there."""


def _input_members(meta: Document) -> Members:
    return [(param["name"], param["required"] and not param["show_when"]) for param in meta["params"]]


def _params_members(meta: Document) -> Members:
    return [
        (param["name"], (param["required"] or "default" in param) and not param["show_when"])
        for param in meta["params"]
    ]


def param_schema(param: Document) -> dict[str, Any]:
    """Return the JSON Schema of a param's value, templates left aside."""
    rules = param["validation"] or {}
    schema = _PARAM_SCHEMAS.get(param["type"], _text_schema)(param, rules)
    return _described(schema, param) | ({"writeOnly": True} if param["secret"] else {})


def _described(schema: dict[str, Any], definition: Document) -> dict[str, Any]:
    described = {"title": definition["label"]} if "label" in definition else {}
    if definition["description"]:
        described["description"] = definition["description"]
    if "default" in definition:
        described["default"] = definition["default"]
    if definition["deprecated"]:
        described["deprecated"] = True
    return schema | described


def _renamed(rules: Document, names: Mapping[str, str]) -> dict[str, Any]:
    return {names[key]: rules[key] for key in names if key in rules}


def _text_schema(_param: Document, rules: Document) -> dict[str, Any]:
    bounds = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}
    return {"type": "string"} | _renamed(rules, bounds)


def _number_schema(_param: Document, rules: Document) -> dict[str, Any]:
    kind = "integer" if rules.get("integer") else "number"
    return {"type": kind} | _renamed(rules, {"min": "minimum", "max": "maximum"})


def _range_schema(param: Document, rules: Document) -> dict[str, Any]:
    end = _number_schema(param, rules)
    return {"type": "array", "prefixItems": [end, end], "minItems": 2, "maxItems": 2}


def _select_schema(param: Document, _rules: Document) -> dict[str, Any]:
    return {"type": "string", "enum": [option["value"] for option in param["options"]]}


def _multiselect_schema(param: Document, rules: Document) -> dict[str, Any]:
    return {"type": "array", "items": _select_schema(param, rules), "uniqueItems": True}


_PARAM_SCHEMAS: dict[str, Any] = {
    "number": _number_schema,
    "boolean": lambda _param, _rules: {"type": "boolean"},
    "select": _select_schema,
    "multiselect": _multiselect_schema,
    "json": lambda param, _rules: value_schema(param.get("schema") or {}),
    "branches": lambda _param, _rules: dict(BRANCHES_SCHEMA),
    "range": _range_schema,
}


def value_schema(schema: Schema) -> dict[str, Any]:
    """Return a schema of the language's profile as plain JSON Schema 2020-12: what is left out there is said here."""
    plain = dict(schema)
    kinds = schema.get("type", ())
    if kinds == "array" or "array" in kinds:
        plain["items"] = value_schema(schema.get("items", {}))
    if "enum" in plain and "null" in kinds:
        plain["enum"] = [*plain["enum"], None]
    if "properties" in plain:
        plain["properties"] = {key: value_schema(member) for key, member in plain["properties"].items()}
        plain.setdefault("additionalProperties", False)
    if isinstance(plain.get("additionalProperties"), Mapping):
        plain["additionalProperties"] = value_schema(plain["additionalProperties"])
    return plain


def _object(params: Iterable[Document], members: Members) -> Schema:
    properties = {param["name"]: param_schema(param) for param in params}
    return _closed(properties, [name for name, is_always_there in members if is_always_there])


def _closed(properties: dict[str, Any], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _output_schema(output: Document) -> dict[str, Any]:
    kind = output["type"]
    schema = {} if kind == "any" else {"type": kind}
    schema = value_schema({**schema, **(output.get("schema") or {})})
    if output["nullable"] and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return _described(schema, output)
