"""cluster_delete yields its declared outputs even where there are no services."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.cluster.delete import Executor
from bud_generated.cluster.delete import Params
from tests.actions.support import declared

EXAMPLES: list[dict[str, Any]] = [
    {"cluster_id": "{{ steps.create.outputs.cluster_id }}"},
    {"cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64", "force": True},
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
    assert declared("cluster_delete", result.outputs)
