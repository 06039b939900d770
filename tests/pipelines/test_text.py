"""Pipelines in files: YAML and JSON, with places."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_server.pipelines import check_pipeline, load_text
from bud_server.pipelines.json_text import load_json
from tests.pipelines.support import catalog, definition, step

GOLDEN = Path(__file__).parent / "golden"


def printed(text: str, name: str) -> str:
    file = load_text(text, name)
    found = file.reading.problems
    if file.reading.pipeline is not None:
        found += file.located(check_pipeline(file.reading.pipeline, catalog()))
    return "".join(f"{each.printed(name)}\n" for each in found)


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*.yaml")) + sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name
)
def test_problems_are_printed_as_in_the_golden_text(path: Path) -> None:
    assert printed(path.read_text(), path.name) == path.with_suffix(path.suffix + ".txt").read_text()


def test_json_and_yaml_say_the_same() -> None:
    document = definition(step("a"), step("b", "log", "a"))

    as_json = load_text(json.dumps(document), "x.json").reading
    as_yaml = load_text(json.dumps(document), "x.yaml").reading

    assert as_json.pipeline is not None
    assert as_json == as_yaml


def test_a_large_pipeline_is_read_as_json() -> None:
    document = definition(*(step(f"s{index}", params={"message": "x" * 200}) for index in range(2000)))

    assert load_text(json.dumps(document, indent=2), "x.json").reading.pipeline is not None
    assert load_text(" " * (8 * 1024 * 1024 + 1), "x.json").reading.problems[0].message.startswith("The definition is")
    assert load_text(json.dumps(document, indent=2), "x.yaml").reading.problems[0].message.startswith("file is larger")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "a value is expected here"),
        ("{", (1, 2), "a key in double quotes is expected here"),
        ('{"a": 1,\n}', (2, 1), "a key in double quotes is expected here"),
        ('{"a" 1}', (1, 6), "a colon is expected here"),
        ('{"a": 1 "b": 2}', (1, 9), "a comma or the end of the list or object is expected here"),
        ("[1,\n 2", (2, 3), "a comma or the end of the list or object is expected here"),
        ("[1,]", (1, 4), "a value is expected here"),
        ("[01]", (1, 2), "a value is expected here"),
        ("[NaN]", (1, 2), "a value is expected here"),
        ("[nullx]", (1, 2), "a value is expected here"),
        ("{} x", (1, 4), "nothing may follow the value"),
        ('{"a": 1,\n "a": 2}', (2, 2), "the key `a` is given twice"),
        ("[" * 101, (1, 101), "values are nested more than 100 deep"),
        (f"[{'9' * 5000}]", (1, 2), "the number is too large"),
    ],
)
def test_a_fault_in_json_has_its_place(text: str, place: tuple[int, int], message: str) -> None:
    (found,) = load_text(text, "x.json").reading.problems

    assert (found.place, found.message) == (place, message)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(VALUES, st.sampled_from([None, 1]))
def test_json_is_read_as_python_reads_it(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)

    assert load_json("x", text, most_depth=100).data == json.loads(text)


@given(st.text(alphabet='{}[]",:\\ \n0-1.eEtrufalsn/', max_size=30))
def test_json_is_refused_as_python_refuses_it(text: str) -> None:
    def refuse(_pairs: object) -> None:
        raise ValueError

    try:
        json.loads(text, parse_constant=refuse)
        is_json = True
    except ValueError:
        is_json = False

    problems = load_json("x", text, most_depth=100).problems

    assert all("twice" in each.message for each in problems) == is_json
