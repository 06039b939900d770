"""What expressions make of a state: on secrets in plain text, noting what is made of them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from bud_server.expressions import (
    CompiledValue,
    Condition,
    EvaluationError,
    Expression,
    Path,
    Reference,
    Scope,
    StepView,
)
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets, holds_sealed
from bud_server.runtime.state import ExecutionState


class Evaluation:
    """Evaluates expressions on one state. Raises EvaluationError, and SecretsError if what is sealed cannot be read."""

    def __init__(self, state: ExecutionState, secrets: Secrets, found: Found) -> None:
        self._state = state
        self._secrets = secrets
        self._found = found
        """The secrets that were opened, and what was made of them."""
        self._sealed = Scope(state.params, _Views(state))

    @cached_property
    def scope(self) -> Scope:
        """What expressions see, secrets in plain text; a copy."""
        opened = _Opened(self._state, self._secrets, self._found)
        return Scope(self._secrets.open(self._state.params, self._found), opened)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is true."""
        return condition.holds(self._scope_for(condition.references))

    def value(self, compiled: CompiledValue) -> Any:
        """Return a value, and note those of its parts that were made of secrets. It may share parts with the state."""
        return self._noted(compiled, compiled.evaluate(self._scope_for(each.reference for each in compiled.references)))

    def own_value(self, compiled: CompiledValue) -> Any:
        """Return the same, for somebody who may change it."""
        return self._noted(compiled, compiled.evaluate(self.scope))

    def _noted(self, compiled: CompiledValue, made: Any) -> Any:
        for path, expression in compiled.expressions:
            part = _part(made, path)
            if self._is_telling(expression, part):
                self._found.add(part)
        return made

    def _scope_for(self, references: Iterable[Reference]) -> Scope:
        """Return what expressions with these references see; nothing is opened that they do not need."""
        return self.scope if any(map(self._is_sealed, references)) else self._sealed

    def _is_sealed(self, reference: Reference) -> bool:
        """Whether something sealed is in what a reference names."""
        if reference.attribute == "status":
            return False
        values: Any = self._state.params
        if reference.step is not None:
            step = self._state.steps.get(reference.step)
            values = {} if step is None else step.outputs or {}
        return holds_sealed(values if reference.name is None else values.get(reference.name))

    def _is_telling(self, expression: Expression, made: Any) -> bool:
        """Whether a value was made of something sealed: where that stays sealed it is another one, or there is none."""
        if not any(map(self._is_sealed, expression.references)):
            return False
        try:
            return bool(expression.evaluate(self._sealed) != made)
        except EvaluationError:
            return True


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


class _Opened(_Views):
    """The same, secrets in plain text."""

    def __init__(self, state: ExecutionState, secrets: Secrets, found: Found) -> None:
        super().__init__(state)
        self._secrets, self._found = secrets, found

    def __getitem__(self, step: str) -> StepView:
        view = super().__getitem__(step)
        return StepView(view.status, self._secrets.open(view.outputs, self._found))


def _part(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
