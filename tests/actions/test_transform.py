"""transform applies one operation to a value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.builtin.transform import OPERATIONS, Executor
from bud_schemas.values import is_same
from tests.actions.support import CATALOG, execute, yielded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("operation", "given_value", "result", "types"),
    [
        ("passthrough", {"a": [1, None]}, {"a": [1, None]}, ("dict", "dict")),
        ("passthrough", 0, 0, ("int", "int")),
        ("passthrough", False, False, ("bool", "bool")),
        ("uppercase", "straße é", "STRASSE É", ("str", "str")),
        ("lowercase", "ABC", "abc", ("str", "str")),
        ("keys", {"b": 1, "a": 2}, ["b", "a"], ("dict", "list")),
        ("values", {"b": 1, "a": None}, [1, None], ("dict", "list")),
        ("count", "häh", 3, ("str", "int")),
        ("count", [1, [2, 3]], 2, ("list", "int")),
        ("count", {"a": 1}, 1, ("dict", "int")),
        ("flatten", [1, [2, [3]], [], "ab", {"c": 4}], [1, 2, [3], "ab", {"c": 4}], ("list", "list")),
        ("unique", ["b", "a", "b"], ["b", "a"], ("list", "list")),
        (
            "unique",
            [1, True, 1.0, "1", None, [1], [True], {"a": 1}, {"a": 1.0}],
            [1, True, "1", None, [1], [True], {"a": 1}],
            ("list", "list"),
        ),
        ("sort", [3, 1.5, 2], [1.5, 2, 3], ("list", "list")),
        ("sort", ["b", "B", "a"], ["B", "a", "b"], ("list", "list")),
        ("reverse", [1, 2, 3], [3, 2, 1], ("list", "list")),
        ("sort", [], [], ("list", "list")),
    ],
)
def test_an_operation_gives(operation: str, given_value: Any, result: Any, types: tuple[str, str]) -> None:
    outputs = yielded(Executor(), {"input": given_value, "operation": operation})

    assert is_same(outputs.pop("result"), result)
    assert outputs == {"operation": operation, "input_type": types[0], "output_type": types[1]}


def test_nothing_is_passed_through_as_an_empty_object() -> None:
    expected = {"result": {}, "operation": "passthrough", "input_type": "dict", "output_type": "dict"}

    assert yielded(Executor(), {}) == expected


@pytest.mark.parametrize(
    ("operation", "given_value", "message"),
    [
        ("uppercase", ["a"], "uppercase takes a text, and the input is of type list"),
        ("lowercase", 5, "lowercase takes a text, and the input is of type int"),
        ("keys", [1], "keys takes an object, and the input is of type list"),
        ("values", "a", "values takes an object, and the input is of type str"),
        ("count", 5, "count takes a text, a list or an object, and the input is of type int"),
        ("flatten", {"a": [1]}, "flatten takes a list, and the input is of type dict"),
        ("unique", "aab", "unique takes a list, and the input is of type str"),
        ("sort", {"b": 1}, "sort takes a list, and the input is of type dict"),
        ("reverse", "abc", "reverse takes a list, and the input is of type str"),
        ("sort", [1, "a"], "sort takes items that can be compared: all of them numbers, or all of them texts"),
        (
            "sort",
            [{"a": 1}, {"a": 0}],
            "sort takes items that can be compared: all of them numbers, or all of them texts",
        ),
    ],
)
def test_a_value_of_another_kind_fails_the_step(operation: str, given_value: Any, message: str) -> None:
    result = execute(Executor(), {"input": given_value, "operation": operation})

    assert (result.success, result.error) == (False, message)


def test_every_operation_that_can_be_chosen_is_known() -> None:
    operation = next(param for param in CATALOG["transform"]["meta"]["params"] if param["name"] == "operation")

    assert [option["value"] for option in operation["options"]] == list(OPERATIONS)


@given(JSON, st.sampled_from(sorted(OPERATIONS)))
def test_any_value_gives_what_is_declared_or_a_sentence(value: Any, operation: str) -> None:
    result = execute(Executor(), {"input": value, "operation": operation})

    assert result.success or (result.error or "").startswith(f"{operation} takes ")
    assert not result.success or yielded(Executor(), {"input": value, "operation": operation})


@given(st.lists(JSON))
def test_unique_keeps_the_first_of_each(items: list[Any]) -> None:
    kept = yielded(Executor(), {"input": items or [0], "operation": "unique"})["result"]
    expected: list[Any] = []
    for item in items or [0]:
        if not any(is_same(item, earlier) for earlier in expected):
            expected.append(item)

    assert is_same(kept, expected)
