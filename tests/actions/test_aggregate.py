"""aggregate combines several values into one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.builtin.aggregate import OPERATIONS, Executor
from bud_schemas.values import is_same
from tests.actions.support import CATALOG, execute, yielded

TEXTS = [1, 1.5, True, None, "b", {"k": [1, "é"]}]


@pytest.mark.parametrize(
    ("operation", "inputs", "result"),
    [
        ("list", [1, [2], None], [1, [2], None]),
        ("sum", [1, 2, 3], 6),
        ("sum", [0.1] * 10, 1.0),
        ("sum", [2**60, 1], 2**60 + 1),
        ("sum", [1, "2"], 0),
        ("sum", [1, True], 0),
        ("sum", [1, None], 0),
        ("sum", [], 0),
        ("join", ["a", "b"], "a, b"),
        ("join", TEXTS, '1, 1.5, true, , b, {"k":[1,"é"]}'),
        ("join", [], ""),
        ("merge", [{"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}], {"a": 1, "b": {"d": 2}}),
        ("merge", [], {}),
        ("first", [None, 2], None),
        ("first", ["a", "b"], "a"),
        ("first", [], None),
        ("last", ["a", "b"], "b"),
        ("last", [], None),
        ("min", [3, 1.5, 2], 1.5),
        ("max", [3, 1.5, 2], 3),
        ("min", [3, "1", True, None], 3),
        ("max", ["a", False], None),
        ("min", [], None),
        ("average", [1, 2], 1.5),
        ("average", [1, "a", 3], 2),
        ("average", ["a"], None),
        ("average", [], None),
        ("count", [None, [1, 2]], 2),
        ("count", [], 0),
        ("flatten", [[1, [2]], 3, [], "ab"], [1, [2], 3, "ab"]),
    ],
)
def test_an_operation_gives(operation: str, inputs: list[Any], result: Any) -> None:
    outputs = yielded(Executor(), {"inputs": inputs, "operation": operation})

    assert is_same(outputs.pop("result"), result)
    assert outputs == {"count": len(inputs), "operation": operation}


def test_texts_are_joined_by_the_separator() -> None:
    params = {"inputs": ["llama", "mistral", "gemma"], "operation": "join", "separator": " / "}

    assert yielded(Executor(), params)["result"] == "llama / mistral / gemma"


def test_nothing_is_an_empty_list() -> None:
    assert yielded(Executor(), {}) == {"result": [], "count": 0, "operation": "list"}


@pytest.mark.parametrize("value", [None, 1, "a", [{}]])
def test_only_objects_are_merged(value: Any) -> None:
    result = execute(Executor(), {"inputs": [{"a": 1}, value], "operation": "merge"})

    assert result.error == f"merge takes objects, and inputs[1] is of type {type(value).__name__}"


@pytest.mark.parametrize("operation", ["sum", "average"])
@pytest.mark.parametrize("inputs", [[1.7e308, 1.7e308], [10**308, 10**308], [10**308] * 2 + [0.5]])
def test_a_sum_that_is_no_number_fails_the_step(operation: str, inputs: list[float]) -> None:
    result = execute(Executor(), {"inputs": inputs, "operation": operation})

    assert result.error == "The sum is too large: a number is at most 1.8e308"


def test_every_operation_that_can_be_chosen_is_known() -> None:
    operation = next(param for param in CATALOG["aggregate"]["meta"]["params"] if param["name"] == "operation")

    assert {option["value"] for option in operation["options"]} == {*OPERATIONS, "join"}


@given(st.lists(st.integers(-(2**40), 2**40) | st.floats(-1e6, 1e6), min_size=1))
def test_the_average_lies_between_the_smallest_and_the_largest(numbers: list[float]) -> None:
    low, average, high = (
        yielded(Executor(), {"inputs": numbers, "operation": operation})["result"]
        for operation in ("min", "average", "max")
    )

    assert low - 1e-3 <= average <= high + 1e-3
