"""deployment_scale sets a number of replicas."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionContext
from bud_actions.deployment.scale import Executor
from bud_generated.deployment.scale import Params
from bud_schemas import ParamValidator
from tests.actions.services import Endpoint
from tests.actions.support import CATALOG, declared

VALIDATOR = ParamValidator(CATALOG["deployment_scale"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {"endpoint_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36", "target_replicas": 4},
    {"endpoint_id": "{{ params.endpoint_id }}", "target_replicas": 0},
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
    assert declared("deployment_scale", result.outputs)


@pytest.mark.parametrize("replicas", [-1, 101, 1.5, "many"])
def test_replicas_are_none_to_a_hundred(replicas: object) -> None:
    assert list(VALIDATOR.validate({"endpoint_id": "e", "target_replicas": replicas}))


def test_templates_are_accepted_for_replicas() -> None:
    assert not list(VALIDATOR.validate({"endpoint_id": "e", "target_replicas": "{{ params.n }}"}))


@given(
    st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=8), max_size=6)
)
def test_whatever_else_is_set_stays(settings: dict[str, Any]) -> None:
    services = Endpoint(settings)
    context = ActionContext(params={"endpoint_id": "e", "target_replicas": 3}, services=services)
    result = asyncio.run(Executor().execute(context))

    assert result.success
    assert declared("deployment_scale", result.outputs)
    assert services.settings == {**settings, "enabled": True, "minReplicas": 3, "maxReplicas": 3}
