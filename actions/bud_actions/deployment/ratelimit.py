"""Executor of deployment_ratelimit."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bud_actions.base import ActionContext, TypedExecutor
from bud_actions.platform.calls import ask_budapp, failing, object_in, path
from bud_generated.deployment.ratelimit import Outputs, OutputsConfig, Params
from bud_schemas.values import is_number

LIMITS = ("requests_per_second", "requests_per_minute", "requests_per_hour", "burst_size")


class Executor(TypedExecutor[Params, Outputs]):
    """Stores the rate limits of an endpoint."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        given = {name: getattr(params, name) for name in LIMITS}
        limits = {"algorithm": params.algorithm, "enabled": params.enabled}
        limits |= {name: value for name, value in given.items() if value is not None}
        with failing("Failed to store the rate limits", partial(_outputs, params.endpoint_id)):
            to = path("endpoints", params.endpoint_id, "deployment-settings")
            answer = await ask_budapp(context, "PUT", to, {"rate_limits": limits})
        stored = object_in(object_in(answer, "deployment_settings"), "rate_limits")
        done = "Rate limits are in force" if params.enabled else "Rate limits are stored, and not applied"
        return _outputs(params.endpoint_id, done, stored if stored and _is_declared(stored) else limits)


def _is_declared(config: Mapping[str, Any]) -> bool:
    """Whether a config has the types that the action declares."""
    numbers = (config.get(name) for name in LIMITS)
    return (
        isinstance(config.get("algorithm"), str | None)
        and isinstance(config.get("enabled"), bool | None)
        and all(number is None or is_number(number) for number in numbers)
    )


def _outputs(endpoint_id: str, message: str, config: Mapping[str, Any] | None = None) -> Outputs:
    """Return the outputs; of a failure without a config."""
    return Outputs(
        success=config is not None,
        endpoint_id=endpoint_id,
        config=None if config is None else OutputsConfig.from_dict(config),
        message=message,
    )
