"""Arranging an action file changes the order of its keys, its spaces, and nothing else."""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.actions import sources
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import bud_schemas
from bud_codegen.edit.arrange import arranged_file
from bud_codegen.load import load
from tests.edit.drawn import written
from tests.strategies import action_documents

ROOT = Path(__file__).parents[2]
ACTIONS = sorted((ROOT / "actions").rglob("*.yaml"))
LENGTH = int(os.environ.get("BUD_EDIT_LENGTH", "2"))
"""How often each document is written in another way."""
PATH = "actions/bud_actions/builtin/log.yaml"


def arranged(text: str, path: str = PATH) -> str:
    return arranged_file(path, text.encode()).decode()


def data_of(text: str) -> Any:
    document = load(PATH, text)
    assert not document.problems, (document.problems, text)
    return document.data


def objects(value: Any, schema: Any) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the keys of each object, and those of its schema."""
    definitions = bud_schemas.load("action")["$defs"]
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    schema = next((definitions["ValueSchema"] for each in schema.get("oneOf", ()) if "$ref" in each), schema)
    if isinstance(value, dict):
        if "properties" in schema:
            yield list(value), list(schema["properties"])
        for key, member in value.items():
            yield from objects(member, schema.get("properties", {}).get(key, schema.get("additionalProperties")))
    if isinstance(value, list):
        for item in value:
            yield from objects(item, schema.get("items"))


def is_ordered(text: str) -> bool:
    return all(
        sorted(keys, key=order.index) == keys for keys, order in objects(data_of(text), bud_schemas.load("action"))
    )


def comments(text: str) -> Counter[str]:
    return Counter(re.findall(r"# (?:above|below|beside|item|a head|the end|yaml-language).*?(?=\s*$)", text, re.M))


def check(text: str) -> None:
    made = arranged(text)
    assert arranged(made) == made
    assert data_of(made) == data_of(text)
    assert comments(made) == comments(text)
    has_aliases = re.search(r"[:\[,-] \*n\d", text) is not None
    assert has_aliases or is_ordered(made)
    for line in comments(made):
        kind, _, name = line.removeprefix("# ").partition(" ")
        key = name.rpartition("/")[2]
        if kind == "above" and re.fullmatch("[a-z]{3,}(_[a-z]+)*", key):
            following = re.search(re.escape(line) + r"[ \t]*\n(?:\s*(?:#.*)?\n)*(.*)", made)
            assert following is not None
            assert re.match(rf'[ -]*"?{key}"?:', following[1]), made
        if kind == "beside" and re.fullmatch("[a-z]{3,}(_[a-z]+)*", key):
            assert re.search(rf'^[ -]*"?{key}"?:.*{re.escape(line)}$', made, re.M), made


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_the_actions_are_arranged(path: Path) -> None:
    content = path.read_bytes()

    assert arranged_file(path.relative_to(ROOT).as_posix(), content) == content


@pytest.mark.parametrize(
    "path", [each for each in ACTIONS if each.name != "categories.yaml"], ids=lambda path: path.stem
)
def test_an_action_written_in_any_way_keeps_its_meaning_and_its_comments(path: Path) -> None:
    for seed in range(LENGTH):
        check(written(data_of(path.read_text()), random.Random(f"{path.name} {seed}")))


def test_generated_actions_written_in_any_way_keep_their_meaning_and_their_comments() -> None:
    for path, text in sources(4 * LENGTH).items():
        check(written(data_of(text), random.Random(path)))
        check(text)


@settings(max_examples=10 * LENGTH, deadline=None)
@given(action_documents(), st.integers())
def test_whatever_the_language_accepts_keeps_its_meaning(document: Any, seed: int) -> None:
    check(written(document, random.Random(seed)))


@pytest.mark.parametrize("seed", range(LENGTH))
def test_another_reader_of_yaml_finds_the_same(seed: int) -> None:
    chance = random.Random(seed)
    text = written(data_of(chance.choice(ACTIONS).read_text()), chance).replace("\t\n", "\n")
    reader = YAML(typ="safe", pure=True)

    assert reader.load(arranged(text)) == reader.load(text)


CASES = {
    "comments above a key move with it": (
        "# about version\nversion: '1.0.0'\n# about type\n# and more\ntype: log\n",
        "# about type\n# and more\ntype: log\n# about version\nversion: '1.0.0'\n",
    ),
    "comments beside a key stay beside it": (
        "version: '1.0.0' # beside\ntype: log\n",
        "type: log\nversion: '1.0.0' # beside\n",
    ),
    "the modeline and what stands apart at the top stay there": (
        "# yaml-language-server: x\n# about version\nversion: 1.0.0\ntype: log\n",
        "# yaml-language-server: x\ntype: log\n# about version\nversion: 1.0.0\n",
    ),
    "a head that stands apart stays": (
        "# Copyright\n\nversion: 1.0.0\ntype: log\n",
        "# Copyright\n\ntype: log\nversion: 1.0.0\n",
    ),
    "comments at the end stay there": (
        "version: 1.0.0\ntype: log\n# the end\n",
        "type: log\nversion: 1.0.0\n# the end\n",
    ),
    "empty lines above a key move with it": (
        "type: log\nparams: []\n\nname: Log\n",
        "type: log\n\nname: Log\nparams: []\n",
    ),
    "the first key has no empty line above it": (
        "version: 1.0.0\n\ntype: log\n",
        "type: log\n\nversion: 1.0.0\n",
    ),
    "keys of items are moved below the dash": (
        "params:\n  - label: A\n    name: a\n",
        "params:\n  - name: a\n    label: A\n",
    ),
    "a comment on a key that comes first in its item stands above the dash": (
        "params:\n  - label: A\n    # about a\n    name: a\n",
        "params:\n  # about a\n  - name: a\n    label: A\n",
    ),
    "short mappings stay short": (
        "params:\n  - {label: A, 'name' : a  , validation: {max: 2, min: 1}}\n",
        "params:\n  - {'name' : a, label: A  , validation: {min: 1, max: 2}}\n",
    ),
    "a mapping in braces with comments stays": (
        "params:\n  - {label: A, # a\n     name: a}\n",
        "params:\n  - {label: A, # a\n     name: a}\n",
    ),
    "block texts are moved as they are": (
        "description: |\n  one  \n\n    two\n\ntype: log\n",
        "type: log\n\ndescription: |\n  one  \n\n    two\n",
    ),
    "a text that keeps its empty lines holds its mapping fast": (
        "description: |+\n  one\n\ntype: log\n",
        "description: |+\n  one\n\ntype: log\n",
    ),
    "an anchor stays before its alias": (
        "name: &a log\ntype: *a\nversion: 1.0.0\n",
        "version: 1.0.0\nname: &a log\ntype: *a\n",
    ),
    "explicit keys stay": ("? version\n: 1.0.0\n? type\n: log\n", "? version\n: 1.0.0\n? type\n: log\n"),
    "lists start two columns right of their key": (
        "params:\n- name: a\n  options:\n      - a # one\n      # two\n      - b\n",
        "params:\n  - name: a\n    options:\n      - a # one\n      # two\n      - b\n",
    ),
    "texts in lists move along": (
        "params:\n- description: |\n    one\n      two\n  name: a\n",
        "params:\n  - name: a\n    description: |\n      one\n        two\n",
    ),
    "no spaces stay at the ends of lines": ("type: log  \n   \n# a \n", "type: log\n\n# a\n"),
    "spaces inside of texts stay": ("name: 'a  \n  b'\n", "name: 'a  \n  b'\n"),
    "line ends stay": ("version: 1.0.0\r\ntype: log\r\n", "type: log\r\nversion: 1.0.0\r\n"),
    "no line end stays no line end": ("version: 1.0.0\ntype: log", "type: log\nversion: 1.0.0"),
    "a text that ends without a line end stays at the end": (
        "version: 1.0.0\ntype: |\n  log",
        "version: 1.0.0\ntype: |\n  log",
    ),
    "a mark at the start stays": ("\ufeffversion: 1.0.0\ntype: log\n", "\ufefftype: log\nversion: 1.0.0\n"),
    "spellings of numbers and texts stay": (
        'params:\n  - default: 1.0e+3\n    label: "\\u0041"\n    name: a\n',
        'params:\n  - name: a\n    label: "\\u0041"\n    default: 1.0e+3\n',
    ),
    "keys of a schema have an order, names of members have none": (
        "params:\n  - schema:\n      properties: {b: {maximum: 1, type: number}}\n      type: object\n    name: a\n",
        "params:\n  - name: a\n    schema:\n      type: object\n      properties: {b: {type: number, maximum: 1}}\n",
    ),
    "params of an example and defaults have no order": (
        "examples:\n  - params: {b: 1, a: 2}\n    title: A\n",
        "examples:\n  - title: A\n    params: {b: 1, a: 2}\n",
    ),
    "unknown keys come last": ("foo: 1\nbar: 2\ntype: log\n", "type: log\nfoo: 1\nbar: 2\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_stays_together(case: str) -> None:
    before, after = CASES[case]

    assert arranged(before) == after
    assert arranged(after) == after


def test_categories_have_an_order_too() -> None:
    before = "categories:\n  - {icon: plug, name: Own, folder: own, order: 1}\n"

    assert arranged(before, "actions/a/categories.yaml") == before.replace(
        "icon: plug, name: Own", "name: Own, icon: plug"
    )
