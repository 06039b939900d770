"""deployment_create deploys what its rules allow, and waits until the endpoint is there."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext, EventContext, ServiceError, ServiceUnreachableError
from bud_actions.deployment.create import Executor
from bud_generated.deployment.create import Params
from bud_schemas import ParamValidator
from tests.actions.services import Answering
from tests.actions.support import CATALOG, declared

CLOUD = {"model_id": "m", "project_id": "p", "endpoint_name": "chat", "credential_id": "k"}
VALIDATOR = ParamValidator(CATALOG["deployment_create"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {
        "model_id": "{{ steps.add.outputs.model_id }}",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "llama-2-7b-chat",
        "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "concurrent_requests": 20,
        "ttft": [50, 150],
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "gpt-4o-mini",
        "credential_id": "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40",
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "project_id": "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28",
        "endpoint_name": "assistant",
        "cluster_id": "{{ steps.simulate.outputs.cluster_id }}",
        "tool_calling_parser_type": "{{ steps.simulate.outputs.tool_calling_parser_type }}",
        "reasoning_parser_type": "{{ steps.simulate.outputs.reasoning_parser_type }}",
        "budaiscaler_specification": {"enabled": True, "minReplicas": 1, "maxReplicas": 5},
    },
]


def answering(endpoints: object) -> Answering:
    return Answering({"endpoints": endpoints})


def done(**more: Any) -> EventContext:
    """Return the event that a deployment has ended, which says nothing of its endpoint."""
    payload = {"type": "deploy_model", "event": "results", "content": {"status": "COMPLETED", "result": {}}}
    return EventContext(
        step_execution_id="e/s",
        execution_id="e",
        external_workflow_id="wf-1",
        event_type="notification",
        event_data={"type": "notification", "payload": payload},
        step_outputs={"endpoint_name": "chat", "workflow_id": "wf-1"},
        params=CLOUD,
        **more,
    )


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
    assert declared("deployment_create", result.outputs)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"credential_id": None},
            "Either cluster_id (for local models) or credential_id (for cloud models) is required",
        ),
        ({"ttft": [200, 50]}, "ttft: min value cannot be greater than max value"),
        ({"e2e_latency": [1]}, "e2e_latency: must be a [min, max] pair of numbers"),
        ({"hardware_mode": "borrowed"}, "hardware_mode: must be one of: dedicated, shared"),
        (
            {"budaiscaler_specification": {"minReplicas": -1}},
            "budaiscaler_specification.minReplicas: must be >= 0",
        ),
        (
            {"budaiscaler_specification": {"maxReplicas": 0}},
            "budaiscaler_specification.maxReplicas: must be >= 1",
        ),
    ],
)
def test_what_cannot_be_deployed_is_found_before_the_step_runs(params: dict[str, Any], message: str) -> None:
    assert [each.message for each in VALIDATOR.validate({**CLOUD, **params})] == [message]


def test_templates_are_accepted_for_targets() -> None:
    params = {**CLOUD, "ttft": "{{ params.ttft }}", "budaiscaler_specification": "{{ params.scaling }}"}

    assert not list(VALIDATOR.validate(params))


@pytest.mark.parametrize("endpoints", [[], [{"id": "e-1", "name": "other"}], [{"name": "chat"}], None])
def test_an_event_is_told_again_while_the_endpoint_is_not_there(endpoints: object) -> None:
    with pytest.raises(ServiceError, match="budapp has no endpoint 'chat' in the project p yet"):
        asyncio.run(Executor().on_event(done(services=answering(endpoints))))


def test_an_event_is_told_again_while_budapp_cannot_be_asked() -> None:
    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().on_event(done()))


def test_an_endpoint_without_an_address_is_an_endpoint() -> None:
    services = answering([{"id": "e-1", "name": "chat"}])
    outputs = declared("deployment_create", asyncio.run(Executor().on_event(done(services=services))).outputs)

    assert (outputs["success"], outputs["endpoint_id"], outputs["endpoint_url"]) == (True, "e-1", None)


def test_a_deployment_that_cannot_be_cancelled_is_told() -> None:
    context = ActionContext(step_outputs={"step": {"workflow_id": "wf-1"}})

    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().cleanup(context))


def test_that_a_deployment_goes_on_without_a_configuration_is_in_the_log() -> None:
    told: list[tuple[str, object]] = []
    params = {**CLOUD, "cluster_id": "c", "hardware_mode": "shared"}
    context = ActionContext(params=params, report=lambda kind, data: told.append((kind, data["event"])))
    result = asyncio.run(Executor().execute(context))

    assert told == [("log", "simulation_failed")]
    assert (result.error or "").startswith("Failed to start the deployment: ")


def test_a_wait_that_cannot_be_looked_after_is_told() -> None:
    context = ActionContext(step_outputs={"step": {"endpoint_name": "chat", "workflow_id": "wf-1"}})

    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().poll(context))
