"""cluster_health fails where the cluster cannot be asked."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.cluster.health import Executor
from bud_generated.cluster.health import Params
from tests.actions.support import declared

EXAMPLES: list[dict[str, Any]] = [
    {"cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"},
    {
        "cluster_id": "{{ params.cluster_id }}",
        "checks": ["nodes", "api", "storage", "network", "gpu"],
        "timeout_seconds": 60,
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
    assert "no services are configured, so 'budcluster' cannot be reached" in (result.error or "")
    assert declared("cluster_health", result.outputs)
