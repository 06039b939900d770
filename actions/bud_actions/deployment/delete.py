"""Executor of deployment_delete."""

from collections.abc import Mapping
from typing import Any, Literal

from bud_actions.base import (
    ActionContext,
    ActionResult,
    Awaiting,
    EventContext,
    EventResult,
    ServiceRejectedError,
    TypedExecutor,
)
from bud_actions.platform.calls import ask_budapp, failing, path, text_in
from bud_actions.platform.events import Phases, completed, failed, read
from bud_actions.platform.workflows import ended, own_outputs, started_workflow, state_of, workflow_id_of
from bud_generated.deployment.delete import Outputs, Params

EVENTS = Phases(
    final=frozenset({"results", "deployment_deletion_status"}),
    progress={("deployment_deletion_status", "STARTED"): 30, ("delete_namespace", "STARTED"): 70},
)


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp remove an endpoint, and waits until it is gone. A removal that has begun is not taken back."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        known = {"endpoint_id": params.endpoint_id}
        body = {"callback_topic": context.callback.topic, "force": params.force}
        with failing("Failed to delete the deployment", lambda message: _outputs(known, "failed", message)):
            target = path("endpoints", params.endpoint_id, "delete-workflow")
            try:
                answer = await ask_budapp(context, "POST", target, body, timeout_seconds=60)
            except ServiceRejectedError as error:
                is_gone_since_an_earlier_attempt = error.status == 404 and context.attempt > 1
                if not is_gone_since_an_earlier_attempt:
                    raise
                answer = {}
            workflow_id = started_workflow(answer, "budapp") if workflow_id_of(answer) else None
        if workflow_id is None:
            return _outputs(known, "completed", text_in(answer, "message") or "The deployment was deleted")
        outputs = _outputs({**known, "workflow_id": workflow_id}, "running", "budapp deletes the deployment")
        return Awaiting(
            external_workflow_id=workflow_id,
            outputs=outputs.to_dict(),
            timeout_seconds=params.max_wait_seconds,
        )

    async def on_event(self, context: EventContext) -> EventResult:
        known, notice = context.step_outputs, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budapp could not delete the deployment"
            return failed(message, _outputs(known, "failed", message))
        if EVENTS.has_completed(notice):
            return completed(_completed(known, notice.values))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        known = own_outputs(context)
        state = await state_of(context, ask_budapp, known["workflow_id"])
        return ended(state, lambda found: _completed(known, found), lambda message: _outputs(known, "failed", message))


def _completed(known: Mapping[str, Any], found: Mapping[str, Any]) -> Outputs:
    where = {"namespace": text_in(found, "namespace"), "cluster_id": text_in(found, "cluster_id")}
    return _outputs({**known, **where}, "completed", "The deployment was deleted")


def _outputs(known: Mapping[str, Any], status: Literal["running", "completed", "failed"], message: str) -> Outputs:
    return Outputs(
        success=status == "completed",
        endpoint_id=known["endpoint_id"],
        workflow_id=known.get("workflow_id"),
        namespace=known.get("namespace"),
        cluster_id=known.get("cluster_id"),
        status=status,
        message=message,
    )
