"""OpenAPI 3.1: the server's paths, the metadata types in both spellings, and the types of every action."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import bud_schemas
from bud_codegen.load import load
from bud_codegen.model import Action, Catalog, Schema
from bud_codegen.spelling import camel_case
from bud_schemas.shapes import SPARSE_OBJECTS, VALUES_LEFT_OUT

SCHEMAS = "#/components/schemas/"
CAMEL_CASE = "CamelCase"
"""Ends the names of what has camelCase keys."""
RUNTIME_TAGS = ("pipelines", "executions", "events")
"""Whose paths stand under /api/v1 and /budpipeline as well, with the same keys."""
TEMPLATE = {
    "type": "string",
    "pattern": r"\{\{[\s\S]*\}\}",
    "description": "A text with {{ ... }} in it, which gets its value when the step runs.",
}


def emit(catalog: Catalog) -> dict[str, bytes]:
    """Return the document at generated/openapi/openapi.json."""
    document = json.loads(json.dumps(_skeleton()))
    components = document["components"]
    schemas = components["schemas"]
    schemas |= _meta_schemas()
    spelled = _spelled(schemas)
    schemas |= {f"{name}{CAMEL_CASE}": _camel_case_schema(schema) for name, schema in spelled.items()}
    responses = {name: each for name, each in components["responses"].items() if _references(each) & spelled.keys()}
    components["responses"] |= {f"{name}{CAMEL_CASE}": _camel_case_schema(each) for name, each in responses.items()}
    document["paths"] = _mounted(document["paths"], responses.keys())
    if catalog.actions:
        schemas["Template"] = TEMPLATE
        schemas["PipelineStep"] = _pipeline_step(catalog)
    for action in catalog.versions:
        schemas |= _action_schemas(action)
    return {"generated/openapi/openapi.json": (_lines(document) + "\n").encode()}


@cache
def _skeleton() -> Mapping[str, Any]:
    source = (files("bud_schemas") / "server.openapi.yaml").read_text(encoding="utf-8")
    skeleton: Mapping[str, Any] = load("server.openapi.yaml", source).data
    return skeleton


def _mounted(paths: Mapping[str, Any], spelled_responses: Collection[str]) -> dict[str, Any]:
    """Return the paths, those of the catalog and of the runtime under /api/v1 and /budpipeline as well, and those of
    pipelines under /api/v1/pipeline.

    Only the catalog has camelCase keys under /budpipeline.
    """
    mounted: dict[str, Any] = dict(paths)
    for path, item in paths.items():
        tag = _tag(item)
        if tag == "actions":
            mounted[f"/api/v1{path}"] = _item(item, "V1", tag, ())
            mounted[f"/budpipeline{path}"] = _item(item, CAMEL_CASE, "budpipeline", spelled_responses)
        elif tag in RUNTIME_TAGS:
            mounted[f"/api/v1{path}"] = _item(item, "V1", tag, ())
            mounted[f"/budpipeline{path}"] = _item(item, "Budpipeline", tag, ())
        if tag == "pipelines":
            mounted[f"/api/v1/pipeline{path}"] = _item(item, "V1Pipeline", tag, ())
    return mounted


def _tag(item: Mapping[str, Any]) -> str:
    """Return what the operations of a path are about."""
    return next(str(each["tags"][0]) for key, each in item.items() if key != "parameters")


def _item(item: Mapping[str, Any], suffix: str, tag: str, spelled_responses: Collection[str]) -> dict[str, Any]:
    """Return a path item with operation ids of its own, answering in the other spelling where there is one."""
    return {
        key: each if key == "parameters" else _operation(each, suffix, tag, spelled_responses)
        for key, each in item.items()
    }


def _operation(
    operation: Mapping[str, Any], suffix: str, tag: str, spelled_responses: Collection[str]
) -> dict[str, Any]:
    responses = {
        status: {"$ref": each["$ref"] + CAMEL_CASE} if _response_name(each) in spelled_responses else each
        for status, each in operation["responses"].items()
    }
    return {**operation, "operationId": operation["operationId"] + suffix, "tags": [tag], "responses": responses}


def _response_name(response: Mapping[str, Any]) -> str:
    return str(response.get("$ref", "")).rpartition("/")[2]


def _lines(document: dict[str, Any]) -> str:
    """Write the document with one schema a line, so that a change of one action is a change of few lines."""
    schemas = document["components"].pop("schemas")
    text = json.dumps(document, indent=1, ensure_ascii=False)
    listed = ",\n".join(
        f"   {json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in schemas.items()
    )
    assert text.endswith("\n  }\n }\n}")  # noqa: S101 - components come last in the skeleton
    return text.removesuffix("\n }\n}") + ',\n  "schemas": {\n' + listed + "\n  }\n }\n}"


def _meta_schemas() -> dict[str, Schema]:
    """Return the metadata types as the server answers them: unset keys are null, or left out where null means more."""
    meta = bud_schemas.load("action")
    found = {name: _answered(name, each) for name, each in meta["$defs"].items() if "title" in each}
    return found | {"ActionMeta": _answered("ActionMeta", {k: v for k, v in meta.items() if k not in ("$defs", "$id")})}


def _answered(name: str, schema: Schema) -> Schema:
    if name == "ValueSchema":
        return {"type": "object", "additionalProperties": True, "description": schema["description"]}
    if "properties" not in schema:
        return {key: schema[key] for key in ("type", "enum", "description")}
    properties = {}
    always = []
    for key, member in schema["properties"].items():
        is_set = key in schema.get("required", ()) or "default" in member
        can_be_left_out = not is_set and (name in SPARSE_OBJECTS or key in VALUES_LEFT_OUT)
        properties[key] = _member(member, is_nullable=not is_set and not can_be_left_out)
        if not can_be_left_out:
            always.append(key)
    answered = {"type": "object", "description": schema["description"], "properties": properties}
    return {**answered, "required": always, "additionalProperties": False}


def _member(member: Schema, *, is_nullable: bool) -> Schema:
    plain = _plain(member)
    if is_nullable:
        if isinstance(plain.get("type"), str):
            plain["type"] = [plain["type"], "null"]
        else:
            description = plain.pop("description")
            plain = {"description": description, "anyOf": [plain, {"type": "null"}]}
    return plain


def _plain(schema: Schema) -> dict[str, Any]:
    """Return a schema of the meta-schema with helper definitions written out."""
    name = schema.get("$ref", "").rpartition("/")[2]
    target = bud_schemas.load("action")["$defs"][name] if name else {}
    description = {"description": schema["description"]} if "description" in schema else {}
    if "title" in target:
        return {**description, "$ref": SCHEMAS + name}
    merged = {**target, **schema}
    kept = {key: merged[key] for key in _KEPT if key in merged}
    if "items" in merged:
        kept["items"] = _plain(merged["items"])
    return {**kept, **description}


_KEPT = ("type", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")


def _spelled(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas that exist in both spellings: the metadata and what holds it."""
    names = {"ActionMeta"}
    while True:
        holders = {name for name, schema in schemas.items() if _references(schema) & names} | names
        parts = {part for name in holders for part in _references(schemas[name])} | holders
        if parts == names:
            return {name: schemas[name] for name in schemas if name in names}
        names = parts


def _references(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        own = {schema["$ref"].removeprefix(SCHEMAS)} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in schema.values()))
    return set().union(*(_references(item) for item in schema)) if isinstance(schema, list) else set()


def _camel_case_schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_camel_case_schema(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    spelled = {key: _camel_case_schema(value) for key, value in schema.items()}
    if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith(SCHEMAS):
        spelled["$ref"] = f"{schema['$ref']}{CAMEL_CASE}"
    if isinstance(schema.get("properties"), Mapping):
        spelled["properties"] = {camel_case(key): each for key, each in spelled["properties"].items()}
        spelled["required"] = [camel_case(key) for key in schema.get("required", ())]
    return spelled


def _pipeline_step(catalog: Catalog) -> Schema:
    names = {action.reference: f"{SCHEMAS}{action.class_name}Step" for action in catalog.versions}
    return {
        "description": "One use of an action in a pipeline; its action says which params it takes.",
        "oneOf": [{"$ref": name} for name in names.values()],
        "discriminator": {"propertyName": "action", "mapping": names},
    }


def _action_schemas(action: Action) -> dict[str, Schema]:
    name = action.class_name
    about = action.meta["name"]
    return {
        f"{name}Input": {"description": f"Params of {about} as a step gives them.", **_with_templates(action)},
        f"{name}Params": {
            "description": f"Params of {about} as its executor receives them.",
            **_untitled(action.params_schema),
        },
        f"{name}Outputs": {"description": f"Outputs of {about}.", **_untitled(action.outputs_schema)},
        f"{name}Step": _step(action),
    }


def _with_templates(action: Action) -> Schema:
    schema = _untitled(action.input_schema)
    members = schema["properties"].items()
    properties = {key: _or_template(member, is_nullable=key not in schema["required"]) for key, member in members}
    return {**schema, "properties": properties}


_ABOUT_A_MEMBER = ("description", "default", "deprecated", "writeOnly")


def _or_template(schema: Schema, *, is_nullable: bool) -> Schema:
    """Return the schema of a param as a step gives it; null counts as absent where it may leave the param out."""
    value = {key: each for key, each in schema.items() if key not in _ABOUT_A_MEMBER}
    if not value:
        return schema
    if value == {"type": "string"}:
        return {**schema, "type": ["string", "null"]} if is_nullable else schema
    about = {key: schema[key] for key in _ABOUT_A_MEMBER if key in schema}
    accepts_null = "null" in value.get("type", ()) and "enum" not in value
    null = [{"type": "null"}] if is_nullable and not accepts_null else []
    return {**about, "anyOf": [value, {"$ref": f"{SCHEMAS}Template"}, *null]}


def _untitled(schema: Schema) -> Schema:
    """Return a schema without titles, which generators of clients name types after; two params may have the same."""
    untitled: dict[str, Any] = {key: each for key, each in schema.items() if key != "title"}
    if "title" in schema:
        untitled = {"description": schema["title"], **untitled}
    if "properties" in schema:
        untitled["properties"] = {key: _untitled(member) for key, member in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            untitled[key] = _untitled(schema[key])
    return untitled


def _step(action: Action) -> Schema:
    properties = {
        "id": {"type": "string", "description": "Name of the step, unique in its pipeline."},
        "name": {"type": "string", "description": "What people call the step."},
        "action": {"type": "string", "const": action.reference, "description": action.meta["name"]},
        "params": {"$ref": f"{SCHEMAS}{action.class_name}Input"},
        "depends_on": {"type": "array", "items": {"type": "string"}, "description": "Steps that must end before."},
        "condition": {"type": "string", "description": "Expression; the step is skipped unless it is true."},
    }
    required = ["id", "action", *(["params"] if action.input_schema["required"] else [])]
    described = {"description": f"A step that does {action.meta['name']}.", "type": "object"}
    return {**described, "properties": properties, "required": required, "additionalProperties": True}
