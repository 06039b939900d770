"""Executor of simulation_run."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from bud_actions.base import ActionContext, ActionResult, Awaiting, EventContext, EventResult, TypedExecutor
from bud_actions.platform.calls import ask_budsim, failing, number_in, object_in, objects_in, text_in
from bud_actions.platform.events import Phases, completed, failed, read
from bud_actions.platform.simulations import ModelSource, engine_settings, run_simulation, source_of_model
from bud_actions.platform.workflows import own_outputs, started_workflow
from bud_generated.simulation.run import Outputs, OutputsMetrics, Params

Recommendations = Sequence[Mapping[str, Any]]
_STARTED = {
    "validation": 10,
    "hardware_selection": 25,
    "engine_configuration": 50,
    "performance_estimation": 75,
    "ranking": 90,
}
EVENTS = Phases(
    progress={
        **{(phase, "STARTED"): percent for phase, percent in _STARTED.items()},
        **{(phase, "COMPLETED"): percent + 5 for phase, percent in _STARTED.items()},
    },
)
METRICS = ("ttft", "throughput_per_user", "e2e_latency", "error_rate", "cost_per_million_tokens")
OPTIONAL = (
    "cluster_id",
    "simulation_method",
    "model_endpoints",
    "model_max_context_length",
    "quantization_method",
    "quantization_type",
)
NOTHING_FOUND = "The simulation found nothing that meets the targets"
MOST_RECOMMENDATIONS = 100


class Executor(TypedExecutor[Params, Outputs]):
    """Has budsim estimate how a model would perform, and waits for its recommendations."""

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        outputs = partial(_outputs, None, "failed")
        with failing("Failed to find the model", outputs, only_reads=True):
            source = await source_of_model(context, params.model_id)
        with failing("Failed to start the simulation", outputs):
            answer = await run_simulation(context, _request(params, source, context.callback.topic))
            workflow_id = started_workflow(answer, "budsim")
        return Awaiting(
            external_workflow_id=workflow_id,
            outputs=_outputs(workflow_id, "running", "budsim simulates the model").to_dict(),
            timeout_seconds=params.max_wait_seconds,
        )

    async def on_event(self, context: EventContext) -> EventResult:
        workflow_id, notice = context.external_workflow_id, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budsim could not simulate the model"
            return failed(message, _outputs(workflow_id, "failed", message))
        if not EVENTS.has_completed(notice):
            return EVENTS.told(notice)
        recommendations = objects_in(notice.values, "recommendations")
        if not recommendations:
            return failed(NOTHING_FOUND, _outputs(workflow_id, "failed", NOTHING_FOUND, recommendations))
        return completed(_found(workflow_id, recommendations))

    async def poll(self, context: ActionContext) -> ActionResult | None:
        workflow_id = own_outputs(context)["workflow_id"]
        query = {"workflow_id": workflow_id, "limit": MOST_RECOMMENDATIONS}
        answer = await ask_budsim(context, "GET", "simulator/recommendations", query=query)
        recommendations = objects_in(answer, "recommendations")
        if not recommendations:
            return None
        return ActionResult(success=True, outputs=_found(workflow_id, recommendations).to_dict())


def _request(params: Params, source: ModelSource, topic: str) -> dict[str, Any]:
    optional = {"model_uri": source.uri, **{name: getattr(params, name) for name in OPTIONAL}}
    return {
        "pretrained_model_uri": source.location,
        "input_tokens": params.input_tokens,
        "output_tokens": params.output_tokens,
        "concurrency": params.concurrency,
        "target_ttft": params.target_ttft,
        "target_throughput_per_user": params.target_throughput_per_user,
        "target_e2e_latency": params.target_e2e_latency,
        "hardware_mode": params.hardware_mode,
        "is_quantization": params.is_quantization,
        "debug": False,
        "source_topic": topic,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _found(workflow_id: str, recommendations: Recommendations) -> Outputs:
    return _outputs(workflow_id, "completed", f"Recommendations: {len(recommendations)}", recommendations)


def _metrics(recommendation: Mapping[str, Any]) -> OutputsMetrics:
    given = object_in(recommendation, "metrics")
    return OutputsMetrics.from_dict({name: number_in(given, name) for name in METRICS})


def _outputs(
    workflow_id: str | None,
    status: Literal["running", "completed", "failed"],
    message: str,
    recommendations: Recommendations | None = None,
) -> Outputs:
    """Return the outputs, with what the best recommendation says, which comes first."""
    top = recommendations[0] if recommendations else {}
    return Outputs(
        success=status == "completed",
        workflow_id=workflow_id,
        status=status,
        recommendations=recommendations,
        top_recommendation=top if recommendations else None,
        cluster_id=text_in(top, "cluster_id"),
        metrics=_metrics(top) if recommendations else None,
        message=message,
        **engine_settings(top),
    )
