"""The catalog as data: the metadata of every action, in the spelling that browsers read."""

from collections.abc import Iterable

from bud_codegen.emit.typescript.writer import quoted
from bud_codegen.model import Action, Catalog, Category
from bud_codegen.spelling import camel_case_meta

_DECLARATIONS = """\
import type { ActionReference, ActionType } from "./actions.js";
import type { ActionCategory, ActionMeta } from "./meta.js";

export { catalogDigest } from "./digest.js";

/** The metadata of every action, by its type. */
export declare const catalog: { readonly [K in ActionType]: ActionMeta & { readonly type: K } };

/** The metadata of versions that stand beside a newer one, by `type@major`. */
export declare const olderVersions: { readonly [K in Exclude<ActionReference, ActionType>]: ActionMeta };

/** The categories that have actions, in display order. */
export declare const categories: readonly ActionCategory[];

/** Return the action of that type, or the one that had it earlier (an alias); `type@major` asks for that version. */
export declare function findAction(type: string): ActionMeta | undefined;
"""

_FIND_ACTION = """
let aliases;

function typesByAlias() {
  return new Map(Object.values(catalog).flatMap((action) => action.aliases.map((alias) => [alias, action.type])));
}

export function findAction(type) {
  const [name, major, ...rest] = type.split("@");
  const newest = rest.length === 0 ? findNewest(name) : undefined;
  if (major === undefined || newest?.version.split(".", 1)[0] === major) return newest;
  const older = `${newest?.type}@${major}`;
  return Object.hasOwn(olderVersions, older) ? olderVersions[older] : undefined;
}

function findNewest(type) {
  if (Object.hasOwn(catalog, type)) return catalog[type];
  aliases ??= typesByAlias();
  return aliases.has(type) ? catalog[aliases.get(type)] : undefined;
}

/** Freeze a value and all that it holds: what is made from an action is kept for it. */
function frozen(value) {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const member of Object.values(Object.freeze(value))) frozen(member);
  }
  return value;
}
"""


def catalog_declarations() -> str:
    """Write catalog.d.ts."""
    return _DECLARATIONS


def catalog_module(catalog: Catalog) -> str:
    """Write catalog.js, with one line for each action."""
    groups = "".join(_group(category, actions) for category, actions in catalog.by_category())
    return (
        'export { catalogDigest } from "./digest.js";\n\n'
        f"export const catalog = /* @__PURE__ */ frozen({{\n{_metas(catalog.actions)}}});\n\n"
        f"export const olderVersions = /* @__PURE__ */ frozen({{\n{_metas(catalog.older)}}});\n\n"
        f"export const categories = /* @__PURE__ */ frozen([\n{groups}]);\n"
        f"{_FIND_ACTION}"
    )


def _metas(actions: Iterable[Action]) -> str:
    return "".join(f"  {quoted(each.reference)}: {quoted(camel_case_meta(each.meta))},\n" for each in actions)


def _group(category: Category, actions: list[Action]) -> str:
    members = ", ".join(f"catalog[{quoted(action.type)}]" for action in actions)
    return f"  {{ name: {quoted(category.name)}, icon: {quoted(category.icon)}, actions: [{members}] }},\n"


def digest_declarations() -> str:
    """Write digest.d.ts."""
    return (
        "/** Names the state of the catalog that this package was generated from; a server sends its own as\n"
        " * `x-bud-catalog`. */\nexport declare const catalogDigest: string;\n"
    )


def digest_module(catalog: Catalog) -> str:
    """Write digest.js, apart from the catalog so that a client does not load all of it."""
    return f"export const catalogDigest = {quoted(catalog.digest)};\n"
