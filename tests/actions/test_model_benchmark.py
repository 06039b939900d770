"""model_benchmark finds wrong ids before it runs."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.model.benchmark import Executor
from bud_generated.model.benchmark import Params
from tests.actions.support import declared

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
def test_without_services_an_example_fails_and_nothing_has_changed(params: dict[str, Any]) -> None:
    result = asyncio.run(Executor().execute(ActionContext(params=params)))

    assert not result.success
    assert not result.had_effect
    assert "no services are configured, so 'budapp' cannot be reached" in (result.error or "")
    assert declared("model_benchmark", result.outputs)


@pytest.mark.parametrize("cluster_id", ["", "cluster-1", "../models", "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f6"])
def test_a_cluster_is_given_by_its_uuid(cluster_id: str) -> None:
    said = Executor().validate_params({"model_id": "m", "cluster_id": cluster_id})

    assert said == [f"cluster_id: '{cluster_id}' is not a UUID"]


def test_the_uuid_of_a_cluster_is_accepted() -> None:
    assert Executor().validate_params(EXAMPLES[0]) == []
