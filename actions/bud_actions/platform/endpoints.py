"""Endpoints, as budapp knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bud_actions.base import ServiceError
from bud_actions.base.context import Caller
from bud_actions.platform.calls import ask_budapp, objects_in, text_in


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a deployed model answers, as far as that is known."""

    id: str | None = None
    url: str | None = None
    unknown: ServiceError | None = None
    """Why budapp could not say more; None if it could, or was not asked."""


UNKNOWN = Endpoint()
MOST_ENDPOINTS = 100
"""budapp finds names that contain the one it is asked for, too."""


async def endpoint_of(caller: Caller, found: Mapping[str, Any], name: str, project_id: str) -> Endpoint:
    """Return the endpoint that a deployment has found out; what it leaves out, budapp is asked."""
    told = _endpoint_in(found, "endpoint_id")
    if told.id and told.url:
        return told
    try:
        known = await _endpoint_named(caller, name, project_id)
    except ServiceError as error:
        return replace(told, unknown=error)
    return Endpoint(id=told.id or known.id, url=told.url or known.url)


async def _endpoint_named(caller: Caller, name: str, project_id: str) -> Endpoint:
    """Return the endpoint of that name in a project. Raises ServiceError, also while there is none."""
    query = {"name": name, "project_id": project_id, "limit": MOST_ENDPOINTS}
    answer = await ask_budapp(caller, "GET", "endpoints/", query=query)
    for each in objects_in(answer, "endpoints"):
        endpoint = _endpoint_in(each, "id")
        if each.get("name") == name and endpoint.id:
            return endpoint
    raise ServiceError(f"budapp has no endpoint '{name}' in the project {project_id} yet")


def _endpoint_in(document: Mapping[str, Any], id_key: str) -> Endpoint:
    url = text_in(document, "endpoint_url", "deployment_url", "url")
    return Endpoint(id=text_in(document, id_key), url=url)
