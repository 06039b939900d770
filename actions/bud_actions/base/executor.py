"""The code that performs an action."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, get_args

from bud_actions.base.context import ActionContext, EventContext
from bud_actions.base.result import ActionError, ActionResult, Awaiting, EventResult

Isolation = Literal["async", "thread", "process"]


class BaseActionExecutor(ABC):
    """The contract, over plain dicts."""

    isolation: ClassVar[Isolation] = "async"
    """Where it runs: in the worker's event loop; in a thread with a loop of its own, for code that blocks; or in a
    process of its own, for code that must be possible to kill."""

    @abstractmethod
    async def execute(self, context: ActionContext) -> ActionResult:
        """Do the work, or start it and return a result with `awaiting_event`."""

    async def on_event(self, context: EventContext) -> EventResult:
        """Say what an event means to the step that waits for it. Only event-driven actions have events."""
        raise TypeError(f"{type(self).__module__}.{type(self).__name__} does not take events: it has no on_event")

    async def reconcile(self, context: ActionContext) -> ActionResult | None:
        """Find out what became of an attempt whose worker was lost, by `context.idempotency_key` for one.

        Return the result that `execute` would have returned, or None if nothing was started. Write it where that can be
        known; without it, an action that is not idempotent ends as uncertain.
        """
        raise TypeError(f"{type(self).__module__}.{type(self).__name__} has no reconcile")

    async def poll(self, context: ActionContext) -> ActionResult | None:
        """Ask whether the work that is waited for has ended; called once before the wait times out.

        Return its result, or None if it has not ended. `context.step_outputs` has the step's own outputs so far. Write
        it where that can be known.
        """
        raise TypeError(f"{type(self).__module__}.{type(self).__name__} has no poll")

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with params beyond what the action file says."""
        return []

    async def cleanup(self, context: ActionContext) -> None:  # noqa: B027 - most have nothing to undo
        """Undo or release what an attempt left behind, after a failure or a cancellation."""


class Record(Protocol):
    """What generated Params and Outputs have in common."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self: ...

    def to_dict(self) -> dict[str, Any]: ...


Params = TypeVar("Params", bound=Record)
Outputs = TypeVar("Outputs", bound=Record)


class TypedExecutor(BaseActionExecutor, Generic[Params, Outputs]):
    """An executor over the generated dataclasses of its action: write `run`."""

    _params_class: ClassVar[type[Record]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = get_args(base)
            if len(arguments) == 2 and not isinstance(arguments[0], TypeVar):
                cls._params_class = arguments[0]

    @abstractmethod
    async def run(self, params: Params, context: ActionContext) -> Outputs | Awaiting:
        """Do the work and return its outputs, or start it elsewhere and return what it awaits.

        Raise ActionError for a failure that a person should read about.
        """

    async def execute(self, context: ActionContext) -> ActionResult:
        """Decode the params, run, and encode the outputs."""
        params = self._params_class.from_dict(context.params)
        try:
            ran = await self.run(params, context)  # type: ignore[arg-type]
        except ActionError as error:
            return ActionResult(success=False, error=str(error), outputs=error.outputs, had_effect=error.had_effect)
        if isinstance(ran, Awaiting):
            return ActionResult(
                success=True,
                awaiting_event=True,
                external_workflow_id=ran.external_workflow_id,
                correlation_keys=ran.correlation_keys,
                wake_at=ran.wake_at,
                timeout_seconds=ran.timeout_seconds,
                outputs=dict(ran.outputs),
            )
        return ActionResult(success=True, outputs=ran.to_dict())
