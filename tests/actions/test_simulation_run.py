"""simulation_run takes targets, and settings of quantization where there is any."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionContext, EventAction, EventContext, ServiceUnreachableError
from bud_actions.simulation.run import Executor
from bud_generated.simulation.run import Params
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, declared

KEYS = st.sampled_from(
    ["cluster_id", "metrics", "ttft", "error_rate", "chat_template", "supports_lora", "tool_calling_parser_type"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)
VALIDATOR = ParamValidator(CATALOG["simulation_run"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {
        "model_id": "{{ steps.add.outputs.model_id }}",
        "input_tokens": 2048,
        "concurrency": 20,
        "target_ttft": 200,
        "target_throughput_per_user": 20,
        "target_e2e_latency": 30,
    },
    {
        "model_id": "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05",
        "target_ttft": 500,
        "target_throughput_per_user": 10,
        "target_e2e_latency": 60,
        "cluster_id": "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "simulation_method": "heuristic",
        "hardware_mode": "shared",
        "is_quantization": True,
        "quantization_method": "awq",
        "quantization_type": "int4",
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
    assert declared("simulation_run", result.outputs)


def test_targets_are_required() -> None:
    assert [each.message for each in VALIDATOR.validate({"model_id": "m"})] == [
        "Missing required parameter: target_ttft",
        "Missing required parameter: target_throughput_per_user",
        "Missing required parameter: target_e2e_latency",
    ]


def test_how_weights_are_quantized_counts_only_where_they_are() -> None:
    params = {**EXAMPLES[1], "is_quantization": False}

    assert "quantization_method" not in VALIDATOR.complete(params)
    assert "quantization_method" in VALIDATOR.complete(EXAMPLES[1])


@given(JSON)
def test_whatever_budsim_recommends_a_result_has_the_declared_outputs(recommendation: object) -> None:
    content = {"status": "COMPLETED", "result": {"recommendations": [recommendation]}}
    event = EventContext(
        step_execution_id="e/s",
        execution_id="e",
        external_workflow_id="wf-1",
        event_type="get_cluster_recommendations",
        event_data={"type": "get_cluster_recommendations", "payload": {"event": "results", "content": content}},
    )
    meant = asyncio.run(Executor().on_event(event))

    assert meant.action is EventAction.COMPLETE
    assert declared("simulation_run", meant.outputs)


def test_a_wait_that_cannot_be_looked_after_is_told() -> None:
    context = ActionContext(step_outputs={"step": {"workflow_id": "wf-1"}})

    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().poll(context))
