"""Executor of deployment_delete."""

from collections.abc import Mapping
from typing import Any

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
from bud_actions.platform.workflows import state_of, workflow_id_of
from bud_generated.deployment.delete import Outputs, Params

START_SECONDS = 60.0
PHASES = Phases(
    final=frozenset({"results", "deployment_deletion_status"}),
    progress={("deployment_deletion_status", "STARTED"): 30, ("delete_namespace", "STARTED"): 70},
)


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp remove an endpoint, and waits for the workflow that does."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        with failing("Failed to delete the deployment", lambda message: _failure(params.endpoint_id, None, message)):
            try:
                answer = await self._started(params, context)
            except ServiceRejectedError as error:
                if error.status != 404 or context.attempt == 1:
                    raise
                return _success(params.endpoint_id, None, "The endpoint is gone since an earlier attempt")
        workflow_id = workflow_id_of(answer)
        message = text_in(answer, "message") or "The endpoint is gone"
        if workflow_id is None:
            return _success(params.endpoint_id, None, message)
        outputs = _outputs(params.endpoint_id, workflow_id, "running", message)
        return Awaiting(
            external_workflow_id=workflow_id, timeout_seconds=params.max_wait_seconds, outputs=outputs.to_dict()
        )

    async def _started(self, params: Params, context: ActionContext) -> Mapping[str, Any]:
        to = path("endpoints", params.endpoint_id, "delete-workflow")
        request = {"callback_topic": context.callback.topic, "force": params.force}
        return await ask_budapp(context, "POST", to, request, timeout_seconds=START_SECONDS)

    async def on_event(self, context: EventContext) -> EventResult:
        notice = read(context.event_data)
        endpoint_id, workflow_id = context.params["endpoint_id"], context.external_workflow_id
        if PHASES.has_failed(notice):
            error = notice.message or "budapp failed to delete the deployment and gave no reason"
            return failed(error, _failure(endpoint_id, workflow_id, error))
        if PHASES.has_completed(notice):
            message = notice.message or "The endpoint is gone"
            return completed(_success(endpoint_id, workflow_id, message, notice.values))
        return PHASES.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        endpoint_id = context.params["endpoint_id"]
        workflow_id = text_in(context.step_outputs.get(context.step_id, {}), "workflow_id")
        if workflow_id is None:
            return None
        state = await state_of(context, ask_budapp, workflow_id)
        if state.status == "COMPLETED":
            outputs = _success(endpoint_id, workflow_id, "The endpoint is gone", state.values)
            return ActionResult(success=True, outputs=outputs.to_dict())
        if state.status == "FAILED":
            error = state.reason or "budapp failed to delete the deployment and gave no reason"
            return ActionResult(
                success=False, error=error, outputs=_failure(endpoint_id, workflow_id, error).to_dict()
            )
        return None


def _success(endpoint_id: str, workflow_id: str | None, message: str, found: Mapping[str, Any] | None = None) -> Outputs:
    return _outputs(endpoint_id, workflow_id, "completed", message, found)


def _failure(endpoint_id: str, workflow_id: str | None, message: str) -> Outputs:
    return _outputs(endpoint_id, workflow_id, "failed", message)


def _outputs(
    endpoint_id: str, workflow_id: str | None, status: str, message: str, found: Mapping[str, Any] | None = None
) -> Outputs:
    """Return the outputs, with what was found out about the endpoint on the way."""
    return Outputs(
        success=status == "completed",
        endpoint_id=endpoint_id,
        workflow_id=workflow_id,
        namespace=text_in(found or {}, "namespace"),
        cluster_id=text_in(found or {}, "cluster_id"),
        status=status,
        message=message,
    )
