"""Executor of model_benchmark."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bud_actions.base import (
    ActionContext,
    ActionError,
    ActionResult,
    Awaiting,
    EventContext,
    EventResult,
    TypedExecutor,
)
from bud_actions.platform.calls import START, ask_budapp, failing, objects_in, text_in
from bud_actions.platform.clusters import Cluster, find_cluster, nodes_of
from bud_actions.platform.devices import Layout, NoFitError, Wanted, chosen_layout
from bud_actions.platform.events import Phases, completed, failed, read
from bud_actions.platform.workflows import ended, give_up, own_outputs, started_workflow, state_of
from bud_generated.model.benchmark import Outputs, Params

EVENTS = Phases(progress={("deploy_model", "STARTED"): 20, ("run_benchmark", "STARTED"): 50})
NODE_KEYS = ("type", "total_workers", "available_workers", "hardware_info")


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp run a benchmark on what fits of a cluster, and waits for its results."""

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        with failing("The cluster cannot be looked at", _failed, only_reads=True):
            cluster = await find_cluster(context, params.cluster_id)
            nodes = _named(await nodes_of(context, cluster), params.cluster_id)
            configurations = await _configurations(params, cluster, nodes, context)
        try:
            layout = chosen_layout(configurations, nodes, _wanted(params))
        except NoFitError as error:
            raise _error(str(error)) from error
        body = _body(params, cluster, nodes, layout, context.callback.topic)
        with failing("Failed to start benchmark workflow", _failed):
            answer = await ask_budapp(context, "POST", "benchmark/run-workflow", body, timeout_seconds=60)
            workflow_id = started_workflow(answer, "budapp")
        known = {"workflow_id": workflow_id, "benchmark_id": text_in(answer, "benchmark_id")}
        outputs = _outputs(known, "running", f"{params.benchmark_name} runs on {layout.device_type}")
        return Awaiting(
            external_workflow_id=workflow_id, outputs=outputs.to_dict(), timeout_seconds=params.max_wait_seconds
        )

    async def on_event(self, context: EventContext) -> EventResult:
        known, notice = context.step_outputs, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = ": ".join(text for text in (notice.title, notice.message) if text) or "The benchmark failed"
            return failed(message, _failed(message, {**known, "failed_step": notice.phase or None}))
        if EVENTS.has_completed(notice):
            return completed(_completed(known, notice.values))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        known = own_outputs(context)
        state = await state_of(context, ask_budapp, known["workflow_id"])
        return ended(state, lambda found: _completed(known, found), lambda message: _failed(message, known))

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        try:
            UUID(params["cluster_id"])
        except ValueError:
            return [f"cluster_id: '{params['cluster_id']}' is not a UUID"]
        return []

    async def cleanup(self, context: ActionContext) -> None:
        await give_up(context, ask_budapp, own_outputs(context).get("workflow_id"))


def _named(nodes: Sequence[Mapping[str, Any]], cluster_id: str) -> list[Mapping[str, Any]]:
    """Return the nodes that have a name. Raises ActionError if there are none."""
    if not nodes:
        raise _error(f"No nodes found for cluster {cluster_id}")
    named = [node for node in nodes if text_in(node, "name")]
    if not named:
        raise _error(f"No valid hostnames found in cluster nodes for {cluster_id}")
    return named


async def _configurations(
    params: Params, cluster: Cluster, nodes: Sequence[Mapping[str, Any]], context: ActionContext
) -> list[Mapping[str, Any]]:
    """Return how the model can be spread over the nodes; nothing where that was not worked out."""
    body = {
        "model_id": params.model_id,
        "cluster_id": cluster.budapp_id,
        "hostnames": [node["name"] for node in nodes],
        "hardware_mode": params.hardware_mode,
        "input_tokens": params.max_input_tokens,
        "output_tokens": params.max_output_tokens,
        "concurrency": params.concurrent_requests,
    }
    answer = await ask_budapp(context, "POST", "benchmark/node-configurations", body, timeout_seconds=60)
    return objects_in(answer, "device_configurations")


def _wanted(params: Params) -> Wanted:
    return Wanted(
        device_type=params.selected_device_type,
        tp_size=params.tp_size,
        pp_size=params.pp_size,
        replicas=params.replicas,
    )


def _body(
    params: Params, cluster: Cluster, nodes: Sequence[Mapping[str, Any]], layout: Layout, topic: str
) -> dict[str, Any]:
    body: dict[str, Any] = {
        **START,
        "model_id": params.model_id,
        "cluster_id": cluster.budapp_id,
        "bud_cluster_id": cluster.budcluster_id,
        "nodes": [{"hostname": node["name"], **{key: node.get(key) for key in NODE_KEYS}} for node in nodes],
        "name": params.benchmark_name,
        "tags": [],
        "description": f"Benchmark {params.benchmark_name} of a pipeline",
        "eval_with": "configuration",
        "concurrent_requests": params.concurrent_requests,
        "max_input_tokens": params.max_input_tokens,
        "max_output_tokens": params.max_output_tokens,
        "hardware_mode": params.hardware_mode,
        "selected_device_type": layout.device_type,
        "tp_size": layout.tp_size,
        "pp_size": layout.pp_size,
        "replicas": layout.replicas,
        "num_prompts": params.num_prompts,
        "user_confirmation": True,
        "run_as_simulation": False,
        "callback_topic": topic,
    }
    asked = {"prompt": params.prompt, "prompt_tokens": params.prompt_tokens}
    return body | {name: value for name, value in asked.items() if value is not None}


def _completed(known: Mapping[str, Any], results: Mapping[str, Any]) -> Outputs:
    known = {**known, "benchmark_id": text_in(results, "benchmark_id") or known.get("benchmark_id")}
    return _outputs({**known, "results": dict(results)}, "completed", "The benchmark is complete")


def _error(message: str) -> ActionError:
    return ActionError(message, _failed(message).to_dict(), had_effect=False)


def _failed(message: str, known: Mapping[str, Any] | None = None) -> Outputs:
    return _outputs(known or {}, "failed", message)


def _outputs(known: Mapping[str, Any], status: str, message: str) -> Outputs:
    return Outputs(
        success=status == "completed",
        benchmark_id=known.get("benchmark_id"),
        workflow_id=known.get("workflow_id"),
        status=status,
        results=known.get("results"),
        failed_step=known.get("failed_step"),
        message=message,
    )
