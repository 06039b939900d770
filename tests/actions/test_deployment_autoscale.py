"""deployment_autoscale sets the bounds and targets between which replicas follow the load."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionContext
from bud_actions.deployment.autoscale import Executor
from bud_generated.deployment.autoscale import Params
from bud_schemas import ParamValidator
from tests.actions.services import Endpoint
from tests.actions.support import CATALOG, declared

VALIDATOR = ParamValidator(CATALOG["deployment_autoscale"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {
        "deployment_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36",
        "min_replicas": 2,
        "max_replicas": 8,
        "target_cpu_utilization": 60,
    },
    {"deployment_id": "{{ steps.deploy.outputs.endpoint_id }}"},
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
    assert declared("deployment_autoscale", result.outputs)


def test_bounds_are_in_order() -> None:
    params = {"deployment_id": "d", "min_replicas": 5, "max_replicas": 2}

    assert [each.message for each in VALIDATOR.validate(params)] == ["min_replicas cannot be greater than max_replicas"]


def test_templates_are_accepted_for_numbers() -> None:
    params = {"deployment_id": "{{ params.id }}", "min_replicas": "{{ params.min }}", "max_replicas": 2}

    assert not list(VALIDATOR.validate(params))


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "targetMetric", "targetValue"]), st.sampled_from(["cpu", "memory", "gpu", "50"])
        ),
        max_size=5,
    )
)
def test_cpu_and_memory_are_measured_once_and_all_else_still_is(sources: list[dict[str, str]]) -> None:
    services = Endpoint({"metricsSources": sources})
    context = ActionContext(params={"deployment_id": "d"}, services=services)
    result = asyncio.run(Executor().execute(context))
    others = [each for each in sources if each.get("targetMetric") not in ("cpu", "memory")]

    assert result.success
    assert services.settings["metricsSources"] == [
        *others,
        {"type": "resource", "targetMetric": "cpu", "targetValue": "70"},
        {"type": "resource", "targetMetric": "memory", "targetValue": "80"},
    ]
