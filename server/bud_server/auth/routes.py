"""What every route needs, as data. A route that is not here is answered to nobody."""

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from starlette.routing import Route


class Access(Enum):
    """What a route needs, if not a permission."""

    PUBLIC = "public"
    AUTHENTICATED = "authenticated"
    SIGNED = "signed"


PUBLIC = Access.PUBLIC
"""Answered without looking at credentials."""
AUTHENTICATED = Access.AUTHENTICATED
"""Answered to everybody whose credential is right, whatever their permissions."""
SIGNED = Access.SIGNED
"""As AUTHENTICATED; what is posted with a signature instead is let through to the route, which checks that."""

Need = Access | str
"""PUBLIC, AUTHENTICATED, SIGNED, or the permission that a subject must have."""

_MOUNTS = ("", "/api/v1", "/budpipeline")
_CATALOG: Mapping[str, Need] = {
    "/actions": AUTHENTICATED,
    "/actions/events": AUTHENTICATED,
    "/actions/validate": AUTHENTICATED,
    "/actions/{action_type}": AUTHENTICATED,
    "/actions/{action_type}/schema": AUTHENTICATED,
}
_RUNTIME: Mapping[str, Need] = {  # whose pipelines and executions these are, the routes look at
    "/validate": AUTHENTICATED,
    "/pipelines": AUTHENTICATED,
    "/pipelines/{pipeline_id}": AUTHENTICATED,
    "/pipelines/{pipeline_id}/execute": AUTHENTICATED,
    "/actions/{action_type}/execute": AUTHENTICATED,
    "/executions": AUTHENTICATED,
    "/executions/run": AUTHENTICATED,
    "/executions/{execution_id}": AUTHENTICATED,
    "/executions/{execution_id}/progress": AUTHENTICATED,
    "/executions/{execution_id}/steps": AUTHENTICATED,
    "/executions/{execution_id}/steps/{step_id}": AUTHENTICATED,
    "/executions/{execution_id}/steps/{step_id}/resolve": AUTHENTICATED,
    "/executions/{execution_id}/events": AUTHENTICATED,
    "/executions/{execution_id}/attempts": AUTHENTICATED,
    "/executions/{execution_id}/stream": AUTHENTICATED,
    "/executions/{execution_id}/cancel": AUTHENTICATED,
    "/executions/{execution_id}/retry": AUTHENTICATED,
    "/events": SIGNED,
    "/events/{event_id}": AUTHENTICATED,
    "/events/{event_id}/deliver": AUTHENTICATED,
}
_OLDER: Mapping[str, Need] = {
    "/budpipeline": AUTHENTICATED,
    "/budpipeline/run": AUTHENTICATED,
    "/budpipeline/{pipeline_id}": AUTHENTICATED,
    "/budpipeline/{pipeline_id}/execute": AUTHENTICATED,
    "/api/v1/pipeline/validate": AUTHENTICATED,
    "/api/v1/pipeline/pipelines": AUTHENTICATED,
    "/api/v1/pipeline/pipelines/{pipeline_id}": AUTHENTICATED,
}
_MACHINES: Mapping[str, Need] = {
    "/workflow-events": PUBLIC,  # looks at Dapr's own token
    "/callbacks/{token}": PUBLIC,  # whoever knows the token was told it by the step
}
_SYSTEM: Mapping[str, Need] = {
    "/docs": PUBLIC,  # a browser sends no credential, and the OpenAPI document tells the same
    "/docs/{action_type}": PUBLIC,
    "/openapi.json": PUBLIC,
    "/health": PUBLIC,
    "/ready": PUBLIC,
    "/metrics": PUBLIC,
}

NEEDS: Mapping[str, Need] = MappingProxyType(
    {f"{prefix}{path}": need for prefix in _MOUNTS for path, need in {**_CATALOG, **_RUNTIME}.items()}
    | {**_OLDER, **_MACHINES, **_SYSTEM}
)
"""By path, as the route is written."""


def undeclared(routes: Iterable[Route], needs: Mapping[str, Need] = NEEDS) -> list[str]:
    """Return the paths of routes that do not say what they need."""
    return [route.path for route in routes if route.path not in needs]
