"""The audience that uses the TypeScript package: consumers written against an action, compiled with tsc."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bud_codegen.emit import typescript
from bud_codegen.emit.typescript.types import OUTPUTS, type_text
from bud_codegen.model import Action, Catalog
from bud_codegen.spelling import camel_case_meta
from tests.diff.proof.picking import Document
from tests.diff.proof.uses import Uses
from tests.support.node import run_node, tsc

SUPPORT = Path(__file__).parents[2] / "support"
OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "skipLibCheck": True,
    "noEmit": True,
    "target": "es2022",
    "lib": ["es2022"],
    "types": [],
    "module": "nodenext",
    "moduleResolution": "nodenext",
}
PLAIN = "plain"
"""Consumers that give params and read outputs."""
EXHAUSTIVE = "exhaustive"
"""Consumers that besides handle each option and each action, and want to be told of a new one."""


def consumer_of(action: Action) -> str:
    """Return TypeScript that gives an action's params and reads its outputs."""
    return (
        'import type { ActionMap, ActionStep } from "../package/actions.js";\n'
        f'type Types = ActionMap["{action.type}"];\n'
        f"{''.join(_steps(action))}"
        'export function read(outputs: Types["outputs"]): void {\n'
        f"{''.join(_reads(action))}}}\n"
    )


def _steps(action: Action) -> Iterator[str]:
    """Yield steps, one by one: in a list, the compiler would compare each with each."""
    uses = Uses(dict(action.meta))
    for number, params in enumerate(uses.steps()):
        if params.keys() <= uses.params.keys():
            text = json.dumps({"action": action.type, "params": params}, ensure_ascii=False)
            yield f'export const step{number}: ActionStep<"{action.type}"> = {text};\n'
    for name in uses.params:
        text = json.dumps({name: "{{ params.x }}"})
        yield f'export const {name}_template: Partial<Types["input"]> = {text};\n'


def _reads(action: Action) -> Iterator[str]:
    """Yield statements that read each output, and what is in it, into a variable of its type."""
    for name, schema in action.outputs_schema["properties"].items():
        yield from _read(f"outputs[{json.dumps(name)}]", schema)
    if action.outputs_schema["additionalProperties"]:
        yield '  { const read: unknown = outputs["whatever"]; void read; }\n'


def _read(path: str, schema: Mapping[str, Any], *, is_certain: bool = True) -> Iterator[str]:
    maybe = "" if is_certain else " | undefined"
    yield f"  {{ const read: {type_text(schema, OUTPUTS, '  ')}{maybe} = {path}; void read; }}\n"
    is_certain = is_certain and "null" not in schema.get("type", ())
    for key, member in schema.get("properties", {}).items():
        # The emitter types such a member as unknown: every object has one.
        if key not in _OF_EVERY_OBJECT:
            is_there = is_certain and key in schema.get("required", ())
            yield from _read(f"{path}?.[{json.dumps(key)}]", member, is_certain=is_there)
    if isinstance(schema.get("items"), Mapping):
        yield from _read(f"{path}?.[0]", schema["items"], is_certain=False)
    others = schema.get("additionalProperties", True) if "object" in schema.get("type", ()) else False
    if others is True or (others and schema.get("properties")):
        yield f'  {{ const read: unknown = {path}?.["whatever"]; void read; }}\n'
    elif others:
        yield from _read(f'{path}?.["whatever"]', others, is_certain=False)


_OF_EVERY_OBJECT = frozenset(
    {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"}
)


def exhaustive_consumer_of(action: Action) -> str:
    """Return TypeScript that handles each option of each select, and each action of the case."""
    params = action.meta["params"]
    selects = [param for param in params if param["type"] == "select"]
    return (
        'import type { ActionMap, ActionType } from "../package/actions.js";\n'
        f"export const icons: Record<Extract<ActionType, `{action.type}${{string}}`>, string> = "
        f'{{ "{action.type}": "x" }};\n'
        f"{''.join(_switch(action.type, param) for param in selects)}"
    )


def _switch(action_type: str, param: Document) -> str:
    cases = "".join(f"    case {json.dumps(each['value'], ensure_ascii=False)}:\n" for each in param["options"])
    value = f'NonNullable<ActionMap["{action_type}"]["params"]["{param["name"]}"]>'
    body = f"{cases}      return value;\n    default:\n      return value satisfies never;\n"
    return f"export function of_{param['name']}(value: {value}): string {{\n  switch (value) {{\n{body}  }}\n}}\n"


def write_side(root: Path, catalog: Catalog, consumers: Mapping[str, tuple[str, str]]) -> None:
    """Write the package of one side, and the consumers of each case beside it."""
    for path, content in typescript.emit(catalog).items():
        _write(root / "package" / path.removeprefix(f"{typescript.FOLDER}/"), content)
    for name, (plain, exhaustive) in consumers.items():
        _write(root / PLAIN / f"{name}.ts", plain.encode())
        _write(root / EXHAUSTIVE / f"{name}.ts", exhaustive.encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def compile_all(root: Path, sides: Iterable[str]) -> dict[tuple[str, str, str], list[str]]:
    """Compile all consumers at once and return the complaints by side, kind of consumer, and case."""
    include = [f"{side}/{kind}/*.ts" for side in sides for kind in (PLAIN, EXHAUSTIVE)]
    (root / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": include}))
    (root / "package.json").write_text('{"name": "consumers", "private": true, "type": "module"}')
    found: dict[tuple[str, str, str], list[str]] = {}
    for line in tsc("7", root).splitlines():
        match = re.match(r"(\w+)/(\w+)/(\w+)\.ts\(\d+,\d+\): (.*)", line)
        if match:
            side, kind, name, complaint = match.groups()
            found.setdefault((side, kind, name), []).append(complaint)
        else:
            assert line.startswith(" "), line
    return found


def refused_in_forms(
    metas: Mapping[str, Document], uses: Mapping[str, list[Document]], package: Path
) -> dict[str, list[str]]:
    """Return, by case, what the package's form rules have against params that were valid before."""
    owners = [(name, params) for name in metas for params in uses[name]]
    cases = [{"action": name, "params": params} for name, params in owners]
    given = {"metas": [camel_case_meta(meta) for meta in metas.values()], "cases": cases}
    printed = json.loads(run_node(SUPPORT / "vectors.mjs", package, json.dumps(given), [str(package)]))
    found: dict[str, list[str]] = {}
    for (name, _), problems in zip(owners, printed, strict=True):
        for _, _, message in problems:
            found.setdefault(name, []).append(message)
    return found
