"""What a pipeline's expressions say of a state."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_server.expressions import (
    CompileErrors,
    Condition,
    EvaluationError,
    ExpressionError,
    Scope,
    StepView,
    compile_condition,
    compile_value,
)
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.state import ExecutionState


class _Views(Mapping[str, StepView]):
    """The steps as expressions see them, each made when it is looked at."""

    def __init__(self, state: ExecutionState) -> None:
        self._steps = state.steps

    def __getitem__(self, step: str) -> StepView:
        state = self._steps[step]
        return StepView(state.status.value, state.outputs or {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)


def scope_of(state: ExecutionState) -> Scope:
    """Return what expressions see of an execution."""
    return Scope(state.params, _Views(state))


class PipelineRules:
    """The conditions and outputs of one plan, compiled when first needed."""

    def __init__(self, plan: Plan) -> None:
        self._step_ids = plan.unusual_ids
        self._conditions: dict[str, Condition] = {}

    def holds(self, step: PlannedStep, state: ExecutionState) -> bool:
        """Whether a step's condition is true. Raises ValueError, saying why, if it says nothing of the kind."""
        if step.condition is None:
            return True
        try:
            if step.id not in self._conditions:
                self._conditions[step.id] = compile_condition(step.condition, self._step_ids)
            return self._conditions[step.id].holds(scope_of(state))
        except (ExpressionError, EvaluationError) as error:
            raise ValueError(str(error)) from error

    def outputs(self, plan: Plan, state: ExecutionState) -> dict[str, Any]:
        """Return the execution's outputs. Raises ValueError if one cannot be had."""
        return self.value(plan.outputs, state) if plan.outputs else {}

    def value(self, value: Any, state: ExecutionState) -> Any:
        """Return a value with its expressions evaluated. Raises ValueError, saying which cannot be."""
        try:
            return compile_value(value, self._step_ids).evaluate(scope_of(state))
        except (CompileErrors, ExpressionError, EvaluationError) as error:
            raise ValueError(str(error)) from error
