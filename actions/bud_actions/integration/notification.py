"""Executor of notification."""

from typing import Any

from bud_actions.base import ActionContext, ActionError, ServiceError, TypedExecutor
from bud_generated.integration.notification import Outputs, Params

TOPIC = "notificationMessages"
"""What budnotify listens to."""
SOURCE = "budpipeline"


class Executor(TypedExecutor[Params, Outputs]):
    """Hands a notification over to budnotify, which delivers it."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        notification_id = f"{context.execution_id}-{context.step_id}"
        unsent = Outputs(sent=False, notification_id=notification_id).to_dict()
        if not params.recipients and not context.user_id:
            raise ActionError("There is nobody to tell: give recipients", unsent, had_effect=False)
        try:
            await context.publish(TOPIC, _message(notification_id, params, context))
        except ServiceError as error:
            raise ActionError(str(error), unsent, had_effect=error.had_effect) from error
        return Outputs(sent=True, notification_id=notification_id)


def _message(notification_id: str, params: Params, context: ActionContext) -> dict[str, Any]:
    """Return the notification in the shape in which budnotify reads all of them."""
    result = {
        "notification_id": notification_id,
        "channel": params.channel,
        "severity": params.severity,
        "metadata": params.metadata or {},
    }
    return {
        "type": "notification",
        "notification_type": "event",
        "name": "bud-notification",
        "subscriber_ids": params.recipients or [context.user_id],
        "payload": {
            "category": "internal",
            "type": "pipeline_notification",
            "event": context.step_id,
            "workflow_id": context.execution_id,
            "source": SOURCE,
            "content": {
                "title": params.title,
                "message": params.message,
                "status": "COMPLETED",
                "result": result,
                "tag": params.severity,
            },
        },
        "source": SOURCE,
    }
