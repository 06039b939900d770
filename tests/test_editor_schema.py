"""The copy of the meta-schema for editors: draft-07, with the same verdicts."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

import bud_schemas
from bud_codegen.emit.editor import down_levelled
from bud_codegen.load import Document
from bud_codegen.rules import RULES, page
from bud_codegen.validate.structure import structure_problems

ROOT = Path(__file__).parent.parent
OLDER = down_levelled(bud_schemas.load("action"))
ACTIONS = sorted((ROOT / "actions/bud_actions").glob("*/*.yaml"))


def _pages() -> list[Any]:
    blocks = [block for rule in RULES for block in re.findall(r"```yaml\n(.*?)```", page(rule.id), re.DOTALL)]
    documents = []
    for block in blocks:
        try:
            documents.append(yaml.safe_load(block))
        except yaml.YAMLError:
            continue
    return documents


def test_both_are_valid_schemas() -> None:
    Draft202012Validator.check_schema(bud_schemas.load("action"))
    Draft202012Validator.check_schema(bud_schemas.load("categories"))
    Draft7Validator.check_schema(OLDER)
    Draft7Validator.check_schema(json.loads((ROOT / "generated/editor/action.schema.json").read_text()))


def test_the_verdict_is_the_same_over_every_action_and_every_rule_page() -> None:
    newer = jsonschema_rs.Draft202012Validator(bud_schemas.load("action"))
    older = jsonschema_rs.Draft7Validator(OLDER)
    documents = [yaml.safe_load(path.read_text()) for path in ACTIONS] + _pages()
    verdicts = [newer.is_valid(each) for each in documents]

    assert [older.is_valid(each) for each in documents] == verdicts
    assert {True, False} == set(verdicts)


@pytest.mark.parametrize("key", sorted(bud_schemas.load("action")["properties"]))
def test_a_wrong_value_of_any_key_is_wrong_in_both(key: str) -> None:
    newer = jsonschema_rs.Draft202012Validator(bud_schemas.load("action"))
    older = jsonschema_rs.Draft7Validator(OLDER)
    for document in (yaml.safe_load(path.read_text()) for path in ACTIONS):
        for junk in (None, 7.5, "", [None], {"junk": 1}):
            wrong = {**document, key: junk}
            assert newer.is_valid(wrong) == older.is_valid(wrong)


def _mutations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return copies of a document in each of which one text is wrong in a way that readers overlook."""
    found: list[dict[str, Any]] = []

    def walk(value: Any, rebuild: Callable[[Any], Any]) -> None:
        if isinstance(value, dict):
            for key, member in value.items():
                walk(member, lambda new, key=key: rebuild({**value, key: new}))  # type: ignore[misc]
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, lambda new, i=index: rebuild([*value[:i], new, *value[i + 1 :]]))  # type: ignore[misc]
        elif isinstance(value, str):
            found.extend(rebuild(wrong) for wrong in (value + "\n", value + "\u00a0", "\n" + value))

    walk(document, lambda new: new)
    return found


def test_what_the_judge_refuses_is_explained() -> None:
    judge = jsonschema_rs.Draft202012Validator(bud_schemas.load("action"))
    refused = 0
    for path in ACTIONS[::4]:
        for wrong in _mutations(yaml.safe_load(path.read_text())):
            problems, _ = structure_problems(Document(path.name, wrong), "action")
            assert bool(problems) is not judge.is_valid(wrong)
            assert not any("does not keep the language's schema" in problem.message for problem in problems)
            refused += bool(problems)

    assert refused > 100


def test_every_property_is_described_for_editors() -> None:
    schema = bud_schemas.load("action")
    for name, each in {"ActionMeta": schema, **schema["$defs"]}.items():
        for key, member in each.get("properties", {}).items():
            assert {"title", "description", "examples"} <= member.keys(), f"{name}.{key}"


def test_every_object_is_closed() -> None:
    schema = bud_schemas.load("action")

    assert schema["additionalProperties"] is False
    for name, each in schema["$defs"].items():
        if "properties" in each:
            assert each["additionalProperties"] is False, name


def test_every_action_file_names_the_schema() -> None:
    for path in ACTIONS:
        first = path.read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=../../../generated/editor/action.schema.json"
        assert (path.parent / first.partition("$schema=")[2]).resolve().is_file()
