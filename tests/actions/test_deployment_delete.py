"""deployment_delete waits as long as it is told to."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext, ServiceUnreachableError
from bud_actions.deployment.delete import Executor
from bud_generated.deployment.delete import Params
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, declared

VALIDATOR = ParamValidator(CATALOG["deployment_delete"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {"endpoint_id": "{{ steps.deploy.outputs.endpoint_id }}"},
    {"endpoint_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36", "max_wait_seconds": 600},
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
    assert declared("deployment_delete", result.outputs)


@pytest.mark.parametrize("seconds", [29, 601, "soon"])
def test_a_wait_is_half_a_minute_to_ten_minutes(seconds: object) -> None:
    assert list(VALIDATOR.validate({"endpoint_id": "e", "max_wait_seconds": seconds}))


def test_templates_are_accepted_for_the_wait() -> None:
    assert not list(VALIDATOR.validate({"endpoint_id": "{{ params.id }}", "max_wait_seconds": "{{ params.wait }}"}))


def test_a_wait_that_cannot_be_looked_after_is_told() -> None:
    context = ActionContext(step_outputs={"step": {"endpoint_id": "e", "workflow_id": "wf-1"}})

    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().poll(context))
