"""Clusters, as budapp and budcluster know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bud_actions.base import ServiceError, ServiceRejectedError
from bud_actions.base.context import Caller
from bud_actions.platform.calls import ask_budapp, ask_budcluster, object_in, objects_in, path, text_in

MOST_CLUSTERS = 100


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster under both of its ids."""

    budapp_id: str
    budcluster_id: str


async def find_cluster(caller: Caller, cluster_id: str) -> Cluster:
    """Return the cluster that has an id in budapp or, failing that, in budcluster. Raises ServiceError."""
    try:
        answer = await ask_budapp(caller, "GET", path("clusters", cluster_id))
    except ServiceRejectedError as error:
        if error.status not in (400, 404):
            raise
        return await _by_budcluster_id(caller, cluster_id)
    found = object_in(answer, "cluster") or answer
    budcluster_id = text_in(found, "cluster_id")
    if budcluster_id is None:
        raise ServiceError(f"budapp knows of no cluster in budcluster for {cluster_id}")
    return Cluster(budapp_id=text_in(found, "id") or cluster_id, budcluster_id=budcluster_id)


async def _by_budcluster_id(caller: Caller, cluster_id: str) -> Cluster:
    answer = await ask_budapp(caller, "GET", "clusters/clusters", query={"limit": MOST_CLUSTERS})
    for each in objects_in(answer, "clusters"):
        budapp_id = text_in(each, "id")
        if budapp_id is not None and each.get("cluster_id") == cluster_id:
            return Cluster(budapp_id=budapp_id, budcluster_id=cluster_id)
    raise ServiceError(f"there is no cluster with the id {cluster_id}")


async def nodes_of(caller: Caller, cluster: Cluster) -> list[Mapping[str, Any]]:
    """Return a cluster's nodes as budcluster describes them. Raises ServiceError."""
    answer = await ask_budcluster(caller, "GET", path("cluster", cluster.budcluster_id, "nodes"))
    return objects_in(object_in(answer, "param") or answer, "nodes")
