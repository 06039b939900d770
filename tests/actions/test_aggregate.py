"""Tries aggregate on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.builtin.aggregate import Executor
from bud_generated.builtin.aggregate import Params

EXAMPLES: list[dict[str, Any]] = [
    {
        "inputs": [
            "{{ steps.sim_small.outputs.metrics.throughput_per_user }}",
            "{{ steps.sim_large.outputs.metrics.throughput_per_user }}",
        ],
        "operation": "max",
    },
    {"inputs": ["llama-2-7b", "mistral-7b", "gemma-7b"], "operation": "join", "separator": " / "},
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
