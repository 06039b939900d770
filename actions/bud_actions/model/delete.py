"""Executor of model_delete."""

from bud_actions.base import ActionContext, ServiceRejectedError, TypedExecutor
from bud_actions.platform.calls import ask_budapp, failing, path
from bud_generated.model.delete import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Has budapp remove a model."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        query = {"force": "true" if params.force else "false"}
        with failing("Failed to delete model", lambda message: _outputs(params, False, message)):
            try:
                await ask_budapp(context, "DELETE", path("models", params.model_id), query=query)
            except ServiceRejectedError as error:
                is_gone_since_an_earlier_attempt = error.status == 404 and context.attempt > 1
                if not is_gone_since_an_earlier_attempt:
                    raise
        return _outputs(params, True, "The model was deleted")


def _outputs(params: Params, success: bool, message: str) -> Outputs:
    return Outputs(success=success, model_id=params.model_id, message=message)
