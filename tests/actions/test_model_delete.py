"""model_delete escapes the id that it is given."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.model.delete import Executor
from bud_generated.model.delete import Params
from tests.actions.support import declared

EXAMPLES: list[dict[str, Any]] = [
    {"model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05"},
    {"model_id": "{{ steps.add.outputs.model_id }}", "force": True},
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
    assert declared("model_delete", result.outputs)
