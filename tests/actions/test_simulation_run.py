"""Tries simulation_run on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.simulation.run import Executor
from bud_generated.simulation.run import Params

EXAMPLES: list[dict[str, Any]] = [
    {
        "model_id": "{{ steps.add.outputs.model_id }}",
        "input_tokens": 2048,
        "concurrency": 20,
        "target_ttft": 200,
        "target_throughput_per_user": 20,
        "target_e2e_latency": 30,
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "target_ttft": 500,
        "target_throughput_per_user": 10,
        "target_e2e_latency": 60,
        "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "simulation_method": "heuristic",
        "hardware_mode": "shared",
        "is_quantization": True,
        "quantization_method": "awq",
        "quantization_type": "int4",
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
