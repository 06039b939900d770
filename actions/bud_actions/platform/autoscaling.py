"""How the number of replicas of an endpoint follows its load, as budapp keeps it."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import ServiceError
from bud_actions.base.context import Caller
from bud_actions.platform.calls import ask_budapp, object_in, path

_SPECIFICATION = "budaiscaler_specification"
WRITE_SECONDS = 60.0
"""budapp answers once the running deployment has taken the settings."""


async def read_autoscaling(caller: Caller, endpoint_id: str) -> Mapping[str, Any]:
    """Return the settings of an endpoint; none if it has never had any. Raises ServiceError."""
    answer = await ask_budapp(caller, "GET", path("endpoints", endpoint_id, "autoscale"))
    settings = answer.get(_SPECIFICATION, answer)
    if settings is answer or not isinstance(settings, Mapping | None):
        raise ServiceError("budapp answered without the settings of the endpoint")
    return settings or {}


async def write_autoscaling(caller: Caller, endpoint_id: str, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace the settings of an endpoint; return those now in force. Raises ServiceError."""
    to = path("endpoints", endpoint_id, "autoscale")
    answer = await ask_budapp(caller, "PUT", to, {_SPECIFICATION: settings}, timeout_seconds=WRITE_SECONDS)
    return object_in(answer, _SPECIFICATION) or settings
