"""Executor of deployment_create."""

from collections.abc import Mapping
from typing import Any, Literal

from bud_actions.base import (
    ActionContext,
    ActionError,
    ActionResult,
    Awaiting,
    EventContext,
    EventResult,
    ServiceError,
    ServiceRejectedError,
    TypedExecutor,
)
from bud_actions.platform.calls import START, ask_budapp, failing, objects_in
from bud_actions.platform.endpoints import UNKNOWN, Endpoint, endpoint_of
from bud_actions.platform.events import Phases, completed, failed, read
from bud_actions.platform.simulations import ENGINE_SETTINGS, engine_settings, run_simulation, source_of_model
from bud_actions.platform.workflows import ended, own_outputs, started_workflow, state_in, state_of, workflow_id_of
from bud_generated.deployment.create import Outputs, Params

Found = Mapping[str, Any]
EVENTS = Phases(
    activities=frozenset({"deploy_model", "perform_deployment"}),
    progress={
        ("deploy_model", "STARTED"): 30,
        ("deploy_model", "COMPLETED"): 50,
        ("deployment_status", "STARTED"): 60,
        ("verify_cluster_connection", "COMPLETED"): 65,
        ("transfer_model_to_cluster", "COMPLETED"): 70,
        ("deploy_to_engine", "COMPLETED"): 80,
        ("verify_deployment_status", "COMPLETED"): 85,
        ("run_performance_benchmark", "COMPLETED"): 95,
    },
)
"""Only `results` ends a deployment; what the phases before it complete is progress."""
_NOTHING_TO_CANCEL = (400, 404, 409, 410)


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp deploy a model, and waits until its endpoint is there."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        known: dict[str, Any] = {"endpoint_name": params.endpoint_name}
        body = _body(params, await _recommended(params, context), context.callback.topic)
        with failing("Failed to start the deployment", lambda message: _outputs(known, "failed", message)):
            answer = await ask_budapp(context, "POST", "models/deploy-workflow", body, timeout_seconds=120)
            state = state_in(answer)
            if not state.has_completed:
                known["workflow_id"] = started_workflow(answer, "budapp")
        if state.has_completed:
            return await _deployed_at_once(context, {**known, "workflow_id": workflow_id_of(answer)}, state.values)
        outputs = _outputs(known, "running", f"budapp deploys {params.endpoint_name}")
        return Awaiting(external_workflow_id=known["workflow_id"], outputs=outputs.to_dict())

    async def on_event(self, context: EventContext) -> EventResult:
        known, notice = context.step_outputs, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budapp could not deploy the model"
            return failed(message, _outputs(known, "failed", message))
        if EVENTS.has_completed(notice):
            endpoint = await _endpoint(context, notice.values)
            if endpoint.id is None and endpoint.unknown:
                raise endpoint.unknown
            return completed(_completed(known, endpoint))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        known = own_outputs(context)
        state = await state_of(context, ask_budapp, known["workflow_id"])
        endpoint = await _endpoint(context, state.values) if state.has_completed else UNKNOWN
        return ended(
            state,
            lambda _: _completed(known, endpoint),
            lambda message: _outputs(known, "failed", message),
        )

    async def cleanup(self, context: ActionContext) -> None:
        workflow_id = own_outputs(context).get("workflow_id")
        if workflow_id is None or await _has_ended(context, workflow_id):
            return
        try:
            await ask_budapp(context, "POST", "models/cancel-deployment", {"workflow_id": workflow_id})
        except ServiceRejectedError as error:
            if error.status not in _NOTHING_TO_CANCEL:
                raise


async def _has_ended(context: ActionContext, workflow_id: str) -> bool:
    """Return whether a deployment is known to have ended."""
    try:
        return (await state_of(context, ask_budapp, workflow_id)).has_ended
    except ServiceError as error:
        context.log("workflow_state_unknown", {"message": str(error)})
        return False


async def _recommended(params: Params, context: ActionContext) -> Found:
    """Return what budsim recommends; nothing if it need not be asked, or cannot say for shared hardware."""
    has_settings = params.tool_calling_parser_type or params.reasoning_parser_type
    if params.cluster_id is None or has_settings:
        return {}
    known = {"endpoint_name": params.endpoint_name}
    doing = "No configuration was found that meets the targets"
    try:
        with failing(doing, lambda message: _outputs(known, "failed", message), only_reads=True):
            return await _simulated(params, context)
    except ActionError as error:
        if params.hardware_mode == "dedicated":
            raise
        context.log("simulation_failed", {"message": str(error)})
        return {}


async def _simulated(params: Params, context: ActionContext) -> Found:
    """Return the id of a simulation, and the engine's settings that it recommends. Raises ServiceError."""
    source = await source_of_model(context, params.model_id)
    request = {
        "pretrained_model_uri": source.location,
        "input_tokens": params.avg_context_length,
        "output_tokens": params.avg_sequence_length,
        "concurrency": params.concurrent_requests,
        "target_ttft": params.ttft[0],
        "target_throughput_per_user": params.per_session_tokens_per_sec[1],
        "target_e2e_latency": params.e2e_latency[0],
        "hardware_mode": params.hardware_mode,
        "debug": True,
        "cluster_id": params.cluster_id,
    }
    answer = await run_simulation(context, request)
    recommendations = objects_in(answer, "recommendations")
    if not recommendations:
        raise ServiceError(f"budsim recommends nothing on the cluster {params.cluster_id}")
    best = next((each for each in recommendations if each.get("cluster_id") == params.cluster_id), recommendations[0])
    return {"simulator_id": workflow_id_of(answer), **engine_settings(best)}


def _body(params: Params, recommended: Found, topic: str) -> dict[str, Any]:
    scaling = params.budaiscaler_specification
    settings = {
        **recommended,
        **{name: given for name in ENGINE_SETTINGS if (given := getattr(params, name)) is not None},
    }
    optional = {
        "cluster_id": params.cluster_id,
        "credential_id": params.credential_id,
        "budaiscaler_specification": scaling and scaling.to_dict(),
        "enable_tool_calling": bool(settings.get("tool_calling_parser_type")) or None,
        "enable_reasoning": bool(settings.get("reasoning_parser_type")) or None,
        **settings,
    }
    return {
        **START,
        "model_id": params.model_id,
        "project_id": params.project_id,
        "endpoint_name": params.endpoint_name,
        "deploy_config": {
            "concurrent_requests": params.concurrent_requests,
            "avg_sequence_length": params.avg_sequence_length,
            "avg_context_length": params.avg_context_length,
            "ttft": list(params.ttft),
            "per_session_tokens_per_sec": list(params.per_session_tokens_per_sec),
            "e2e_latency": list(params.e2e_latency),
        },
        "hardware_mode": params.hardware_mode,
        "callback_topic": topic,
        **{name: value for name, value in optional.items() if value is not None},
    }


async def _deployed_at_once(context: ActionContext, known: Found, found: Found) -> Outputs:
    """Return the outputs of a deployment that was done when budapp answered."""
    endpoint = await _endpoint(context, found)
    if endpoint.id is None:
        message = f"The model was deployed, but its endpoint could not be found out: {endpoint.unknown}"
        raise ActionError(message, _outputs(known, "failed", message).to_dict()) from endpoint.unknown
    return _completed(known, endpoint)


async def _endpoint(context: ActionContext | EventContext, found: Found) -> Endpoint:
    """Return the endpoint of a deployment that has ended well, as far as it can be found out."""
    return await endpoint_of(context, found, context.params["endpoint_name"], context.params["project_id"])


def _completed(known: Found, endpoint: Endpoint) -> Outputs:
    message = f"{known['endpoint_name']} is deployed"
    if endpoint.unknown:
        what = "endpoint" if endpoint.id is None else "address"
        message += f", but its {what} could not be found out: {endpoint.unknown}"
    return _outputs(known, "completed", message, endpoint)


def _outputs(
    known: Found,
    status: Literal["running", "completed", "failed"],
    message: str,
    endpoint: Endpoint = UNKNOWN,
) -> Outputs:
    return Outputs(
        success=status == "completed",
        endpoint_id=endpoint.id,
        endpoint_url=endpoint.url,
        endpoint_name=known["endpoint_name"],
        workflow_id=known.get("workflow_id"),
        status=status,
        message=message,
    )
