"""The params of an execution."""

from typing import Any

import pytest

from bud_server.pipelines import check_params, read_pipeline
from tests.pipelines.support import definition, step


def check(parameter: dict[str, Any], params: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    pipeline = read_pipeline(definition(step("a"), parameters=[{"name": "p", **parameter}]), stored=True).pipeline
    assert pipeline is not None
    complete, problems = check_params(pipeline, params)
    return complete, [each.message for each in problems]


MISSING = ["Required parameter 'p' is missing or empty"]


@pytest.mark.parametrize(
    ("parameter", "params", "complete", "messages"),
    [
        ({}, {"p": "x"}, {"p": "x"}, []),
        ({}, {}, {"p": None}, MISSING),
        ({}, {"p": None}, {"p": None}, MISSING),
        ({}, {"p": ""}, {"p": None}, MISSING),
        ({"default": "d"}, {}, {"p": "d"}, []),
        ({"default": "d"}, {"p": ""}, {"p": "d"}, []),
        ({"default": ""}, {}, {"p": None}, MISSING),
        ({"required": False}, {}, {"p": None}, []),
        ({"type": "boolean", "default": True}, {"p": False}, {"p": False}, []),
        ({"type": "integer"}, {"p": 0}, {"p": 0}, []),
        ({}, {"p": 1}, {"p": 1}, ["Parameter 'p' must be a text, not a whole number"]),
        ({"type": "model_ref"}, {"p": []}, {"p": []}, ["Parameter 'p' must be a text, not a list"]),
        ({"type": "number"}, {"p": 1}, {"p": 1}, []),
        ({"type": "float"}, {"p": 1.5}, {"p": 1.5}, []),
        ({"type": "number"}, {"p": "1"}, {"p": "1"}, ["Parameter 'p' must be a number, not a text"]),
        ({"type": "number"}, {"p": True}, {"p": True}, ["Parameter 'p' must be a number, not true or false"]),
        ({"type": "integer"}, {"p": 2.0}, {"p": 2.0}, []),
        ({"type": "integer"}, {"p": 2.5}, {"p": 2.5}, ["Parameter 'p' must be a whole number, not a number"]),
        ({"type": "boolean"}, {"p": "true"}, {"p": "true"}, ["Parameter 'p' must be true or false, not a text"]),
        ({"type": "array"}, {"p": []}, {"p": []}, []),
        ({"type": "object"}, {"p": {}}, {"p": {}}, []),
        ({"type": "object"}, {"p": []}, {"p": []}, ["Parameter 'p' must be an object, not a list"]),
        ({"type": "json"}, {"p": [1]}, {"p": [1]}, []),
        ({"type": "banana"}, {"p": 1}, {"p": 1}, []),
        ({}, {"p": "x", "user_id": "u"}, {"p": "x", "user_id": "u"}, ["Unknown parameter: user_id"]),
    ],
)
def test_params_are_completed_and_checked(
    parameter: dict[str, Any], params: dict[str, Any], complete: dict[str, Any], messages: list[str]
) -> None:
    assert check(parameter, params) == (complete, messages)


def test_only_an_unknown_param_is_a_warning() -> None:
    pipeline = read_pipeline(definition(step("a"), parameters=[{"name": "p"}])).pipeline
    assert pipeline is not None

    _, problems = check_params(pipeline, {"q": 1})

    assert [(each.code, each.severity, each.pointer) for each in problems] == [
        ("param_missing", "error", "/p"),
        ("param_unknown", "warning", "/q"),
    ]
    assert problems[1].hint == "known here: p"
