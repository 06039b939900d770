"""Tries cluster_delete on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.cluster.delete import Executor
from bud_generated.cluster.delete import Params

EXAMPLES: list[dict[str, Any]] = [
    {"cluster_id": "{{ steps.create.outputs.cluster_id }}"},
    {"cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64", "force": True},
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
