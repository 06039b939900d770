"""Executor of deployment_scale."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import ActionContext, TypedExecutor
from bud_actions.platform.autoscaling import read_autoscaling, write_autoscaling
from bud_actions.platform.calls import failing, number_in, text_in
from bud_generated.deployment.scale import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Fixes the number of replicas of an endpoint, and leaves the rest of its scaling settings as it is."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        replicas = params.target_replicas
        with failing(
            "Failed to read the scaling settings, so they were left as they are",
            lambda message: _outputs(params, message, {}),
            only_reads=True,
        ):
            former = await read_autoscaling(context, params.endpoint_id)
        settings = {**former, "enabled": True, "minReplicas": replicas, "maxReplicas": replicas}
        with failing("Failed to scale the endpoint", lambda message: _outputs(params, message, former)):
            await write_autoscaling(context, params.endpoint_id, settings)
        return _outputs(params, f"Replicas are set to {replicas}", former, success=True)


def _outputs(params: Params, message: str, former: Mapping[str, Any], *, success: bool = False) -> Outputs:
    return Outputs(
        success=success,
        endpoint_id=params.endpoint_id,
        target_replicas=params.target_replicas,
        previous_min_replicas=number_in(former, "minReplicas"),
        previous_max_replicas=number_in(former, "maxReplicas"),
        scaling_strategy=text_in(former, "scalingStrategy"),
        message=message,
    )
