"""Executor of cluster_delete."""

from typing import Literal

from bud_actions.base import (
    ActionContext,
    ActionResult,
    Awaiting,
    EventContext,
    EventResult,
    ServiceRejectedError,
    TypedExecutor,
)
from bud_actions.platform.calls import ask_budcluster, failing, path
from bud_actions.platform.events import Phases, completed, failed, read
from bud_actions.platform.workflows import ended, own_outputs, started_workflow, state_of
from bud_generated.cluster.delete import Outputs, Params

EVENTS = Phases(progress={("cluster_deletion_status", "STARTED"): 30})


class Executor(TypedExecutor[Params, Outputs]):
    """Has budcluster remove a cluster, and waits until it is gone. A removal that has begun is not taken back."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        cluster_id = params.cluster_id
        body = {"callback_topic": context.callback.topic, "force": params.force}
        with failing("Failed to delete cluster", lambda message: _outputs(cluster_id, None, "failed", message)):
            target = path("cluster", cluster_id, "delete-workflow")
            try:
                answer = await ask_budcluster(context, "POST", target, body, timeout_seconds=60)
            except ServiceRejectedError as error:
                is_gone_since_an_earlier_attempt = error.status == 404 and context.attempt > 1
                if not is_gone_since_an_earlier_attempt:
                    raise
                return _completed(cluster_id, None)
            workflow_id = started_workflow(answer, "budcluster")
        outputs = _outputs(cluster_id, workflow_id, "running", "budcluster deletes the cluster")
        return Awaiting(external_workflow_id=workflow_id, outputs=outputs.to_dict())

    async def on_event(self, context: EventContext) -> EventResult:
        cluster_id, workflow_id = context.params["cluster_id"], context.external_workflow_id
        notice = read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budcluster could not delete the cluster"
            return failed(message, _outputs(cluster_id, workflow_id, "failed", message))
        if EVENTS.has_completed(notice):
            return completed(_completed(cluster_id, workflow_id))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        cluster_id, workflow_id = context.params["cluster_id"], own_outputs(context)["workflow_id"]
        state = await state_of(context, ask_budcluster, workflow_id)
        return ended(
            state,
            lambda _found: _completed(cluster_id, workflow_id),
            lambda message: _outputs(cluster_id, workflow_id, "failed", message),
        )


def _completed(cluster_id: str, workflow_id: str | None) -> Outputs:
    return _outputs(cluster_id, workflow_id, "completed", "The cluster was deleted")


def _outputs(
    cluster_id: str, workflow_id: str | None, status: Literal["running", "completed", "failed"], message: str
) -> Outputs:
    return Outputs(
        success=status == "completed",
        cluster_id=cluster_id,
        workflow_id=workflow_id,
        status=status,
        message=message,
    )
