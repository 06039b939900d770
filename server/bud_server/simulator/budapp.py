"""budapp: models, benchmarks and endpoints, and the workflows that make them."""

from dataclasses import asdict
from typing import Any

from starlette.routing import Route

from bud_server.simulator import figures, workflows
from bud_server.simulator.desk import Call, Desk, RefusalError, found
from bud_server.simulator.phases import BENCHMARK, DELETION, DEPLOYMENT, MODEL_EXTRACTION
from bud_server.simulator.world import Cluster, Endpoint, Model, Workflow


def routes(desk: Desk) -> list[Route]:
    """Return all that budapp answers."""
    return [
        desk.route("POST", "/models/local-model-workflow", add_model),
        desk.route("POST", "/models/cloud-model-workflow", add_cloud_model),
        desk.route("POST", "/models/deploy-workflow", deploy),
        desk.route("GET", "/models/{model_id}", get_model),
        desk.route("DELETE", "/models/{model_id}", delete_model),
        desk.route("GET", "/clusters/clusters", list_clusters),
        desk.route("GET", "/clusters/{cluster_id}", get_cluster),
        desk.route("POST", "/benchmark/node-configurations", configure_nodes),
        desk.route("POST", "/benchmark/run-workflow", benchmark),
        desk.route("GET", "/endpoints/", list_endpoints),
        desk.route("POST", "/endpoints/{endpoint_id}/delete-workflow", delete_endpoint),
        desk.route("GET", "/endpoints/{endpoint_id}/autoscale", get_autoscale),
        desk.route("PUT", "/endpoints/{endpoint_id}/autoscale", set_autoscale),
        desk.route("PUT", "/endpoints/{endpoint_id}/deployment-settings", set_settings),
        desk.route("GET", "/workflows/{workflow_id}", workflows.get),
        desk.route("DELETE", "/workflows/{workflow_id}", workflows.cancel),
    ]


def add_model(call: Call) -> Any:
    """Begin to fetch a model."""
    uri = call.given("uri")
    name = call.body.get("name") or uri.rsplit("/", 1)[-1]
    call.meet(f"model {name}", uri)
    model = Model(
        call.desk.chance.new_id(f"model/{name}"),
        name,
        uri,
        call.given("provider_type"),
        call.body.get("author"),
        call.body.get("description"),
    )

    def finish() -> dict[str, Any]:
        call.world.models[model.id] = model
        return {"model_id": model.id, "model_name": model.name}

    return workflows.document(call.start(MODEL_EXTRACTION, name, finish))


def add_cloud_model(call: Call) -> Any:
    """Add a model that a provider hosts: it is there at once."""
    name = call.given("name")
    call.settle(f"cloud model {name}", call.body.get("uri"))
    provider = call.given("provider_id")
    chance = call.desk.chance
    model = Model(
        chance.new_id(f"model/{name}"), name, call.body.get("uri") or name, "cloud_model", provider_id=provider
    )
    call.world.models[model.id] = model
    result = {"model_id": model.id, "provider_id": provider}
    workflow = Workflow(chance.new_id(f"cloud/{name}"), "cloud_model_onboarding", "completed", result=result)
    call.world.workflows[workflow.id] = workflow
    return workflows.document(workflow)


def get_model(call: Call) -> Any:
    """Return a model."""
    model = _model(call, call.path["model_id"])
    return {"object": "model.get", "code": 200, "message": "ok", "model": {**asdict(model), "local_path": model.name}}


def delete_model(call: Call) -> Any:
    """Delete a model; one that is deployed only if that is forced."""
    model = _model(call, call.path["model_id"])
    call.settle(f"delete {model.name}", model.name)
    users = [each.name for each in call.world.endpoints.values() if each.model_id == model.id]
    if users and call.query.get("force") != "true":
        raise RefusalError(409, f"Model {model.name} is deployed as {', '.join(users)}")
    del call.world.models[model.id]
    return {"object": "model.delete", "code": 200, "message": f"Model {model.name} deleted"}


def list_clusters(call: Call) -> Any:
    """Return all clusters."""
    listed = [_cluster_document(each) for each in call.world.clusters.values()]
    return {"object": "clusters.list", "code": 200, "message": "ok", "clusters": listed, "total_record": len(listed)}


def get_cluster(call: Call) -> Any:
    """Return a cluster, by budapp's id of it."""
    cluster = found(call.world.clusters, "Cluster", call.path["cluster_id"])
    return {"object": "cluster.get", "code": 200, "message": "ok", "cluster": _cluster_document(cluster)}


def configure_nodes(call: Call) -> Any:
    """Return what devices nodes have, and how a model can be spread over them."""
    _model(call, call.given("model_id"))
    cluster = _cluster(call, call.given("cluster_id"))
    chosen = [node for node in cluster.nodes if node.name in (call.body.get("hostnames") or [])]
    return {
        "object": "benchmark.node_configurations",
        "code": 200,
        "message": "ok",
        "device_configurations": figures.device_configurations(chosen),
    }


def benchmark(call: Call) -> Any:
    """Begin to measure a model on a cluster."""
    name = call.given("name")
    model = _model(call, call.given("model_id"))
    cluster = found(call.world.clusters, "Cluster", call.given("cluster_id"))
    call.meet(f"benchmark {name} on {cluster.name}", model.name, cluster.name)
    chance = call.desk.chance
    benchmark_id = chance.new_id(f"benchmark/{name}")
    measured = figures.benchmark(cluster, call.number("concurrent_requests", 1))

    def finish() -> dict[str, Any]:
        return {"benchmark_id": benchmark_id, "benchmark_name": name, **measured}

    workflow = call.start(BENCHMARK, name, finish)
    return {**workflows.document(workflow), "benchmark_id": benchmark_id}


def deploy(call: Call) -> Any:
    """Begin to deploy a model: on a cluster, or, which is done at once, as a provider's."""
    name = call.given("endpoint_name")
    model = _model(call, call.given("model_id"))
    cluster_id = call.body.get("cluster_id")
    cluster = _cluster(call, cluster_id) if cluster_id else None
    call.meet(f"deploy {name}", model.name, cluster.name if cluster else None)
    if any(each.name == name for each in call.world.endpoints.values()):
        raise RefusalError(409, f"An endpoint with the name {name} already exists")
    scaling = call.body.get("budaiscaler_specification") or {}
    endpoint = Endpoint(
        call.desk.chance.new_id(f"endpoint/{name}"), name, model.id, call.given("project_id"), cluster_id, "deploying"
    )
    endpoint.autoscale = dict(scaling)
    call.world.endpoints[endpoint.id] = endpoint

    def finish() -> dict[str, Any]:
        endpoint.status = "running"
        return {"namespace": endpoint.namespace, "deployment_url": endpoint.url, "cluster_id": cluster_id}

    if cluster is not None:
        return workflows.document(call.start(DEPLOYMENT, name, finish))
    workflow = Workflow(call.desk.chance.new_id(f"cloud/{name}"), "cloud_deployment", "completed", result=finish())
    call.world.workflows[workflow.id] = workflow
    return workflows.document(workflow)


def list_endpoints(call: Call) -> Any:
    """Return endpoints, those of a name or a project if one is asked for."""
    asked = {key: call.query[key] for key in ("name", "project_id") if key in call.query}
    listed = [
        _endpoint_document(each)
        for each in call.world.endpoints.values()
        if all(getattr(each, key) == value for key, value in asked.items())
    ]
    return {"object": "endpoints.list", "code": 200, "message": "ok", "endpoints": listed, "total_record": len(listed)}


def delete_endpoint(call: Call) -> Any:
    """Begin to delete an endpoint."""
    endpoint = _endpoint(call)
    call.meet(f"delete {endpoint.name}")
    endpoint.status = "deleting"

    def finish() -> dict[str, Any]:
        call.world.endpoints.pop(endpoint.id, None)
        return {"namespace": endpoint.namespace, "cluster_id": endpoint.cluster_id}

    return workflows.document(call.start(DELETION, endpoint.name, finish))


def get_autoscale(call: Call) -> Any:
    """Return how an endpoint is scaled."""
    return _autoscale_document(_endpoint(call))


def set_autoscale(call: Call) -> Any:
    """Scale an endpoint otherwise: what is given replaces everything."""
    endpoint = _endpoint(call)
    call.settle(f"scale {endpoint.name}")
    endpoint.autoscale = dict(call.body.get("budaiscaler_specification") or {})
    return _autoscale_document(endpoint)


def set_settings(call: Call) -> Any:
    """Change settings of an endpoint: those that are given."""
    endpoint = _endpoint(call)
    call.settle(f"settings of {endpoint.name}")
    endpoint.settings |= call.body
    return {
        "object": "endpoint.deployment_settings",
        "code": 200,
        "message": "ok",
        "endpoint_id": endpoint.id,
        "deployment_settings": endpoint.settings,
    }


def _autoscale_document(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "object": "endpoint.autoscale",
        "code": 200,
        "message": "ok",
        "endpoint_id": endpoint.id,
        "budaiscaler_specification": endpoint.autoscale,
    }


def _cluster_document(cluster: Cluster) -> dict[str, Any]:
    return {"id": cluster.id, "cluster_id": cluster.cluster_id, "name": cluster.name, "status": "available"}


def _endpoint_document(endpoint: Endpoint) -> dict[str, Any]:
    return {**asdict(endpoint), "namespace": endpoint.namespace, "url": endpoint.url}


def _model(call: Call, model_id: str) -> Model:
    return found(call.world.models, "Model", model_id)


def _cluster(call: Call, cluster_id: str) -> Cluster:
    cluster = call.world.cluster(cluster_id)
    if cluster is None:
        raise RefusalError(404, f"Cluster {cluster_id} not found")
    return cluster


def _endpoint(call: Call) -> Endpoint:
    return found(call.world.endpoints, "Endpoint", call.path["endpoint_id"])
