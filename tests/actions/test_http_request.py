"""Tries http_request on the examples of its action file."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.integration.http_request import Executor
from bud_generated.integration.http_request import Params

EXAMPLES: list[dict[str, Any]] = [
    {"url": "https://api.example.com/v1/models"},
    {
        "url": "https://registry.example.com/endpoints",
        "method": "POST",
        "headers": {"Authorization": "Bearer {{ params.registry_token }}"},
        "body": {"name": "{{ steps.deploy.outputs.endpoint_name }}", "id": "{{ steps.deploy.outputs.endpoint_id }}"},
        "timeout_seconds": 10,
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
