"""The npm package: it installs, type-checks under strict settings, validates as Python does and talks to a server."""

import json
import random
import re
import shutil
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bud_codegen.build import build_catalog
from bud_codegen.emit.typescript import FOLDER, HEADER, emit
from bud_codegen.model import Catalog, Category, Project
from bud_codegen.spelling import camel_case_meta
from bud_schemas import ParamValidator, load
from bud_schemas.shapes import complete
from tests.support.node import FOLDER as TESTS
from tests.support.node import install, run_node, run_npm, tsc

Document = dict[str, Any]

HOSTILE = (
    "*/ export const x = 1; /* `${1}` \"'\\ </script>\n@deprecated no {@link x}\r\n \u2028\u2029"
    "\u202e\u2066 \ufeff\U000e0041\x85 é 😀 */"
)
HOSTILE_LINE = "*/ `${x}` \"'\\ @see \u2028\u202e 😀 é"

CATEGORIES = (Category("Control Flow", "git-branch", "builtin", 1), Category("Model", "*/ \u2028", "model", 2))


def _action(action_type: str, params: list[Document], **rest: Any) -> Document:
    about = {"version": "1.0.0", "name": action_type, "description": f"Does {action_type}.", "execution_mode": "sync"}
    return {"type": action_type, "category": "Control Flow", **about, "params": params, **rest}


def _param(name: str, kind: str, **rest: Any) -> Document:
    return {"name": name, "label": name.title(), "type": kind, **rest}


def _options(*values: str) -> list[Document]:
    return [{"value": value, "label": value.upper()} for value in values]


SPECIFICATION = {
    "type": "object",
    "properties": {
        "minReplicas": {"type": "integer", "minimum": 1, "maximum": 1e21, "description": "Fewest copies."},
        "kind": {"type": "string", "enum": ["cpu", "gpu"]},
        "level": {"type": ["number", "null"], "enum": [1, 2.5, 1e-7]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 2}, "uniqueItems": True, "maxItems": 3},
        "points": {"type": "array", "minItems": 1, "items": {"type": "array", "items": {"type": "number"}}},
        "extra-key": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "__proto__": {"type": "string"},
        "constructor": {},
    },
    "required": ["minReplicas"],
}

EVERYTHING = _action(
    "everything",
    [
        _param("message", "template", required=True, description="What to say."),
        _param("level", "select", options=_options("info", "warn"), default="info"),
        _param("count", "number", validation={"min": 1, "max": 5.0, "integer": True}, default=3),
        _param("ratio", "number", validation={"min": 1e-7, "max": 1e21}),
        _param("verbose", "boolean", default=False),
        _param("kinds", "multiselect", options=_options("a", "b", "c")),
        _param("span", "range", validation={"min": 0, "max": 100}),
        _param("anything", "json"),
        _param("specification", "json", schema=SPECIFICATION),
        _param("records", "json", schema={"type": "array", "uniqueItems": True}),
        _param("branches", "branches"),
        _param("model", "model_ref", show_when={"param": "verbose", "equals": True}, required=True),
        _param("code", "string", validation={"min_length": 2, "max_length": 4, "pattern": "^[^0-9].*$"}),
        _param("free", "string", validation={"pattern": "^x", "pattern_message": "must start with x"}),
        _param("constructor", "string"),
        _param("token", "string", secret=True, default="hidden"),
        _param("old", "string", deprecated={"since": "1.0.0", "message": "Use message."}, renamed_from="older"),
    ],
    outputs=[
        {"name": "logged", "type": "boolean"},
        {"name": "state", "type": "string", "schema": {"type": "string", "enum": ["ok", "failed"]}},
        {"name": "score", "type": "number", "nullable": True},
        {"name": "details", "type": "object", "schema": {"type": "object", "properties": {"ttft": {"type": "number"}}}},
        {"name": "items", "type": "array"},
        {"name": "other", "type": "any"},
    ],
    examples=[{"title": "Odd keys", "params": {"message": "x", "anything": {"__proto__": {"a_b": 1}, "show_when": 2}}}],
    aliases=["all_things"],
)

RULES = _action(
    "rules",
    [
        _param("hours", "number"),
        _param("until", "string"),
        _param("mode", "select", options=_options("dedicated", "shared"), default="shared"),
        _param("size", "number", show_when={"param": "mode", "equals": "dedicated"}, required=True),
        _param("color", "string", show_when={"param": "size", "not_equals": 3}, default="red"),
        _param("low", "number"),
        _param("middle", "number", default=5),
        _param("high", "number"),
        _param("address", "string"),
    ],
    rules=[
        {"kind": "exactly_one_of", "params": ["hours", "until"], "message": "Give one"},
        {"kind": "at_least_one_of", "params": ["low", "high"], "message": "Give some"},
        {
            "kind": "requires",
            "params": ["size", "color"],
            "when": [{"param": "mode", "equals": "dedicated"}, {"param": "high", "present": True}],
            "message": "Need size",
        },
        {
            "kind": "requires",
            "params": ["until"],
            "when": [{"param": "hours", "not_equals": 1}],
            "message": "Need until",
        },
        {"kind": "ordered", "params": ["low", "middle", "high"], "message": "Not in order"},
        {"kind": "matches", "params": ["address", "until"], "pattern": "^https?://", "message": "Not an address"},
    ],
)

WORST = _action(
    "hostile",
    [
        _param(
            "text",
            "string",
            label=HOSTILE_LINE,
            description=HOSTILE,
            default=HOSTILE,
            placeholder=HOSTILE,
            group=HOSTILE_LINE,
            deprecated={"since": "1.0.0", "message": HOSTILE_LINE},
            validation={"pattern": '[*]/|\\*/|`|"', "pattern_message": HOSTILE_LINE},
        ),
        _param("choice", "select", options=[{"value": HOSTILE, "label": HOSTILE_LINE}]),
        _param(
            "shape", "json", schema={"type": "object", "properties": {HOSTILE: {"type": "string", "title": HOSTILE}}}
        ),
        _param("tree", "json", default={"__proto__": {"__proto__": 1}, '"__proto__': [{"__proto__": 2}]}),
    ],
    name=HOSTILE_LINE,
    description=HOSTILE,
    category="Model",
    icon="*/",
    deprecated={"since": "1.0.0", "message": HOSTILE_LINE},
    outputs=[{"name": "*", "type": "any", "description": HOSTILE}],
)

ACTIONS = [
    EVERYTHING,
    RULES,
    WORST,
    _action("nothing", []),
    _action("step_1", [_param("wait", "number", required=True)]),
]


def _catalog(project: Project, actions: list[Document]) -> Catalog:
    documents = {f"{project.actions}/builtin/{action['type']}.yaml": action for action in actions}
    return build_catalog(project, CATEGORIES, documents)


CATALOG = _catalog(Project(), ACTIONS)
METAS = {action.type: action.meta for action in CATALOG.actions}


def _write(files: Mapping[str, bytes], folder: Path) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder / FOLDER


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the package, with the sources in tests/typescript/consumers."""
    package = _write(emit(CATALOG), tmp_path_factory.mktemp("emitted"))
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "package.json").write_text('{"name": "consumer", "private": true, "type": "module"}')
    run_npm(["install", "--offline", "--ignore-scripts", "--install-links", f"file:{package}"], folder)
    for source in (TESTS / "consumers").glob("*.ts"):
        shutil.copy(source, folder)
    return folder


def _problems(consumer: Path, cases: list[Document], metas: list[Document] | None = None) -> list[list[list[str]]]:
    spelled = [camel_case_meta(meta) for meta in METAS.values()] if metas is None else metas
    script = Path(__file__).parent / "support" / "vectors.mjs"
    package = consumer / "node_modules" / "@bud" / "actions"
    printed = run_node(script, consumer, json.dumps({"metas": spelled, "cases": cases}), [str(package)])
    found: list[list[list[str]]] = json.loads(printed)
    return found


# What is emitted.


def test_every_commented_file_says_where_it_comes_from() -> None:
    files = emit(CATALOG)
    for path, content in files.items():
        text = content.decode()
        assert text.endswith("\n")
        assert "\r" not in text
        if path.endswith((".js", ".ts")):
            assert text.startswith(HEADER)
        assert re.search(r"/tmp|/work", text) is None


def test_the_same_catalog_gives_the_same_bytes() -> None:
    again = _catalog(Project(), list(reversed(ACTIONS)))
    assert emit(CATALOG) == emit(again)


def test_another_project_has_its_own_package_name() -> None:
    files = emit(_catalog(Project("acme"), ACTIONS))
    assert json.loads(files[f"{FOLDER}/package.json"])["name"] == "@acme/actions"
    assert b"@bud" not in b"".join(files.values())


def test_an_empty_catalog_compiles(tmp_path: Path) -> None:
    _write(emit(_catalog(Project(), [])), tmp_path)
    _configure(tmp_path, "tsconfig.json", ["es2022"], [f"{FOLDER}/*.d.ts"])
    assert tsc("7", tmp_path) == ""
    run_node("await import(`${process.cwd()}/generated/typescript/index.js`)", tmp_path)


def test_no_text_leaves_its_string_or_comment() -> None:
    for content in emit(CATALOG).values():
        text = content.decode()
        assert re.search("[\u2028\u2029\u202e\u2066\ufeff\x7f-\x9f\U000e0041]", text) is None
        without_ours = re.sub(r"@(default|deprecated|see|minimum|maximum|pattern|minLength|maxLength)\b", "", text)
        assert re.search(r"^ *\*? *@", without_ours, re.MULTILINE) is None or "README" in text


def test_two_thousand_actions_are_emitted_quickly() -> None:
    copies = [{**EVERYTHING, "type": f"copy{number}", "aliases": []} for number in range(2000)]
    catalog = _catalog(Project(), copies)
    started = time.process_time()
    emit(catalog)
    assert time.process_time() - started < 5, "seconds of CPU; far more than it takes, so that a busy machine passes"


# The spelling.


def test_only_keys_of_the_metadata_are_renamed() -> None:
    meta = complete(EVERYTHING)
    spelled = camel_case_meta(meta)
    assert spelled["examples"][0]["params"] == EVERYTHING["examples"][0]["params"]
    params = {param["name"]: param for param in spelled["params"]}
    assert params["specification"]["schema"] == SPECIFICATION
    assert params["model"]["visibleWhen"] == {"param": "verbose", "equals": True}
    assert params["code"]["validation"] == {"minLength": 2, "maxLength": 4, "pattern": "^[^0-9].*$"}
    assert params["old"]["renamedFrom"] == "older"
    conditions = camel_case_meta(complete(RULES))["rules"][3]["when"]
    assert conditions == [{"param": "hours", "notEquals": 1}]


def test_every_key_of_the_meta_schema_is_declared() -> None:
    declared = emit(CATALOG)[f"{FOLDER}/meta.d.ts"].decode()
    for name, schema in {"ActionMeta": load("action"), **load("action")["$defs"]}.items():
        if "title" in schema:
            assert re.search(rf"export (interface|type) {name}\b", declared)
    assert re.search(r"readonly visibleWhen: ConditionalVisibility \| null;", declared)
    assert re.search(r"readonly timeoutSeconds: number \| null;", declared)
    assert re.search(r"readonly default\?: unknown;", declared)
    assert re.search(r"readonly min\?: number;", declared)
    assert re.search(r"readonly idempotent: boolean;", declared)


# What a consumer sees.

DOM = ["es2022", "dom", "dom.iterable"]


def _configure(folder: Path, name: str, lib: list[str], include: list[str]) -> None:
    options = {
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "noUncheckedIndexedAccess": True,
        "skipLibCheck": False,
        "verbatimModuleSyntax": True,
        "isolatedModules": True,
        "noEmit": True,
        "target": "es2022",
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "types": [],
        "lib": lib,
    }
    (folder / name).write_text(json.dumps({"compilerOptions": options, "include": include}))


@pytest.mark.parametrize("version", ["5.9", "7"])
@pytest.mark.parametrize("lib", [["es2022"], DOM], ids=["plain", "dom"])
def test_consumers_compile(consumer: Path, version: str, lib: list[str]) -> None:
    name = f"tsconfig.{version}.{len(lib)}.json"
    sources = [path.name for path in consumer.glob("*.ts") if "dom" in lib or not path.name.startswith("dom")]
    assert len(sources) >= 4
    _configure(consumer, name, lib, [*sources, "node_modules/@bud/actions/*.d.ts"])
    complaints = tsc(version, consumer, name)
    assert not complaints, complaints


def test_a_wrong_step_is_refused(consumer: Path) -> None:
    """Shows that the compilers do look at the package: the other tests only see that nothing is wrong."""
    folder = consumer / "wrong"
    folder.mkdir()
    (folder / "wrong.ts").write_text(
        'import type { ActionStep } from "@bud/actions";\n'
        'export const step: ActionStep = { action: "step_1", params: { wait: "soon" } };\n'
    )
    _configure(folder, "tsconfig.json", ["es2022"], ["*.ts"])
    for version in ("5.9", "7"):
        assert "soon" in tsc(version, folder)


def test_the_bare_name_can_be_imported(consumer: Path) -> None:
    script = """
        import * as actions from "@bud/actions";
        import { catalog } from "@bud/actions/catalog";
        import { createRequire } from "node:module";
        const hostile = catalog.hostile.params[3].default;
        const example = catalog.everything.examples[0].params.anything;
        const isDeeplyFrozen = (value) =>
          Object.isFrozen(value) && (typeof value === "string" || Object.values(value ?? {}).every(isDeeplyFrozen));
        console.log(JSON.stringify({
          names: Object.keys(actions).sort(),
          same: actions.catalog === catalog,
          metas: Object.values(catalog),
          types: actions.actionTypes,
          categories: actions.categories.map(({ name, actions }) => [name, actions.map((each) => each.type)]),
          alias: actions.findAction("all_things")?.type,
          missing: [actions.findAction("toString"), actions.isKnownStep({ action: "constructor" })],
          own: [Object.hasOwn(hostile, "__proto__"), Object.hasOwn(example, "__proto__")],
          frozen: [actions.catalog, actions.categories].every(isDeeplyFrozen),
          digest: actions.catalogDigest,
          version: createRequire(import.meta.url)("@bud/actions/package.json").version,
        }));
    """
    seen = json.loads(run_node(textwrap.dedent(script), consumer))
    assert seen["metas"] == [camel_case_meta(action.meta) for action in CATALOG.actions]
    assert seen["types"] == [action.type for action in CATALOG.actions]
    assert seen["categories"] == [
        ["Control Flow", ["everything", "nothing", "rules", "step_1"]],
        ["Model", ["hostile"]],
    ]
    assert (seen["same"], seen["alias"], seen["own"]) == (True, "everything", [True, True])
    assert seen["missing"] == [None, False]
    assert seen["frozen"] is True
    assert (seen["digest"], seen["version"]) == (CATALOG.digest, "1.0.0")
    assert set(seen["names"]) >= {"ApiError", "createClient", "createValidator", "validateParams", "isKnownStep"}


# The same problems as in Python.

CASES: list[tuple[str, Document]] = [
    ("everything", {}),
    ("everything", {"message": None}),
    ("everything", {"message": ""}),
    ("everything", {"message": 5, "level": "debug", "count": "3", "verbose": 1, "kinds": "a", "span": [1]}),
    ("everything", {"message": "m", "level": "{{ x }}", "count": "{{ x }}", "verbose": "{{ x }}", "kinds": "{{x}}"}),
    ("everything", {"message": "m", "level": "}}{{", "count": "{{", "verbose": "}}", "span": "{{}"}),
    ("everything", {"message": "m", "count": 2.5}),
    ("everything", {"message": "m", "count": 5.0}),
    ("everything", {"message": "m", "count": 0.1}),
    ("everything", {"message": "m", "count": 6.5}),
    ("everything", {"message": "m", "count": True}),
    ("everything", {"message": "m", "count": 10**400}),
    ("everything", {"message": "m", "ratio": 1e-8}),
    ("everything", {"message": "m", "ratio": 1e22}),
    ("everything", {"message": "m", "ratio": 2**70}),
    ("everything", {"message": "m", "ratio": -0.0}),
    ("everything", {"message": "m", "kinds": ["a", "a", "z"]}),
    ("everything", {"message": "m", "kinds": ["{{ k }}", "b"]}),
    ("everything", {"message": "m", "kinds": [1]}),
    ("everything", {"message": "m", "kinds": []}),
    ("everything", {"message": "m", "span": [5, 1]}),
    ("everything", {"message": "m", "span": [-5, -10]}),
    ("everything", {"message": "m", "span": [-5, 200]}),
    ("everything", {"message": "m", "span": ["{{ x }}", 200]}),
    ("everything", {"message": "m", "span": [True, 1]}),
    ("everything", {"message": "m", "anything": {"__proto__": 1}}),
    ("everything", {"message": "m", "specification": 1}),
    ("everything", {"message": "m", "specification": []}),
    ("everything", {"message": "m", "specification": {}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 0.5, "kind": "tpu", "level": 3}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 0, "level": None, "kind": None}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1e22, "level": True}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1.0, "level": 1.0}}),
    ("everything", {"message": "m", "specification": {"minReplicas": "{{ n }}", "kind": "{{ k }}"}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "tags": ["😀😀", "abc", "a", "a"]}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "points": []}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "points": [[1, "x"], 2, None]}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "extra-key": {"b": 1, "a": 2, "é": True}}}),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "__proto__": 1, "constructor": 2}}),
    (
        "everything",
        {"message": "m", "specification": {"minReplicas": 1, "😀": 1, "\uffff": 1, "10": 1, "9": 1, "Z": 1}},
    ),
    ("everything", {"message": "m", "specification": {"minReplicas": 1, "toString": 1, "hasOwnProperty": 1}}),
    ("everything", {"message": "m", "records": [1, 1.0]}),
    ("everything", {"message": "m", "records": [1, True, "1", None, False, 0]}),
    ("everything", {"message": "m", "records": [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]}),
    ("everything", {"message": "m", "records": [{"a": 1}, {"a": None}, {"a": None, "b": 1}, [], {}]}),
    ("everything", {"message": "m", "records": ["a,b", ["a", "b"], '["a","b"]', "{}", {}]}),
    ("everything", {"message": "m", "records": [0, -0.0]}),
    ("everything", {"message": "m", "records": ["\ud800", "\udc00", "\ud800"]}),
    ("everything", {"message": "m", "branches": [{"id": "x", "condition": ""}, {"label": None, "more": 1}]}),
    ("everything", {"message": "m", "branches": [{"id": "x", "condition": "{{ a }}", "target_step": None}]}),
    ("everything", {"message": "m", "verbose": True}),
    ("everything", {"message": "m", "verbose": "{{ v }}"}),
    ("everything", {"message": "m", "verbose": "{{ v }}", "model": 5}),
    ("everything", {"message": "m", "verbose": False, "model": 5}),
    ("everything", {"message": "m", "code": "é"}),
    ("everything", {"message": "m", "code": "1"}),
    ("everything", {"message": "m", "code": "é😀😀😀"}),
    ("everything", {"message": "m", "code": "é😀😀😀😀"}),
    ("everything", {"message": "m", "code": "a\ud800\ud800\ud800"}),
    ("everything", {"message": "m", "code": "{{ long template }}"}),
    ("everything", {"message": "m", "free": "y"}),
    ("everything", {"message": "m", "free": "x" * 4096}),
    ("everything", {"message": "m", "free": "x" * 4097}),
    ("everything", {"message": "m", "free": "x" + "😀" * 4095}),
    ("everything", {"message": "m", "constructor": 1, "__proto__": 2, "toString": 3}),
    ("everything", {"message": "m", "😀": 1, "\uffff": 1, "Z": 1, "a": 1, "10": 1, "9": 1, "": 1}),
    ("everything", {"message": "m", "unknown": None, "blank": ""}),
    ("everything", {"message": "m", "older": 5}),
    ("everything", {"message": "m", "older": 5, "old": "x"}),
    ("everything", {"message": "m", "older": 5, "old": ""}),
    ("everything", {"message": "m", "older": None}),
    ("nothing", {}),
    ("nothing", {"x": 1}),
    ("hostile", {"text": "plain", "choice": "none", "shape": {HOSTILE: 1}}),
    ("rules", {}),
    ("rules", {"hours": 1, "low": 1}),
    ("rules", {"hours": 1, "until": "http://x", "low": 9}),
    ("rules", {"hours": 1.0, "low": 1, "high": 2}),
    ("rules", {"hours": True, "low": 6, "high": 2}),
    ("rules", {"hours": 1, "low": "{{ x }}", "high": 2, "mode": "dedicated"}),
    ("rules", {"hours": 1, "low": 1, "high": 9, "mode": "dedicated", "size": 3}),
    ("rules", {"hours": 1, "low": 1, "high": 9, "mode": "dedicated", "size": 3, "color": 5}),
    ("rules", {"hours": 1, "low": 1, "high": 9, "mode": "dedicated", "size": "{{ s }}", "color": 5}),
    ("rules", {"hours": 1, "low": 1, "high": 9, "mode": "{{ m }}"}),
    ("rules", {"hours": 1, "low": 1, "size": "ignored", "color": ""}),
    ("rules", {"until": "ftp://x", "address": "{{ a }}", "low": 1}),
    ("rules", {"until": "http://x", "address": 5, "low": 1}),
]


def _same_as_python(consumer: Path, cases: list[tuple[str, Document]]) -> None:
    validators = {name: ParamValidator(meta) for name, meta in METAS.items()}
    expected = [[list(problem) for problem in validators[action].validate(params)] for action, params in cases]
    found = _problems(consumer, [{"action": action, "params": params} for action, params in cases])
    for case, python, javascript in zip(cases, expected, found, strict=True):
        assert javascript == python, case


def test_problems_are_those_of_python(consumer: Path) -> None:
    _same_as_python(consumer, CASES)


def test_random_params_have_the_problems_of_python(consumer: Path) -> None:
    _same_as_python(consumer, [_random_case(random.Random(seed)) for seed in range(3000)])


_VALUES: list[Any] = [
    *(None, "", "x", "{{ x }}", "{{", "a", "info", "http://a", "😀", True, False),
    *(0, 1, 1.0, 2.5, 3, -1, 1e-7, 1e21, 2**60),
    *([], [1, 2], [2, 1], ["a", "b"], ["a", "a"], ["{{ x }}", 1]),
    *({}, {"minReplicas": 1}, {"kind": "cpu", "zz": 1, "é": {}}),
]


def _random_case(chance: random.Random) -> tuple[str, Document]:
    action = chance.choice(["everything", "rules"])
    names = [*(param["name"] for param in METAS[action]["params"]), "older", "zz", "__proto__"]
    return action, {name: chance.choice(_VALUES) for name in chance.sample(names, chance.randint(0, len(names)))}


def test_the_package_checks_its_own_catalog(consumer: Path) -> None:
    cases = [{"action": name, "params": {"low": "x"}} for name in ("rules", "all_things", "gone")]
    own, alias, unknown = _problems(consumer, cases, [])
    assert own[0] == ["low", "type", "low: must be a number"]
    assert alias[0][1] == "required"
    assert unknown == [["", "unknown_action", "Unknown action: gone"]]


def test_a_rule_of_a_newer_kind_is_left_to_the_server(consumer: Path) -> None:
    meta = camel_case_meta(METAS["rules"])
    meta["rules"][0] |= {"kind": "constructor"}
    found = _problems(consumer, [{"action": "rules", "params": {"low": 1}}], [meta])
    assert [problem[1] for problem in found[0]] == ["requires"]


# The client against a server.


class _Server(BaseHTTPRequestHandler):
    """Answers as the catalog's server does, and counts what it is asked."""

    asked: ClassVar[list[tuple[str, dict[str, str], str]]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, ""))
        if self.headers.get("If-None-Match") == '"one"':
            self._answer(304, None)
        elif self.path == "/api/budpipeline/actions":
            self._answer(200, {"actions": [], "categories": [], "total": 0}, ETag='"one"')
        elif self.path == "/api/budpipeline/actions/a%2Fb":
            self._answer(200, {"type": "a/b"})
        elif self.path == "/api/budpipeline/actions/broken":
            self._answer(500, "not JSON, but a text")
        else:
            self._answer(404, {"title": "Not Found", "detail": "There is no action gone"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        self._answer(200, {"valid": True, "errors": [], "problems": []})

    def _answer(self, status: int, document: object, **headers: str) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        content = b"<html>" if document == "not JSON, but a text" else content
        self.send_response(status)
        for name, value in {"X-Bud-Catalog": "newer", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a running server."""
    _Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/api/"
        http.shutdown()
        thread.join()


def test_the_client_talks_to_a_server(consumer: Path, server: str) -> None:
    script = """
        import { ApiError, catalogDigest, createClient } from "@bud/actions";
        const baseUrl = process.argv[1], mismatches = [], warnings = [];
        console.warn = (text) => warnings.push(text);
        const headers = async () => ({ authorization: "Bearer x" });
        const onCatalogMismatch = (server, own) => mismatches.push([server, own === catalogDigest]);
        const { listActions, getAction, validate } = createClient({ baseUrl, headers, onCatalogMismatch });
        const first = await listActions(), second = await listActions();
        const caught = async (promise) => promise.catch((error) => error);
        const gone = await caught(getAction("gone"));
        const broken = await caught(getAction("broken"));
        const aborted = await caught(listActions({ signal: AbortSignal.abort() }));
        const bare = createClient({ baseUrl, headers: { "x-mine": "1" } });
        await bare.getAction("a/b");
        await bare.getAction("a/b");
        console.log(JSON.stringify({
          first, same: first === second, mismatches, warnings,
          gone: [gone instanceof ApiError, gone.name, gone.status, gone.message, gone.problem.title],
          broken: [broken.status, broken.message, broken.problem],
          aborted: aborted.name,
          valid: await validate("log", { message: "{{ x }}" }),
        }));
    """
    seen = json.loads(run_node(textwrap.dedent(script), consumer, arguments=[server]))
    assert seen["first"] == {"actions": [], "categories": [], "total": 0}
    assert seen["same"] is True
    assert seen["mismatches"] == [["newer", True]]
    assert [text.count("newer") for text in seen["warnings"]] == [1]
    assert seen["gone"] == [True, "ApiError", 404, "There is no action gone", "Not Found"]
    assert seen["broken"] == [500, "The server answered 500", None]
    assert seen["aborted"] == "AbortError"
    assert seen["valid"]["valid"] is True
    (_, first, _), (_, second, _), *_, (path, third, _), (_, _, _), (posted, post, body) = _Server.asked
    assert (first.get("if-none-match"), second.get("if-none-match")) == (None, '"one"')
    assert first["authorization"] == "Bearer x"
    assert (path, third["x-mine"]) == ("/api/budpipeline/actions/a%2Fb", "1")
    assert (posted, post["content-type"]) == ("/api/budpipeline/actions/validate", "application/json")
    assert json.loads(body) == {"actionType": "log", "params": {"message": "{{ x }}"}}


def test_the_tools_are_installed_once() -> None:
    assert (install() / ".installed").exists()
