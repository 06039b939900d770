"""The meta-schema as draft-07, which is the newest that yaml-language-server reads."""

import json
from collections.abc import Mapping
from typing import Any

import bud_schemas
from bud_codegen.model import Catalog

PATH = "generated/editor/action.schema.json"
"""Where the copy stands in every project, so that a relative path in each action file finds it offline."""


def emit(catalog: Catalog) -> dict[str, bytes]:
    """Return the schema with the project's categories as choices."""
    schema = down_levelled(bud_schemas.load("action"))
    schema["properties"]["category"]["enum"] = [category.name for category in catalog.categories]
    return {PATH: (json.dumps(schema, indent=1, ensure_ascii=False) + "\n").encode()}


def down_levelled(schema: Any) -> Any:
    """Return a 2020-12 schema of the meta-schema's kind as draft-07: same verdicts, older words.

    Draft-07 ignores what stands beside a $ref, so a reference moves into allOf; `contains` and the rest are the same.
    """
    if isinstance(schema, list):
        return [down_levelled(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    older: dict[Any, Any] = {
        _RENAMED.get(key, key): down_levelled(value) for key, value in schema.items() if not key.startswith("x-")
    }
    if isinstance(older.get("$ref"), str):
        reference = {"$ref": older.pop("$ref").replace("#/$defs/", "#/definitions/")}
        older = {**older, "allOf": [reference]} if older else reference
    if "$schema" in older:
        older["$schema"] = "http://json-schema.org/draft-07/schema#"
    return older


_RENAMED = {"$defs": "definitions"}
