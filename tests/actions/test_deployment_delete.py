"""Tries deployment_delete on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.deployment.delete import Executor
from bud_generated.deployment.delete import Params

EXAMPLES: list[dict[str, Any]] = [
    {"endpoint_id": "{{ steps.deploy.outputs.endpoint_id }}"},
    {"endpoint_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36", "max_wait_seconds": 600},
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
