"""Executor of cloud_model_add."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import ActionContext, ServiceError, TypedExecutor
from bud_actions.platform.calls import START, ask_budapp, failing, object_in, text_in
from bud_actions.platform.workflows import state_in, workflow_id_of
from bud_generated.model.cloud_model_add import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp add a model that a provider hosts, which it does at once."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        body = {
            **START,
            "provider_type": "cloud_model",
            "provider_id": params.provider_id,
            "cloud_model_id": params.cloud_model_id,
            "name": params.model_name,
            "uri": params.model_uri,
            "tags": [],
            "modality": ["text_input", "text_output"],
        }
        answer: Mapping[str, Any] = {}
        with failing("Failed to add cloud model", lambda message: _outputs(params, answer, "failed", message)):
            answer = await ask_budapp(context, "POST", "models/cloud-model-workflow", body, timeout_seconds=60)
            state = state_in(answer)
            if state.has_failed:
                raise ServiceError(state.reason or "budapp gives no reason")
            if _model_id_in(answer) is None and not state.has_completed:
                raise ServiceError("No model_id returned from cloud-model-workflow")
        return _outputs(params, answer, "completed", f"{params.model_name} was added")


def _model_id_in(answer: Mapping[str, Any]) -> str | None:
    """Return the model's id from wherever budapp puts it; None if it does not say."""
    data = object_in(answer, "data")
    return (
        text_in(object_in(answer, "workflow_steps"), "model_id")
        or text_in(data, "model_id")
        or text_in(answer, "model_id")
        or text_in(data, "id")
    )


def _outputs(params: Params, answer: Mapping[str, Any], status: str, message: str) -> Outputs:
    return Outputs(
        success=status == "completed",
        model_id=_model_id_in(answer),
        model_name=params.model_name,
        provider_id=params.provider_id,
        workflow_id=workflow_id_of(answer),
        status=status,
        message=message,
    )
