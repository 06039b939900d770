"""The copy of the meta-schema for editors: draft-07, with the same verdicts."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

import bud_schemas
from bud_codegen.emit.editor import down_levelled
from bud_codegen.rules import RULES, page

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
