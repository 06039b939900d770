"""cluster_create yields its declared outputs even where there are no services."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.cluster.create import Executor
from bud_generated.cluster.create import Params
from tests.actions.support import declared

EXAMPLES: list[dict[str, Any]] = [
    {
        "cluster_name": "inference-in-1",
        "provider": "aws",
        "region": "ap-south-1",
        "node_type": "g5.xlarge",
        "node_count": 4,
    },
    {"cluster_name": "{{ params.site }}-cluster", "provider": "onprem"},
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
    assert "no services are configured, so 'budcluster' cannot be reached" in (result.error or "")
    assert declared("cluster_create", result.outputs)
