"""What an executor sees. Needs nothing of the server."""

from bud_actions.base.context import ActionContext, EventContext
from bud_actions.base.executor import BaseActionExecutor, TypedExecutor
from bud_actions.base.result import ActionError, ActionResult, Awaiting, EventAction, EventResult, StepStatus

__all__ = [
    "ActionContext",
    "ActionError",
    "ActionResult",
    "Awaiting",
    "BaseActionExecutor",
    "EventAction",
    "EventContext",
    "EventResult",
    "StepStatus",
    "TypedExecutor",
]
