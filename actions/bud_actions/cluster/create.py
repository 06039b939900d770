"""Executor of cluster_create."""

from collections.abc import Mapping
from typing import Any, Literal

from bud_actions.base import ActionContext, ActionResult, Awaiting, EventContext, EventResult, TypedExecutor
from bud_actions.platform.calls import ask_budcluster, failing, text_in
from bud_actions.platform.events import Notice, Phases, completed, failed, read
from bud_actions.platform.workflows import ended, found_by, give_up, own_outputs, started_workflow, state_of
from bud_generated.cluster.create import Outputs, Params

EVENTS = Phases(progress={("verify_cluster_connection", "STARTED"): 20, ("configure_cluster", "STARTED"): 50})


class Executor(TypedExecutor[Params, Outputs]):
    """Has budcluster create a cluster, and waits until it is ready."""

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        body = {
            "name": params.cluster_name,
            "provider": params.provider,
            "region": params.region,
            "node_type": params.node_type,
            "node_count": params.node_count,
            "callback_topic": context.callback.topic,
        }
        with failing("Failed to create cluster", lambda message: _failed({}, message)):
            answer = await ask_budcluster(context, "POST", "cluster/create-workflow", body, timeout_seconds=60)
            workflow_id = started_workflow(answer, "budcluster")
        outputs = _outputs({"workflow_id": workflow_id}, "running", f"budcluster creates {params.cluster_name}")
        return Awaiting(external_workflow_id=workflow_id, outputs=outputs.to_dict())

    async def on_event(self, context: EventContext) -> EventResult:
        known, notice = context.step_outputs, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budcluster could not create the cluster"
            return failed(message, _failed(known, message))
        if EVENTS.has_completed(notice):
            return completed(_completed(known, *await _found(notice, context)))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        known = own_outputs(context)
        state = await state_of(context, ask_budcluster, known["workflow_id"])
        return ended(state, lambda found: _completed(known, found), lambda message: _failed(known, message))

    async def cleanup(self, context: ActionContext) -> None:
        await give_up(context, ask_budcluster, own_outputs(context).get("workflow_id"))


async def _found(notice: Notice, context: EventContext) -> tuple[Mapping[str, Any], str]:
    """Return what is known of the cluster, and why no more is; budcluster is asked if the event leaves its id out."""
    if text_in(notice.values, "cluster_id"):
        return notice.values, ""
    values, unknown = await found_by(context, ask_budcluster, context.external_workflow_id)
    return {**notice.values, **values}, unknown


def _completed(known: Mapping[str, Any], found: Mapping[str, Any], unknown: str = "") -> Outputs:
    known = {**known, "cluster_id": text_in(found, "cluster_id")}
    message = "The cluster was created" + (f", but its id could not be found out: {unknown}" if unknown else "")
    return _outputs(known, "completed", message)


def _failed(known: Mapping[str, Any], message: str) -> Outputs:
    return _outputs(known, "failed", message)


def _outputs(known: Mapping[str, Any], status: Literal["running", "completed", "failed"], message: str) -> Outputs:
    return Outputs(
        success=status == "completed",
        cluster_id=known.get("cluster_id"),
        workflow_id=known.get("workflow_id"),
        status=status,
        message=message,
    )
