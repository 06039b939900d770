"""set_output publishes values as they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.builtin.set_output import Executor
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, yielded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON))
def test_outputs_are_the_values_unchanged(values: dict[str, Any]) -> None:
    assert yielded(Executor(), {"outputs": values}) == values


@pytest.mark.parametrize("values", [{"values": 1}, {"outputs": {"outputs": 2}}, {"*": None}, {"a b": [], "class": ""}])
def test_no_name_means_something_else(values: dict[str, Any]) -> None:
    assert yielded(Executor(), {"outputs": values}) == values


def test_nothing_given_is_nothing_published() -> None:
    assert yielded(Executor(), {}) == {}


@pytest.mark.parametrize("outputs", ["text", [1], 5])
def test_outputs_are_an_object(outputs: Any) -> None:
    assert list(ParamValidator(CATALOG["set_output"]["meta"]).validate({"outputs": outputs}))
