"""One file of cases, which Python and the TypeScript package both answer as the language says."""

import json
from pathlib import Path
from typing import Any

import pytest

from bud_codegen import api
from bud_codegen.spelling import camel_case_meta
from bud_schemas import ParamValidator, load
from bud_schemas.shapes import complete
from tests.support.node import run_node

Document = dict[str, Any]

HERE = Path(__file__).parent
VECTORS: Document = json.loads((HERE / "vectors" / "validation.json").read_text(encoding="utf-8"))
CASES: list[Document] = VECTORS["cases"]
SOURCES = {
    f"actions/bud_actions/builtin/{name}.yaml": {
        "type": name,
        "version": "1.0.0",
        "name": name,
        "description": "Holds params that the cases give.",
        "category": "Control Flow",
        "execution_mode": "sync",
        **action,
    }
    for name, action in VECTORS["actions"].items()
}
METAS = {document["type"]: complete(document) for document in SOURCES.values()}
PARAMS = [param for meta in METAS.values() for param in meta["params"]]


def _expected(case: Document) -> list[list[str]]:
    return [[problem["param"], problem["code"], problem["message"]] for problem in case["problems"]]


@pytest.mark.parametrize("action", METAS)
def test_python_finds_the_problems_of_every_case(action: str) -> None:
    validator = ParamValidator(METAS[action])
    cases = [case for case in CASES if case["action"] == action]
    assert cases, "an action without cases"
    for case in cases:
        assert list(map(list, validator.validate(case["params"]))) == _expected(case), case["name"]


def test_typescript_finds_the_problems_of_every_case(tmp_path: Path) -> None:
    catalog = api.load_catalog(_texts())
    for path, content in api.generation(catalog, ["typescript"]).files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    asked = {"metas": [camel_case_meta(meta) for meta in METAS.values()], "cases": CASES}
    package = tmp_path / "generated" / "typescript"
    found = json.loads(run_node(HERE / "support" / "vectors.mjs", tmp_path, json.dumps(asked), [str(package)]))
    for case, problems in zip(CASES, found, strict=True):
        assert problems == _expected(case), case["name"]


def test_the_actions_are_what_the_language_accepts() -> None:
    assert api.lint(_texts()) is None


def _texts() -> dict[str, str]:
    return {path: json.dumps(document, ensure_ascii=False) for path, document in SOURCES.items()}


def test_the_cases_cover_the_language() -> None:
    names = [case["name"] for case in CASES]
    rules = [rule for meta in METAS.values() for rule in meta["rules"]]
    codes = {problem["code"] for case in CASES for problem in case["problems"]}
    definitions = load("action")["$defs"]
    assert len(names) >= 400
    assert len(set(names)) == len(names)
    assert {param["type"] for param in PARAMS} == set(definitions["ParamType"]["enum"])
    assert {rule["kind"] for rule in rules} == set(definitions["ParamRuleKind"]["enum"]) <= codes
    assert _keys_in([param.get("validation") for param in PARAMS]) == set(definitions["ValidationRules"]["properties"])
    assert {key for rule in rules for when in rule["when"] for key in when} == set(
        definitions["ParamCondition"]["properties"]
    )
    assert _keywords([param.get("schema") for param in PARAMS]) | {"title"} == set(
        definitions["ValueSchema"]["properties"]
    )


def test_no_message_repeats_a_value() -> None:
    """Every case with a marked value; a value may be a secret."""
    for meta in METAS.values():
        marked = {param["name"]: "s3cret" for param in meta["params"]}
        for problem in ParamValidator(meta).validate(marked):
            assert "s3cret" not in problem.message


def _keys_in(objects: list[Document | None]) -> set[str]:
    return {key for each in objects for key in each or ()}


def _keywords(schemas: list[Document | None]) -> set[str]:
    found = _keys_in(schemas)
    for schema in schemas:
        inner = [(schema or {}).get(keyword) for keyword in ("items", "additionalProperties")]
        members = [*(schema or {}).get("properties", {}).values(), *(each for each in inner if isinstance(each, dict))]
        found |= _keywords(members) if members else set()
    return found
