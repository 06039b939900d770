"""How work stands, and how it is given up: the same in every service that does any."""

from typing import Any

from bud_server.simulator.desk import Call, RefusalError, found
from bud_server.simulator.world import Workflow


def document(workflow: Workflow) -> dict[str, Any]:
    """Return how some work stands, as an answer."""
    return {
        "object": "workflow_metadata",
        "code": 200,
        "message": "ok",
        "workflow_id": workflow.id,
        "workflow_type": workflow.type,
        "status": workflow.status,
        "current_step": workflow.step,
        "reason": workflow.reason,
        "workflow_steps": workflow.result,
    }


def get(call: Call) -> Any:
    """Tell how some work stands."""
    return document(found(call.world.workflows, "Workflow", call.path["workflow_id"]))


def cancel(call: Call) -> Any:
    """Give some work up: nothing more is told of it."""
    workflow = found(call.world.workflows, "Workflow", call.path["workflow_id"])
    if workflow.is_over:
        raise RefusalError(409, f"Workflow {workflow.id} is {workflow.status}")
    workflow.status, workflow.reason = "cancelled", "Given up"
    return document(workflow)
