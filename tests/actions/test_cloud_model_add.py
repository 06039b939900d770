"""cloud_model_add yields its declared outputs even where there are no services."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.model.cloud_model_add import Executor
from bud_generated.model.cloud_model_add import Params
from tests.actions.support import declared

EXAMPLES: list[dict[str, Any]] = [
    {"provider_id": "0f6b1c9e-3a54-4a8e-8a0d-51f7c2be7d13", "model_name": "gpt-4o-mini", "model_uri": "gpt-4o-mini"},
    {
        "provider_id": "0f6b1c9e-3a54-4a8e-8a0d-51f7c2be7d13",
        "cloud_model_id": "c7a5c2d8-5a0b-4b83-9d5c-6f3b0a4be921",
        "model_name": "{{ params.display_name }}",
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
    assert declared("cloud_model_add", result.outputs)
