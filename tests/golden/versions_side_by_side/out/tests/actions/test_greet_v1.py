"""Tries greet@1 on the examples of its action file."""

import asyncio
from typing import Any

import pytest
from bud_actions.base import ActionContext

from bud_actions.builtin.greet_v1 import Executor
from bud_generated.builtin.greet_v1 import Params

EXAMPLES: list[dict[str, Any]] = [
    {'who': 'Ada'},
]


@pytest.mark.parametrize("params", EXAMPLES)
def test_params_keep_what_an_example_gives(params: dict[str, Any]) -> None:
    decoded = Params.from_dict(params)

    assert params.items() <= decoded.to_dict().items()


@pytest.mark.parametrize("params", EXAMPLES)
def test_run(params: dict[str, Any]) -> None:
    # Written before the executor was: replace it with what running an example should give.
    with pytest.raises(NotImplementedError):
        asyncio.run(Executor().execute(ActionContext(params=params)))
