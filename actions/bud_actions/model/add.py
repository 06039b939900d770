"""Executor of model_add."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from bud_actions.base import ActionContext, ActionResult, Awaiting, EventContext, EventResult, TypedExecutor
from bud_actions.platform.calls import START, ask_budapp, failing, text_in
from bud_actions.platform.events import Notice, Phases, completed, failed, read
from bud_actions.platform.workflows import ended, found_by, give_up, own_outputs, started_workflow, state_of
from bud_generated.model.add import Outputs, Params

EVENTS = Phases(
    activities=frozenset({"perform_model_extraction", "model_extraction"}),
    final=frozenset({"save_model", "results"}),
)


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp add a model, and waits until its files are there and have been looked through."""

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        uri = params.huggingface_id or params.model_uri or ""
        known = {"model_name": params.model_name or _name_in(uri)}
        body = _body(params, uri, known["model_name"], context.callback.topic)
        with failing("Failed to start model workflow", lambda message: _failed(known, message)):
            answer = await ask_budapp(context, "POST", "models/local-model-workflow", body, timeout_seconds=60)
            known["workflow_id"] = started_workflow(answer, "budapp")
        outputs = _outputs(known, status="running", message=f"budapp adds {known['model_name']}")
        return Awaiting(
            external_workflow_id=known["workflow_id"],
            outputs=outputs.to_dict(),
            timeout_seconds=params.max_wait_seconds,
        )

    async def on_event(self, context: EventContext) -> EventResult:
        known, notice = context.step_outputs, read(context.event_data)
        if EVENTS.has_failed(notice):
            message = notice.message or "budapp could not add the model"
            return failed(message, _failed(known, message))
        if EVENTS.has_completed(notice):
            return completed(_completed(known, *await _found(notice, context)))
        return EVENTS.told(notice)

    async def poll(self, context: ActionContext) -> ActionResult | None:
        known = own_outputs(context)
        state = await state_of(context, ask_budapp, known["workflow_id"])
        return ended(state, lambda found: _completed(known, found), lambda message: _failed(known, message))

    async def cleanup(self, context: ActionContext) -> None:
        await give_up(context, ask_budapp, own_outputs(context).get("workflow_id"))


def _body(params: Params, uri: str, name: str, topic: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        **START,
        "provider_type": params.model_source,
        "name": name,
        "uri": uri,
        "description": params.description,
        "author": params.author,
        "callback_topic": topic,
    }
    if params.model_source == "hugging_face" and params.credential_id:
        body["proprietary_credential_id"] = params.credential_id
    return body


def _name_in(uri: str) -> str:
    """Return the last part of an id, an address or a path."""
    return re.split(r"[?#]", uri)[0].rstrip("/").rpartition("/")[2]


async def _found(notice: Notice, context: EventContext) -> tuple[Mapping[str, Any], str]:
    """Return what is known of the model, and why no more is; budapp is asked if the event leaves its id out."""
    if text_in(notice.values, "model_id"):
        return notice.values, ""
    values, unknown = await found_by(context, ask_budapp, context.external_workflow_id)
    return {**notice.values, **values}, unknown


def _completed(known: Mapping[str, Any], found: Mapping[str, Any], unknown: str = "") -> Outputs:
    name = text_in(found, "model_name") or known.get("model_name")
    known = {**known, "model_id": text_in(found, "model_id"), "model_name": name}
    message = f"{name} was added" + (f", but its id could not be found out: {unknown}" if unknown else "")
    return _outputs(known, status="completed", message=message)


def _failed(known: Mapping[str, Any], message: str) -> Outputs:
    return _outputs(known, status="failed", message=message)


def _outputs(known: Mapping[str, Any], status: Literal["running", "completed", "failed"], message: str) -> Outputs:
    return Outputs(
        success=status == "completed",
        model_id=known.get("model_id"),
        model_name=known.get("model_name"),
        workflow_id=known.get("workflow_id"),
        status=status,
        message=message,
    )
