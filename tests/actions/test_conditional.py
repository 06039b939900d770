"""Tries conditional on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.builtin.conditional import Executor
from bud_generated.builtin.conditional import Params

EXAMPLES: list[dict[str, Any]] = [
    {
        "branches": [
            {
                "id": "branch_1",
                "label": "Healthy",
                "condition": "{{ steps.check.outputs.healthy }}",
                "target_step": "deploy",
            },
            {"id": "branch_2", "label": "Otherwise", "condition": "true", "target_step": "notify"},
        ]
    },
    {
        "condition": "{{ steps.benchmark.outputs.success }}",
        "true_result": {"branch": "true", "replicas": 4},
        "false_result": {"branch": "false", "replicas": 1},
    },
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
