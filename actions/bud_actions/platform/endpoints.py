"""Endpoints, as budapp knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bud_actions.base import ServiceError
from bud_actions.base.context import Caller
from bud_actions.platform.calls import ask_budapp, objects_in, text_in


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a deployed model answers."""

    id: str | None = None
    url: str | None = None
    """None if it is not known."""


def endpoint_in(values: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint that a workflow's results name, as far as they do."""
    return Endpoint(
        id=text_in(values, "endpoint_id"),
        url=text_in(values, "endpoint_url", "deployment_url"),
    )


async def endpoint_named(caller: Caller, name: str, project_id: str) -> Endpoint:
    """Return the endpoint of that name in a project. Raises ServiceError, also while there is none."""
    query = {"name": name, "project_id": project_id}
    answer = await ask_budapp(caller, "GET", "endpoints/", query=query)
    for each in objects_in(answer, "endpoints"):
        if each.get("name") == name and text_in(each, "id"):
            return Endpoint(id=text_in(each, "id"), url=text_in(each, "url", "endpoint_url", "deployment_url"))
    raise ServiceError(f"budapp knows no endpoint '{name}' in the project {project_id} yet")
