"""Tries deployment_create on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.deployment.create import Executor
from bud_generated.deployment.create import Params

EXAMPLES: list[dict[str, Any]] = [
    {
        "model_id": "{{ steps.add.outputs.model_id }}",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "llama-2-7b-chat",
        "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "concurrent_requests": 20,
        "ttft": [50, 150],
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "gpt-4o-mini",
        "credential_id": "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40",
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "assistant",
        "cluster_id": "{{ steps.simulate.outputs.cluster_id }}",
        "tool_calling_parser_type": "{{ steps.simulate.outputs.tool_calling_parser_type }}",
        "reasoning_parser_type": "{{ steps.simulate.outputs.reasoning_parser_type }}",
        "budaiscaler_specification": {"enabled": True, "minReplicas": 1, "maxReplicas": 5},
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
