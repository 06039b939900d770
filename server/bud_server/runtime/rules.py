"""What a pipeline's expressions say of a state."""

from typing import Any

from bud_server.expressions import (
    CompileErrors,
    Condition,
    EvaluationError,
    ExpressionError,
    compile_condition,
    compile_value,
)
from bud_server.runtime.evaluation import Evaluation
from bud_server.runtime.found import Found
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.state import ExecutionState


class PipelineRules:
    """The conditions and outputs of one plan, compiled when first needed."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        self._step_ids = plan.unusual_ids
        self._secrets = secrets
        self._conditions: dict[str, Condition] = {}

    def holds(self, step: PlannedStep, state: ExecutionState) -> bool:
        """Whether a step's condition is true. Raises ValueError, saying why, if it says nothing of the kind."""
        if step.condition is None:
            return True
        found = Found()
        try:
            if step.id not in self._conditions:
                self._conditions[step.id] = compile_condition(step.condition, self._step_ids)
            return Evaluation(state, self._secrets, found).holds(self._conditions[step.id])
        except (ExpressionError, EvaluationError, SecretsError) as error:
            raise ValueError(found.mask(str(error))) from error

    def outputs(self, plan: Plan, state: ExecutionState) -> dict[str, Any]:
        """Return the execution's outputs, secrets sealed. Raises ValueError if one cannot be had."""
        if not plan.outputs:
            return {}
        found = Found()
        try:
            made = Evaluation(state, self._secrets, found).value(compile_value(plan.outputs, self._step_ids))
            return self._secrets.sealed_members(made, found)
        except (CompileErrors, ExpressionError, EvaluationError, SecretsError) as error:
            raise ValueError(found.mask(str(error))) from error
