"""Tries deployment_autoscale on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.deployment.autoscale import Executor
from bud_generated.deployment.autoscale import Params

EXAMPLES: list[dict[str, Any]] = [
    {
        "deployment_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36",
        "min_replicas": 2,
        "max_replicas": 8,
        "target_cpu_utilization": 60,
    },
    {"deployment_id": "{{ steps.deploy.outputs.endpoint_id }}"},
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
