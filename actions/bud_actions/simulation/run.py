"""Executor of simulation_run."""

from bud_actions.base import ActionContext, Awaiting, EventContext, EventResult, TypedExecutor
from bud_generated.simulation.run import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Performs simulation_run."""

    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        raise NotImplementedError

    async def on_event(self, context: EventContext) -> EventResult:
        raise NotImplementedError
