"""What every route needs, as data. A route that is not here is answered to nobody."""

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from starlette.routing import Route


class Access(Enum):
    """What a route needs, if not a permission."""

    PUBLIC = "public"
    AUTHENTICATED = "authenticated"


PUBLIC = Access.PUBLIC
"""Answered without looking at credentials."""
AUTHENTICATED = Access.AUTHENTICATED
"""Answered to everybody whose credential is right, whatever their permissions."""

Need = Access | str
"""PUBLIC, AUTHENTICATED, or the permission that a subject must have."""

_CATALOG: Mapping[str, Need] = {
    "/actions": AUTHENTICATED,
    "/actions/events": AUTHENTICATED,
    "/actions/validate": AUTHENTICATED,
    "/actions/{action_type}": AUTHENTICATED,
    "/actions/{action_type}/schema": AUTHENTICATED,
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
    {f"{prefix}{path}": need for prefix in ("", "/api/v1", "/budpipeline") for path, need in _CATALOG.items()}
    | dict(_SYSTEM)
)
"""By path, as the route is written."""


def undeclared(routes: Iterable[Route], needs: Mapping[str, Need] = NEEDS) -> list[str]:
    """Return the paths of routes that do not say what they need."""
    return [route.path for route in routes if route.path not in needs]
