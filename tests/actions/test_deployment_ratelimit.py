"""deployment_ratelimit takes limits as its rules say, and templates."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext
from bud_actions.deployment.ratelimit import Executor
from bud_generated.deployment.ratelimit import Params
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, declared

VALIDATOR = ParamValidator(CATALOG["deployment_ratelimit"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {"endpoint_id": "{{ steps.deploy.outputs.endpoint_id }}", "requests_per_second": 10, "burst_size": 20},
    {
        "endpoint_id": "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36",
        "algorithm": "sliding_window",
        "requests_per_hour": 50000,
        "enabled": False,
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
    assert declared("deployment_ratelimit", result.outputs)


@pytest.mark.parametrize("params", [{}, {"enabled": False}, {"requests_per_second": "", "requests_per_hour": None}])
def test_there_is_a_limit(params: dict[str, Any]) -> None:
    assert [each.message for each in VALIDATOR.validate({"endpoint_id": "e", **params})] == [
        "At least one rate limit must be specified: requests_per_second, requests_per_minute or requests_per_hour"
    ]


@pytest.mark.parametrize(
    "params", [{"requests_per_second": "{{ params.rps }}"}, {"requests_per_hour": 5, "algorithm": "{{ params.how }}"}]
)
def test_templates_are_accepted_for_limits(params: dict[str, Any]) -> None:
    assert not list(VALIDATOR.validate({"endpoint_id": "e", **params}))


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "ten"])
def test_a_limit_is_a_positive_integer(value: object) -> None:
    assert list(VALIDATOR.validate({"endpoint_id": "e", "requests_per_minute": value}))
