"""The types of every action, and the step that uses one."""

from bud_codegen.emit.typescript.types import (
    INPUT,
    OUTPUTS,
    PARAMS,
    Style,
    member_doc,
    member_text,
    other_members,
    type_text,
)
from bud_codegen.emit.typescript.writer import comment, quoted
from bud_codegen.model import Action, Catalog, Schema

_TEMPLATE = """\
/** A text that contains `{{ ... }}`, which is worked out when the step runs. */
export type Template = `${string}{{${string}}}${string}`;

"""

_STEPS = """\
/** What a step may name: the type of an action, or `type@major` of a version that stands beside a newer one. */
export type ActionReference = keyof ActionMap;

/** The type of an action in this catalog. */
export type ActionType = Exclude<ActionReference, `${string}@${string}`>;

/** Every type of action, in the order of the catalog. */
export declare const actionTypes: readonly ActionType[];

/** One use of an action in a pipeline; `action` tells which params belong to it. */
export type ActionStep<K extends ActionReference = ActionReference> = {
  [P in K]: {
    readonly id?: string;
    readonly name?: string;
    readonly action: P;
    readonly params: ActionMap[P]["input"];
    readonly depends_on?: readonly string[];
    readonly condition?: string | null;
  };
}[K];

/** A step as a server sends it: its action may be newer than this package. */
export interface WireStep {
  readonly action: string;
  readonly params?: unknown;
}

/** Whether a step uses an action of this catalog. Its params are not checked. */
export declare function isKnownStep(step: WireStep): step is ActionStep;
"""

_IS_KNOWN_STEP = """\

const known = /* @__PURE__ */ new Set([...actionTypes, ...olderVersions]);

export function isKnownStep(step) {
  return known.has(step.action);
}
"""


def actions_declarations(catalog: Catalog) -> str:
    """Write actions.d.ts."""
    interfaces = "".join(_interfaces(action) for action in catalog.versions)
    entries = "".join(_map_entry(action) for action in catalog.versions)
    action_map = (
        f"{comment('The types of each action, by what a step may name.')}export interface ActionMap {{\n{entries}}}\n\n"
    )
    return f"{_TEMPLATE}{interfaces}{action_map}{_STEPS}"


def actions_module(catalog: Catalog) -> str:
    """Write actions.js."""
    types = "".join(f"  {quoted(action.type)},\n" for action in catalog.actions)
    older = ", ".join(quoted(action.reference) for action in catalog.older)
    return (
        f"export const actionTypes = /* @__PURE__ */ Object.freeze([\n{types}]);\n\n"
        f"const olderVersions = [{older}];\n{_IS_KNOWN_STEP}"
    )


def _map_entry(action: Action) -> str:
    name = action.class_name
    types = f"readonly input: {name}Input; readonly params: {name}Params; readonly outputs: {name}Outputs"
    return f"  readonly {quoted(action.reference)}: {{ {types} }};\n"


def _interfaces(action: Action) -> str:
    meta, name = action.meta, action.class_name
    deprecated = [("deprecated", meta["deprecated"]["message"])] if meta["deprecated"] else []
    about = f"{meta['description']}\n\nCategory: {meta['category']}."
    given = comment(about, [*deprecated, ("see", action.source)])
    received = comment(f"Params of `{action.reference}` as its executor receives them: defaults filled in.", deprecated)
    yielded = comment(f"Results of `{action.reference}`.", deprecated)
    docs = _docs(action.input_schema, meta["params"])
    return (
        f"{given}export interface {name}Input {_body(action.input_schema, INPUT, docs)}\n\n"
        f"{received}export interface {name}Params {_body(action.params_schema, PARAMS, docs)}\n\n"
        f"{yielded}export interface {name}Outputs "
        f"{_body(action.outputs_schema, OUTPUTS, _docs(action.outputs_schema, meta['outputs']))}\n\n"
    )


def _docs(schema: Schema, definitions: list[Schema]) -> dict[str, str]:
    deprecations = {each["name"]: each["deprecated"] for each in definitions}
    return {name: member_doc(member, "  ", deprecations[name]) for name, member in schema["properties"].items()}


def _body(schema: Schema, style: Style, docs: dict[str, str]) -> str:
    required = set(schema["required"])
    members = [
        f"{docs[name]}  {member_text(name, _value(member, style, name in required), name in required)}"
        for name, member in schema["properties"].items()
    ]
    members += [f"  {line}\n" for line in other_members(schema, style, "  ", closed=bool(members))]
    return f"{{\n{''.join(members)}}}"


def _value(schema: Schema, style: Style, is_required: bool) -> str:
    """Write the type of a param or output; null counts as absent where a step may leave it out."""
    text = type_text(schema, style, "  ")
    accepts_null = style is INPUT and not is_required and text != "unknown" and not text.endswith(" | null")
    return f"{text} | null" if accepts_null else text
