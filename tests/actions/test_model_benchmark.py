"""Tries model_benchmark on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.model.benchmark import Executor
from bud_generated.model.benchmark import Params

EXAMPLES: list[dict[str, Any]] = [
    {"model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05", "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"},
    {
        "model_id": "{{ steps.add.outputs.model_id }}",
        "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "benchmark_name": "nightly-load",
        "concurrent_requests": 32,
        "max_input_tokens": 2048,
        "max_output_tokens": 256,
        "num_prompts": 500,
        "selected_device_type": "cuda",
        "tp_size": 2,
        "pp_size": 1,
        "replicas": 1,
        "max_wait_seconds": 3600,
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
