"""Definitions are read, completed, and refused with every fault named."""

import copy
import json
import random
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

import bud_schemas
from bud_server.pipelines import (
    Parameter,
    Pipeline,
    Retry,
    Settings,
    Step,
    check_pipeline,
    definition_digest,
    read_pipeline,
)
from tests.pipelines.support import catalog, definition, step

FULL: dict[str, Any] = {
    "name": "full",
    "version": "2",
    "description": "Everything.",
    "parameters": [
        {
            "name": "n",
            "type": "integer",
            "label": "N",
            "description": "A number.",
            "required": False,
            "default": 1,
            "secret": True,
        }
    ],
    "settings": {
        "timeout_seconds": 60,
        "fail_fast": False,
        "max_parallel_steps": 2,
        "retry_policy": {"max_attempts": 2, "backoff_seconds": 0.5, "backoff_multiplier": 1, "max_backoff_seconds": 5},
    },
    "steps": [
        {
            "id": "a-1",
            "action": "log",
            "name": "First",
            "params": {"message": "{{ params.n }}."},
            "depends_on": [],
            "outputs": ["message"],
            "condition": "true",
            "on_failure": "retry",
            "timeout_seconds": 5,
            "retry": {"max_attempts": 3, "backoff_seconds": 60, "backoff_multiplier": 2.0, "max_backoff_seconds": 3600},
        }
    ],
    "outputs": {"x": ["{{ steps.a-1.outputs.message }}", 1, None]},
}


def read(document: object) -> Pipeline:
    reading = read_pipeline(document)
    assert reading.pipeline is not None, [each.text for each in reading.problems]
    return reading.pipeline


def with_step(**members: Any) -> dict[str, Any]:
    return definition({"id": "a", "action": "log", **members})


def with_parameter(**members: Any) -> dict[str, Any]:
    return definition(step("a"), parameters=[{"name": "p", **members}])


def test_defaults_are_filled_in() -> None:
    pipeline = read({"name": "x", "steps": [{"id": "a", "action": "log"}], "parameters": [{"name": "p"}]})

    assert pipeline == Pipeline("x", (Step("a", "log", "a"),), parameters=(Parameter("p"),))
    assert pipeline.settings == Settings(7200, True, 10, None)
    assert read(with_step(retry={})).steps[0].retry == Retry(3, 60, 2.0, 3600)


def test_a_definition_survives_being_written_and_read() -> None:
    pipeline = read(FULL)

    assert pipeline.to_document() == FULL
    assert read(pipeline.to_document()) == pipeline
    json.dumps(pipeline.to_document())


def test_null_counts_as_left_out() -> None:
    def nulled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: None for key in value if key not in ("name", "steps", "id", "action")} | {
                key: nulled(value[key]) for key in ("name", "steps", "id", "action") if key in value
            }
        return [nulled(item) for item in value] if isinstance(value, list) else value

    document = copy.deepcopy(FULL)
    document["steps"][0]["name"] = None

    assert read(nulled(document)) == Pipeline("full", (Step("a-1", "log", "a-1"),))


def test_a_wrapped_definition_is_the_same() -> None:
    assert read({"dag": FULL}) == read(FULL)


def test_stop_is_fail() -> None:
    assert read(with_step(on_failure="stop")).steps[0].on_failure == "fail"


def test_params_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        read(FULL).steps[0].params["x"] = 1  # type: ignore[index]


LONG_LIST = ["x"] * 201
BAD: list[tuple[object, str, str]] = [
    (None, "DAG data cannot be empty", ""),
    ({}, "DAG data cannot be empty", ""),
    ({"dag": {}}, "DAG data cannot be empty", ""),
    ([], "the definition: must be an object, not a list (an object is expected)", ""),
    ({"name": "x"}, "steps: At least one step is required", "/steps"),
    ({"name": "x", "steps": []}, "steps: At least one step is required", "/steps"),
    ({"name": "x", "steps": None}, "steps: At least one step is required", "/steps"),
    ({"steps": [{"id": "a", "action": "log"}]}, "name: Field required", "/name"),
    (definition({"action": "log"}), "steps.0.id: Field required", "/steps/0/id"),
    (definition({"id": "a"}), "steps.0.action: Field required", "/steps/0/action"),
    (with_step(depend_on=[]), "steps.0.depend_on: Unknown key (did you mean 'depends_on'?)", "/steps/0/depend_on"),
    (with_step(depends_on="b"), "steps.0.depends_on: must be a list, not a text (write a list: [b])", ""),
    (with_step(id="-a"), "steps.0.id: is not in the expected form", "/steps/0/id"),
    (with_step(id="a\n"), "steps.0.id: is not in the expected form", "/steps/0/id"),
    (with_step(id="a" * 101), "steps.0.id: must have at most 100 characters (shorten it)", "/steps/0/id"),
    (with_step(name=""), "steps.0.name: must not be empty", "/steps/0/name"),
    (with_step(on_failure="retyr"), "steps.0.on_failure: 'retyr' is not one of fail, continue, retry, stop", ""),
    (with_step(timeout_seconds=0), "steps.0.timeout_seconds: must be 1 or more", "/steps/0/timeout_seconds"),
    (with_step(timeout_seconds=1.5), "steps.0.timeout_seconds: must be a whole number, not a number", ""),
    (with_step(timeout_seconds=True), "steps.0.timeout_seconds: must be a whole number, not true or false", ""),
    (with_step(timeout_seconds="5"), "steps.0.timeout_seconds: must be a whole number, not a text", ""),
    (with_step(retry={"max_attempts": 11}), "steps.0.retry.max_attempts: must be 10 or less", ""),
    (with_step(retry={"backoff_seconds": 0}), "steps.0.retry.backoff_seconds: must be more than 0", ""),
    (with_step(condition=[]), "steps.0.condition: must be a text or true or false, not a list", ""),
    (with_step(outputs=LONG_LIST), "steps.0.outputs: must have at most 200 items (shorten it)", ""),
    (with_step(params={str(i): i for i in range(201)}), "steps.0.params: must have at most 200 keys", ""),
    (with_step(params={"x": float("nan")}), "steps.0.params.x: a number must be finite", ""),
    (with_step(params={"x": 10**400}), "steps.0.params.x: a number must be finite", ""),
    (with_step(params={"x": {1: 2}}), "steps.0.params.x: a key must be a text", ""),
    (with_step(params={"x": {1, 2}}), "steps.0.params.x: a set is not JSON", ""),
    (with_step(params={"x": "\ud800"}), "steps.0.params.x: a text holds half a surrogate pair", ""),
    (with_step(params={"x": "y" * (8 * 1024 * 1024)}), "The definition is larger than 8 MiB", ""),
    (with_parameter(name="a-b"), "parameters.0.name: is not in the expected form", "/parameters/0/name"),
    (with_parameter(type="strin"), "parameters.0.type: 'strin' is not one of string, number,", ""),
    (definition(step("a"), settings={"max_parallel_steps": 0}), "settings.max_parallel_steps: must be 1 or more", ""),
    (definition(*[step("a")] * 2001), "steps: must have at most 2000 items", "/steps"),
    (definition(step("a"), outputs=[]), "outputs: must be an object, not a list", "/outputs"),
]


@pytest.mark.parametrize(("document", "sentence", "pointer"), BAD, ids=[case[1][:60] for case in BAD])
def test_a_faulty_definition_is_refused_with_its_place(document: object, sentence: str, pointer: str) -> None:
    reading = read_pipeline(document)

    assert reading.pipeline is None
    assert [each.severity for each in reading.problems] == ["error"]
    assert reading.problems[0].text.startswith(sentence.partition(" (an object")[0])
    assert pointer in ("", reading.problems[0].pointer)


def test_values_nested_too_deep_are_refused_without_recursion() -> None:
    value: Any = "x"
    for _ in range(100_000):
        value = [value]

    (found,) = read_pipeline(with_step(params={"x": value})).problems

    assert found.code == "too_deep"


def test_all_faults_are_named_at_once() -> None:
    bad = {"nam": "x", "steps": [{"action": 1}, {"id": "b", "action": "log", "retries": 1}], "settings": {"x": 1}}

    assert [(each.code, each.pointer) for each in read_pipeline(bad).problems] == [
        ("unknown_key", "/nam"),
        ("required", "/name"),
        ("unknown_key", "/settings/x"),
        ("wrong_type", "/steps/0/action"),
        ("required", "/steps/0/id"),
        ("unknown_key", "/steps/1/retries"),
    ]


def test_a_flood_of_faults_is_cut_off() -> None:
    bad = definition(*({"id": "a", "action": "log", "depends_on": [1] * 1000} for _ in range(1000)))

    reading = read_pipeline(bad)

    assert (reading.pipeline, len(reading.problems)) == (None, 1000)


STORED: list[tuple[dict[str, Any], str]] = [
    ({**FULL, "edges": []}, "unknown_key"),
    (with_step(position={"x": 1}), "unknown_key"),
    (with_step(retry={"jitter": True}), "unknown_key"),
    (with_parameter(type="banana"), "option"),
    (with_parameter(name="a-b"), "format"),
    (with_step(timeout_seconds=0), "minimum"),
    (definition(step("a"), settings={"timeout_seconds": -5}), "minimum"),
    (with_step(outputs=LONG_LIST), "too_long"),
    (definition(step("a"), version="1" * 51), "too_long"),
]


@pytest.mark.parametrize(("document", "code"), STORED, ids=[case[1] for case in STORED])
def test_what_older_servers_let_pass_is_a_warning_in_a_stored_definition(document: dict[str, Any], code: str) -> None:
    assert read_pipeline(document).pipeline is None

    reading = read_pipeline(document, stored=True)

    assert reading.pipeline is not None
    assert [(each.code, each.severity) for each in reading.problems] == [(code, "warning")]
    check_pipeline(reading.pipeline, catalog())


def test_a_stored_limit_that_makes_no_sense_counts_as_left_out() -> None:
    reading = read_pipeline({**with_step(timeout_seconds=0), "settings": {"timeout_seconds": 0}}, stored=True)

    assert reading.pipeline is not None
    assert (reading.pipeline.steps[0].timeout_seconds, reading.pipeline.settings.timeout_seconds) == (None, 7200)


def test_many_warnings_do_not_keep_a_stored_definition_from_loading() -> None:
    steps = [{"id": f"s{index}", "action": "log", "position": 1} for index in range(2000)]

    reading = read_pipeline(definition(*steps), stored=True)

    assert reading.pipeline is not None
    assert len(reading.pipeline.steps) == 2000
    assert len(reading.problems) == 1000


def test_the_digest_is_that_of_the_json() -> None:
    digest = definition_digest({"a": 1, "b": [2.0, "ü", {"c": None}]})

    assert definition_digest({"b": [2, "ü", {"c": None}], "a": 1.0}) == digest
    assert definition_digest({"b": ["2", "ü", {"c": None}], "a": 1}) != digest
    assert definition_digest({"b": [2, {"c": None}, "ü"], "a": 1}) != digest
    assert definition_digest({"a": True}) != definition_digest({"a": 1})
    assert len(digest) == 64


def test_the_schema_is_valid_and_every_member_is_described() -> None:
    schema = bud_schemas.load("pipeline")
    Draft202012Validator.check_schema(schema)

    for each in (schema, *schema["$defs"].values()):
        assert each["additionalProperties"] is False
        for name, member in each["properties"].items():
            assert member["description"].endswith("."), name
            assert member["title"]
            assert member["examples"]


JUNK: tuple[Any, ...] = (None, True, 0, -1, 7.5, 1e300, "", "x", "{{ params.n }}", [], [None], {}, {"junk": 1}, "\x00")


def mutations(document: dict[str, Any], count: int) -> list[Any]:
    """Return copies of a document in which some values were replaced, removed or added."""
    source = random.Random(4)
    found = []
    for _ in range(count):
        mutated: Any = copy.deepcopy(document)
        for _ in range(source.randint(1, 3)):
            container, key = source.choice(_places(mutated))
            if source.random() < 0.2 and isinstance(container, dict):
                del container[key]
                container["junk"] = source.choice(JUNK)
            else:
                container[key] = copy.deepcopy(source.choice(JUNK))
            if not _places(mutated):
                break
        found.append(mutated)
    return found


def _places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, member in members for place in [(value, key), *_places(member)]]


def test_the_reader_and_the_schema_agree() -> None:
    validator = jsonschema_rs.Draft202012Validator(bud_schemas.load("pipeline"))
    documents = [document for document in mutations(FULL, 800) if document and "dag" not in document]
    verdicts = [read_pipeline(document).pipeline is not None for document in documents]

    assert verdicts == [validator.is_valid(document) for document in documents]
    assert {True, False} == set(verdicts)


def test_no_mutation_raises() -> None:
    for document in mutations(FULL, 800):
        for stored in (False, True):
            reading = read_pipeline(document, stored=stored)
            assert (reading.pipeline is None) == any(each.is_error for each in reading.problems)
            if reading.pipeline is not None:
                check_pipeline(reading.pipeline, catalog())
