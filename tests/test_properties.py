"""What holds for every document that the language accepts, and for every one that it refuses."""

import copy
import dataclasses
import hashlib
import importlib.util
import json
import os
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import hypothesis
import jsonschema
import jsonschema_rs
import pytest
import yaml
from hypothesis import strategies as st

from bud_codegen import api
from bud_codegen.model import Project
from bud_codegen.names import python_name
from bud_codegen.problem import InvalidActionsError
from tests.strategies import KEYS, NAMES, action_documents, simplified
from tests.support.node import run_node, tsc

Document = dict[str, Any]

ROOT = Path(__file__).parents[1]
ACTION_FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "actions" / "bud_actions").rglob("*.yaml"))
}
DRAWN = Project("drawn")
ABOUT = {"version": "1.0.0", "name": "x", "description": "x", "category": "Model", "execution_mode": "sync"}
EXAMPLES = 150
steadily = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    phases=[hypothesis.Phase.generate],
)


def _sources(*documents: Document) -> dict[str, str]:
    return {f"{DRAWN.actions}/builtin/{each['type']}.yaml": json.dumps(each, ensure_ascii=False) for each in documents}


# What the language accepts becomes code that works.


class Drawn(NamedTuple):
    """The documents of one run."""

    accepted: list[Document]
    refused: list[Document]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """Many documents, those accepted tried out one by one."""
    documents = Drawn([], [])

    @steadily
    @hypothesis.given(action_documents())
    def run(document: Document) -> None:
        problems = api.lint(_sources(document), DRAWN)
        hypothesis.event("refused" if problems else "accepted")
        (documents.refused if problems else documents.accepted).append(document)
        if not problems:
            _try_out(document)

    run()
    return documents


def _try_out(document: Document) -> None:
    catalog = api.load_catalog(_sources(document), DRAWN)
    made = api.generation(catalog)
    for path, content in {**made.files, **made.scaffolds}.items():
        if path.endswith(".py"):
            compile(content, path, "exec")
    _check_schemas(json.loads(made.files["generated/python/drawn_generated/catalog.json"]), document)
    with _imported(made.files["generated/python/drawn_generated/builtin/drawn.py"]) as module:
        for example in document.get("examples", ()):
            _check_round_trip(module, example["params"])
        _check_secrets(module, document)


def _check_schemas(catalog: Document, document: Document) -> None:
    entry = catalog["actions"]["drawn"]
    for name in ("input_schema", "params_schema", "outputs_schema"):
        # Patterns are ECMAScript's, which the Python library cannot judge; the other compiles them.
        no_formats = jsonschema.FormatChecker(())
        jsonschema.Draft202012Validator.check_schema(entry[name], format_checker=no_formats)
        jsonschema_rs.Draft202012Validator(entry[name])
    given = jsonschema_rs.Draft202012Validator(entry["input_schema"])
    for example in document.get("examples", ()):
        if "{{" not in json.dumps(example["params"]):
            assert given.is_valid(example["params"])


class _imported:  # noqa: N801 - reads as a phrase after `with`
    """A module imported from its text, under a name of its own."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.name = f"drawn_{hashlib.sha256(content).hexdigest()}"

    def __enter__(self) -> ModuleType:
        spec = importlib.util.spec_from_loader(self.name, loader=None)
        assert spec is not None
        module = sys.modules[self.name] = importlib.util.module_from_spec(spec)
        exec(compile(self.content, self.name, "exec"), module.__dict__)
        return module

    def __exit__(self, *_error: object) -> None:
        del sys.modules[self.name]


def _check_round_trip(module: ModuleType, given: Document) -> None:
    params = module.Params.from_dict(given)
    written = params.to_dict()
    assert {key: _text(written.get(key)) for key in given} == {key: _text(value) for key, value in given.items()}
    assert module.Params.from_dict(written) == params
    assert module.Params.from_dict(written).to_dict() == written
    assert json.loads(json.dumps(written)) == written


def _text(value: object) -> str:
    """Tell values apart that Python calls equal: 1, 1.0 and true."""
    return json.dumps(value, sort_keys=True)


def _check_secrets(module: ModuleType, document: Document) -> None:
    secrets = [python_name(param["name"]) for param in document.get("params", ()) if param.get("secret")]
    values = {field.name: "plain" for field in dataclasses.fields(module.Params)}
    shown = repr(module.Params(**values | dict.fromkeys(secrets, "s3cret")))
    assert "s3cret" not in shown
    assert shown.count("***") == len(secrets)
    assert shown.count("'plain'") == len(values) - len(secrets)


def test_most_of_what_is_drawn_is_accepted(drawn: Drawn) -> None:
    """A property that holds for few documents says little."""
    assert len(drawn.accepted) >= 0.6 * EXAMPLES
    kinds = {param["type"] for document in drawn.accepted for param in document.get("params", ())}
    keys = {key for document in drawn.accepted for param in document.get("params", ()) for key in param}
    assert len(kinds) == 16
    assert {"schema", "show_when", "secret", "deprecated", "default", "renamed_from", "validation"} <= keys


@pytest.fixture(scope="module")
def project(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project with most of the accepted documents, generated."""
    documents = {_text(document): document for document in drawn.accepted}
    chosen = sorted(documents.values(), key=lambda each: len(_text(each)), reverse=True)[:80]
    numbered = [{**document, "type": f"drawn_{number}"} for number, document in enumerate([*chosen, *_odd_names()])]
    folder = tmp_path_factory.mktemp("drawn")
    for path, content in api.generation(api.load_catalog(_sources(*numbered), DRAWN)).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    assert len(numbered) > 40
    return folder


def _odd_names() -> Iterator[Document]:
    """Every odd name beside values of every Python type."""
    kinds: list[Document] = [
        {"type": "string"},
        {"type": "number", "default": 1},
        {"type": "boolean"},
        {"type": "range", "default": [1, 2]},
        {"type": "json", "schema": {"type": "object", "additionalProperties": {"type": "integer"}}, "default": {}},
        {"type": "select", "options": [{"value": "a", "label": "a"}]},
    ]
    members = ("string", "number", "boolean", "integer", "array", "object")
    keys = list({simplified(key): key for key in KEYS}.values())
    schema = {"type": "object", "properties": {key: {"type": members[at % 6]} for at, key in enumerate(keys)}}
    for shift in range(6):
        params = [{"name": name, "label": "x", **kinds[(at + shift) % 6]} for at, name in enumerate(NAMES)]
        doc = {"name": "odd_keys", "label": "x", "type": "json", "schema": schema}
        yield {**ABOUT, "type": "odd", "params": [*params, doc]}


def test_the_python_passes_mypy(project: Path) -> None:
    options = ["--strict", "--config-file=", f"--cache-dir={project / '.mypy_cache'}", "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", *options, "generated/python/drawn_generated"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_typescript_compiles_and_loads(project: Path) -> None:
    options = {
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "noUncheckedIndexedAccess": True,
        "skipLibCheck": False,
        "noEmit": True,
        "target": "es2022",
        "lib": ["es2022"],
        "types": [],
        "module": "nodenext",
        "moduleResolution": "nodenext",
    }
    configured = {"compilerOptions": options, "include": ["generated/typescript/*.d.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(configured))
    assert tsc("5.9", project) == ""
    script = """
        const actions = await import(`${process.cwd()}/generated/typescript/index.js`);
        console.log(JSON.stringify(actions.actionTypes.map((type) => actions.catalog[type].examples.map(
          ({ params }) => actions.validateParams(type, params).problems,
        ))));
    """
    found = json.loads(run_node(textwrap.dedent(script), project))
    assert len(found) > 40
    assert [problem for examples in found for problems in examples for problem in problems] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a-b", "a_b"),
        ("from", "from_"),
        ("1st", "x1st"),
        ("日本", "中国"),
        ("_a", "a"),
        ("str", "str_"),
        ("a b", "a.b"),
    ],
)
def test_names_that_become_one_are_a_problem(first: str, second: str) -> None:
    schema = {"type": "object", "properties": {first: {}, second: {}}}
    assert _rules_broken([{"name": "doc", "label": "Doc", "type": "json", "schema": schema}]) == {"name-collision"}


@pytest.mark.parametrize(
    "schemas",
    [
        {
            "a": {"type": "object", "properties": {"b_c": "object"}},
            "a_b": {"type": "object", "properties": {"c": "object"}},
        },
        {"a": {"type": "array", "items": "object"}, "a_item": "object"},
        {"a": {"type": "object", "additionalProperties": "object"}, "a_value": "object"},
        {"a": "object", "doc": {"type": "object", "properties": {"a": "object", "A": "object"}}},
    ],
)
def test_classes_that_become_one_are_a_problem(schemas: Document) -> None:
    params = [{"name": name, "label": "x", "type": "json", "schema": _filled(each)} for name, each in schemas.items()]
    assert _rules_broken(params) == {"name-collision"}


def _filled(schema: Any) -> Any:
    if schema == "object" and isinstance(schema, str):
        return {"type": "object", "properties": {"x": {"type": "string"}}}
    inner = {key: _filled(schema[key]) for key in ("items", "additionalProperties") if key in schema}
    members = {key: _filled(each) for key, each in schema.get("properties", {}).items()}
    return {**schema, **inner} | ({"properties": members} if members else {})


def _rules_broken(params: list[Document]) -> set[str]:
    found = api.lint(_sources({**ABOUT, "type": "drawn", "params": params}), DRAWN)
    return {problem.rule for problem in found.problems} if found else set()


def test_null_is_among_the_values_of_a_nullable_enum() -> None:
    schema = {"type": "array", "items": {"type": ["string", "null"], "enum": ["a"]}}
    param = {"name": "doc", "label": "Doc", "type": "json", "schema": schema}
    output = {"name": "doc", "type": "string", "nullable": True, "schema": {"type": "string", "enum": ["a"]}}
    catalog = api.load_catalog(_sources({**ABOUT, "type": "drawn", "params": [param], "outputs": [output]}), DRAWN)
    (action,) = catalog.actions
    assert action.input_schema["properties"]["doc"]["items"]["enum"] == ["a", None]
    assert action.outputs_schema["properties"]["doc"]["enum"] == ["a", None]


# The same bytes, wherever and however.

_DIGEST = """
    import hashlib, json, random, sys
    from bud_codegen import api
    sources = list(json.loads(sys.stdin.buffer.read()).items())
    random.Random(int(sys.argv[1])).shuffle(sources)
    made = api.generation(api.load_catalog(dict(sources)))
    everything = hashlib.sha256()
    for path, content in {**made.files, **made.scaffolds}.items():
        everything.update(path.encode() + b"\\0" + content + b"\\0")
    print(everything.hexdigest())
"""
SURROUNDINGS: list[dict[str, str]] = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Kolkata"},
    {"PYTHONHASHSEED": "77", "LC_ALL": "C.UTF-8", "TZ": "America/Los_Angeles", "HOME": "/nowhere", "COLUMNS": "20"},
]
HOSTILE_SETTINGS = """
[tool.black]
line-length = 40
skip-string-normalization = true
[tool.isort]
force_single_line = true
line_length = 40
[tool.ruff]
line-length = 40
[tool.datamodel-codegen]
target-python-version = "3.14"
use-union-operator = false
"""


def test_the_same_bytes_in_every_surrounding(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(HOSTILE_SETTINGS)
    digests = {
        _digest(number, folder, surrounding)
        for number, surrounding in enumerate(SURROUNDINGS)
        for folder in (ROOT, tmp_path)
    }
    assert len(digests) == 1


def _digest(shuffle: int, folder: Path, surrounding: Mapping[str, str]) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    command = [sys.executable, "-c", textwrap.dedent(_DIGEST), str(shuffle)]
    sources = json.dumps(ACTION_FILES).encode()
    done = subprocess.run(
        command, cwd=folder, env={**kept, **surrounding}, input=sources, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_reused_files_change_nothing() -> None:
    catalog = api.load_catalog(ACTION_FILES)
    anew = api.generation(catalog)
    assert api.generation(catalog, known=anew.files) == anew
    tampered = {path: content.replace(b"Digest: ", b"Digest: 0") for path, content in anew.files.items()}
    assert api.generation(catalog, known=tampered) == anew


def test_files_of_an_earlier_catalog_are_reused_only_where_they_still_hold() -> None:
    path = "actions/bud_actions/builtin/log.yaml"
    older = {**ACTION_FILES, path: ACTION_FILES[path].replace("default: info", "default: debug")}
    before = api.generation(api.load_catalog(older))
    catalog = api.load_catalog(ACTION_FILES)
    anew = api.generation(catalog)
    changed = {name for name, content in anew.files.items() if before.files[name] != content}
    assert any(name.endswith("builtin/log.py") for name in changed)
    assert api.generation(catalog, known=before.files) == anew


# Whatever a person writes is answered with problems.


@pytest.fixture(scope="module")
def originals() -> list[tuple[str, Document]]:
    return [(path, yaml.safe_load(text)) for path, text in ACTION_FILES.items()]


def test_wrong_files_are_answered_with_problems(originals: list[tuple[str, Document]]) -> None:
    outcomes = {"refused": 0, "accepted": 0}

    @hypothesis.settings(steadily, max_examples=300)
    @hypothesis.given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        chance = random.Random(seed)
        path, original = chance.choice(originals)
        document = copy.deepcopy(original)
        for _ in range(chance.randint(1, 4)):
            _mutate(chance, document)
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
        outcomes[_outcome({path: text if chance.random() < 0.8 else _torn(chance, text)})] += 1

    run()
    assert outcomes["refused"] > 100
    assert outcomes["accepted"] > 10


def _outcome(sources: Mapping[str, str]) -> str:
    found = api.lint(sources)
    if found is None:
        api.generate(sources)
        return "accepted"
    with pytest.raises(InvalidActionsError) as refused:
        api.generate(sources)
    assert refused.value.problems == found.problems
    return "refused"


JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**60, 1e300, float("inf"), "", " ", "x", "{{ x }}", "😀", "a\nb", "__proto__"),
    *([], [[]], [None], [{}], ["x", "x"], {}, {"": 1}, {"x": None}, {"type": "object"}, {"param": "x", "equals": 1}),
    *("^(a+)+$", "[", "string", "object", "json", "1.0.0", "Model", "*", "from", {"min": 1}, {"pattern": "(?<=a)"}),
    *({"type": "object", "properties": {"a": {"type": ["string", "null"]}, "A": {"properties": {}}}}, 10**400),
    *({"type": ["null", "null"]}, {"type": "array", "items": {"enum": [1, "a"]}}, {"required": ["a"]}, {"enum": []}),
]


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) and value:
        yield value
        for inner in list(value.values()) if isinstance(value, dict) else value:
            yield from _containers(inner)


def _mutate(chance: random.Random, document: Document) -> None:
    """Delete, replace, repeat, rename or move something."""
    places = list(_containers(document))
    if not places:
        return
    place, other = chance.choice(places), chance.choice(places)
    key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
    elsewhere = chance.choice(list(other) if isinstance(other, dict) else range(len(other)))
    kind = chance.choice(["delete", "replace", "replace", "move", "repeat", "add"])
    if kind == "delete":
        del place[key]
    elif kind == "replace":
        place[key] = copy.deepcopy(chance.choice(JUNK))
    elif kind == "move":
        place[key] = copy.deepcopy(other[elsewhere])
    elif isinstance(place, list):
        place.append(copy.deepcopy(place[key] if kind == "repeat" else chance.choice(JUNK)))
    else:
        names = [
            "default",
            "schema",
            "validation",
            "options",
            "show_when",
            "required",
            "secret",
            "enum",
            "x",
            "__proto__",
        ]
        place[chance.choice(names)] = copy.deepcopy(chance.choice(JUNK) if kind == "add" else place[key])


def _torn(chance: random.Random, text: str) -> str:
    """Lose or repeat a stretch of a text, or put something strange into it."""
    start = chance.randrange(len(text))
    end = start + chance.randint(0, 40)
    between = chance.choice(
        ["", text[start:end] * 2, "\t", "\0", "&a ", "*a ", "<<: ", "!!python/object ", "? ", "\u2028", "---\n"]
    )
    return text[:start] + between + text[end:]
