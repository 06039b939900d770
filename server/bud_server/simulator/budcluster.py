"""budcluster: clusters, their nodes, and how they are."""

from typing import Any

from starlette.routing import Route

from bud_server.simulator import figures, workflows
from bud_server.simulator.desk import Call, Desk, RefusalError
from bud_server.simulator.fate import Trait
from bud_server.simulator.phases import CLUSTER_CREATION, CLUSTER_DELETION
from bud_server.simulator.world import Cluster, Node

_KNOWN_CHECKS = ("nodes", "api", "storage", "network", "gpu")


def routes(desk: Desk) -> list[Route]:
    """Return all that budcluster answers."""
    return [
        desk.route("POST", "/cluster/create-workflow", create),
        desk.route("POST", "/cluster/{cluster_id}/delete-workflow", delete),
        desk.route("GET", "/cluster/{cluster_id}/nodes", list_nodes),
        desk.route("GET", "/cluster/{cluster_id}/health", check_health),
        desk.route("GET", "/workflows/{workflow_id}", workflows.get),
        desk.route("DELETE", "/workflows/{workflow_id}", workflows.cancel),
    ]


def list_nodes(call: Call) -> Any:
    """Return the nodes of a cluster."""
    nodes = [figures.node_document(node) for node in _cluster(call).nodes]
    return {"object": "cluster.nodes", "message": "ok", "param": {"nodes": nodes}}


def check_health(call: Call) -> Any:
    """Return how a cluster is; the nodes of one whose name asks for failure are not well."""
    cluster = _cluster(call)
    call.meet(f"health of {cluster.name}")
    asked = [check for check in call.query.get("checks", "").split(",") if check in _KNOWN_CHECKS]
    return {
        "object": "cluster.health",
        "message": "ok",
        "data": {check: _health(call, cluster, check) for check in asked},
    }


def _health(call: Call, cluster: Cluster, check: str) -> dict[str, Any]:
    if check == "nodes" and Trait.FAIL in call.traits:
        first = cluster.nodes[0].name
        return {"healthy": False, "message": f"{first} is not ready", "count": len(cluster.nodes), "details": [first]}
    if check == "gpu" and all(node.type == "cpu" for node in cluster.nodes):
        return {"healthy": False, "message": "no GPU found", "count": 0}
    return {"healthy": True, "message": f"{check}: all is well", "count": len(cluster.nodes)}


def create(call: Call) -> Any:
    """Begin to create a cluster."""
    name = call.given("name")
    call.meet(f"cluster {name}")
    chance = call.desk.chance
    count = call.number("node_count", 1)
    nodes = [Node(f"{name}-{number}", "cuda", 4) for number in range(1, count + 1)]
    cluster = Cluster(chance.new_id(f"cluster/{name}"), chance.new_id(f"bud cluster/{name}"), name, nodes)

    def finish() -> dict[str, Any]:
        call.world.clusters[cluster.id] = cluster
        return {"cluster_id": cluster.id}

    return workflows.document(call.start(CLUSTER_CREATION, name, finish))


def delete(call: Call) -> Any:
    """Begin to delete a cluster; one with deployments only if that is forced."""
    cluster = _cluster(call)
    call.meet(f"delete cluster {cluster.name}")
    users = [each.name for each in call.world.endpoints.values() if each.cluster_id in (cluster.id, cluster.cluster_id)]
    if users and not call.body.get("force"):
        raise RefusalError(409, f"Cluster {cluster.name} still runs {', '.join(users)}")

    def finish() -> dict[str, Any]:
        call.world.clusters.pop(cluster.id, None)
        return {"cluster_id": cluster.id}

    return workflows.document(call.start(CLUSTER_DELETION, cluster.name, finish))


def _cluster(call: Call) -> Cluster:
    cluster = call.world.cluster(call.path["cluster_id"])
    if cluster is None:
        raise RefusalError(404, f"Cluster {call.path['cluster_id']} not found")
    return cluster
