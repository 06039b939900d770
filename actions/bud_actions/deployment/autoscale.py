"""Executor of deployment_autoscale."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bud_actions.base import ActionContext, TypedExecutor
from bud_actions.platform.autoscaling import read_autoscaling, write_autoscaling
from bud_actions.platform.calls import failing, object_in, objects_in
from bud_generated.deployment.autoscale import Outputs, Params

Settings = Mapping[str, Any]


class Executor(TypedExecutor[Params, Outputs]):
    """Lets the replicas of an endpoint follow its use of CPU and memory; its other scaling settings stay."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        outputs = partial(_outputs, params.deployment_id)
        with failing("Failed to read the scaling settings, so they were left as they are", outputs, only_reads=True):
            former = await read_autoscaling(context, params.deployment_id)
        with failing("Failed to store the scaling settings", outputs):
            stored = await write_autoscaling(context, params.deployment_id, _changed(former, params))
        done = f"Replicas follow the load, between {params.min_replicas} and {params.max_replicas}"
        return outputs(done, stored)


def _changed(former: Settings, params: Params) -> Settings:
    """Return the former settings with what the params say."""
    behavior = object_in(former, "behavior")
    delay = {"stabilizationWindowSeconds": params.scale_down_delay_seconds}
    return {
        **former,
        "enabled": True,
        "minReplicas": params.min_replicas,
        "maxReplicas": params.max_replicas,
        "metricsSources": _sources(former, params),
        "behavior": {**behavior, "scaleDown": {**object_in(behavior, "scaleDown"), **delay}},
    }


def _sources(former: Settings, params: Params) -> list[Settings]:
    """Return what is measured: CPU and memory as the params say, and whatever else was measured before."""
    targets = {"cpu": params.target_cpu_utilization, "memory": params.target_memory_utilization}
    others = [each for each in objects_in(former, "metricsSources") if each.get("targetMetric") not in targets]
    sources = [
        {"type": "resource", "targetMetric": metric, "targetValue": str(percent)} for metric, percent in targets.items()
    ]
    return [*others, *sources]


def _outputs(deployment_id: str, message: str, config: Settings | None = None) -> Outputs:
    """Return the outputs; of a failure without a config."""
    return Outputs(success=config is not None, deployment_id=deployment_id, config=config, message=message)
