"""The types of metadata, walked from the meta-schema: nobody lists them by hand."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import bud_schemas
from bud_codegen.emit.typescript.types import ANY_OBJECT, array_of
from bud_codegen.emit.typescript.writer import comment, member_name, quoted
from bud_codegen.spelling import camel_case
from bud_schemas.shapes import SPARSE_OBJECTS, VALUES_LEFT_OUT

Schema = Mapping[str, Any]

_NEXT = "\n  | "

_IMPORTS = 'import type { ParamValues } from "./validate.js";\n'

_MESSAGES = """\
/** A group of actions, as a palette shows it. */
export interface ActionCategory {
  readonly name: string;
  readonly icon: string;
  readonly actions: readonly ActionMeta[];
}

/** Every action that a server offers. */
export interface ActionListResponse {
  readonly actions: readonly ActionMeta[];
  readonly categories: readonly ActionCategory[];
  readonly total: number;
}

/** Params to be checked. */
export interface ValidateRequest {
  readonly actionType: string;
  readonly params: ParamValues;
}

/** One thing wrong with the params of a step. */
export interface ParamProblem {
  /** The declared param it is about, or the unknown name. */
  readonly param: string;
  /** A stable word for programs: required, type, option, minimum, ..., or the kind of the rule that failed. */
  readonly code: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** What is wrong with params, in a fixed order. */
export interface ValidateResponse {
  readonly valid: boolean;
  /** The messages of the problems. */
  readonly errors: readonly string[];
  readonly problems: readonly ParamProblem[];
}
"""


@cache
def meta_declarations() -> str:
    """Write meta.d.ts."""
    schema = bud_schemas.load("action")
    named = {name: member for name, member in schema["$defs"].items() if "title" in member}
    types = [_declaration(name, member) for name, member in {"ActionMeta": schema, **named}.items()]
    return "\n".join([_IMPORTS, *types, _MESSAGES])


def _declaration(name: str, schema: Schema) -> str:
    about = comment(schema["description"])
    if "enum" in schema:
        return f"{about}export type {name} ={''.join(f'{_NEXT}{quoted(value)}' for value in schema['enum'])};\n"
    if name == "ValueSchema":
        return f"{about}export interface ValueSchema {{\n  readonly [keyword: string]: unknown;\n}}\n"
    members = "".join(_member(name, key, member, schema) for key, member in schema["properties"].items())
    return f"{about}export interface {name} {{\n{members}}}\n"


def _member(owner: str, key: str, schema: Schema, parent: Schema) -> str:
    """Write one member: always there, null when unset, or left out when unset."""
    tags = [("default", quoted(schema["default"]))] if "default" in schema else []
    about = comment(schema["description"], tags, "  ")
    name, text = member_name(camel_case(key)), _type(schema)
    if key in parent.get("required", ()) or "default" in schema:
        return f"{about}  readonly {name}: {text};\n"
    if owner in SPARSE_OBJECTS or key in VALUES_LEFT_OUT:
        return f"{about}  readonly {name}?: {text};\n"
    return f"{about}  readonly {name}: {text} | null;\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name: str = schema["$ref"].rpartition("/")[2]
        target = bud_schemas.load("action")["$defs"][name]
        return name if "title" in target else _type(target)
    kinds = schema.get("type", "any")
    return " | ".join(_plain(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _plain(kind: str, schema: Schema) -> str:
    if kind == "array":
        return array_of(_type(schema["items"]))
    if "enum" in schema:
        return _literals(schema)
    return {"any": "unknown", "integer": "number", "object": ANY_OBJECT}.get(kind, kind)


def _literals(schema: Schema) -> str:
    return " | ".join(quoted(value) for value in schema["enum"])
