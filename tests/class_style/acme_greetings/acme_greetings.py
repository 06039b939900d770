"""A class-style action: its metadata and its executor in one module."""

from bud_actions.base import (
    ActionContext,
    ActionMeta,
    ActionResult,
    BaseActionExecutor,
    ExecutionMode,
    OutputDefinition,
    OutputType,
    ParamDefinition,
    ParamType,
    register_action,
)


class AcmeGreetExecutor(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        return ActionResult(success=True, outputs={"message": f"{context.params['message']} from a class"})


META = ActionMeta(
    type="acme_greet",
    version="2.0.0",
    name="Greet",
    description="Says something back.",
    category="Integration",
    execution_mode=ExecutionMode.SYNC,
    params=[ParamDefinition(name="message", label="Message", type=ParamType.STRING, required=True)],
    outputs=[OutputDefinition(name="message", type=OutputType.STRING)],
)


@register_action(META)
class AcmeGreet:
    executor_class = AcmeGreetExecutor
