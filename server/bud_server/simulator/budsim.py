"""budsim: how a model would perform, before anything is deployed."""

from typing import Any

from starlette.routing import Route

from bud_server.simulator import figures, workflows
from bud_server.simulator.desk import Call, Desk, RefusalError, found
from bud_server.simulator.fate import Trait, asked_for
from bud_server.simulator.phases import SIMULATION
from bud_server.simulator.world import Workflow


def routes(desk: Desk) -> list[Route]:
    """Return all that budsim answers."""
    return [
        desk.route("POST", "/simulator/run", simulate),
        desk.route("GET", "/simulator/recommendations", list_recommendations),
    ]


def simulate(call: Call) -> Any:
    """Rank clusters for a model: at once with `debug`, else as work that tells of its end."""
    uri = call.given("pretrained_model_uri")
    label = f"simulate {uri}"
    result = {"recommendations": _recommendations(call)}
    if call.body.get("debug"):
        call.settle(label)
        workflow = Workflow(call.desk.chance.new_id(label), SIMULATION.type, "completed", result=result)
        call.world.workflows[workflow.id] = workflow
        return {**workflows.document(workflow), **result}
    call.meet(label)
    return workflows.document(call.start(SIMULATION, uri, lambda: result))


def list_recommendations(call: Call) -> Any:
    """Return what a simulation has found; nothing while it goes on."""
    workflow = found(call.world.workflows, "Workflow", call.query.get("workflow_id", ""))
    return {"object": "recommendations", "message": "ok", "recommendations": workflow.result.get("recommendations", [])}


def _recommendations(call: Call) -> list[dict[str, Any]]:
    """Return what to expect of each cluster that is asked about, the fastest first, but none that asks for failure."""
    wanted = call.body.get("cluster_id")
    clusters = [each for each in call.world.clusters.values() if wanted in (None, each.id, each.cluster_id)]
    if not clusters:
        raise RefusalError(404, f"Cluster {wanted} not found")
    concurrency = call.number("concurrency", 1)
    usable = (each for each in clusters if Trait.FAIL not in asked_for(each.name))
    expected = [figures.recommendation(each, concurrency) for each in usable]
    return sorted(expected, key=lambda each: each["metrics"]["throughput_per_user"], reverse=True)
