"""Executors that ask the outside, one per isolation."""

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor


class Asking(BaseActionExecutor):
    """Asks a service and an address, and tells a topic."""

    async def execute(self, context: ActionContext) -> ActionResult:
        answer = await context.invoke_service("budapp", "models/1", "GET")
        page = await context.request("GET", str(context.params["url"]))
        await context.publish("news", {"type": "found", "id": answer["id"]})
        return ActionResult(success=True, outputs={"id": answer["id"], "page": page.body.decode()})


class AskingInThread(Asking):
    isolation = "thread"


class AskingInProcess(Asking):
    isolation = "process"
