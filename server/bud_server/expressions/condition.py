"""Conditions: of a step, of a branch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bud_server.expressions.errors import EvaluationError, ExpressionError
from bud_server.expressions.expression import Expression, compile_text
from bud_server.expressions.scope import Reference, Scope, word

_LITERALS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TEXTS = {**_LITERALS, "": False, "none": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds or does not."""

    expression: Expression | None
    """None if it is the same whatever it is asked for."""
    literal: bool = True
    """Whether it holds if there is no expression."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it refers to, in the order of the text."""
        return () if self.expression is None else self.expression.references

    def holds(self, scope: Scope) -> bool:
        """Whether it holds. Raises EvaluationError if it has no value, or one that is neither true nor false."""
        return self.literal if self.expression is None else _truth(self.expression.evaluate(scope))


def compile_condition(value: str | bool | None, step_ids: Collection[str] = ()) -> Condition:
    """Return a condition; one that always holds for None and blank texts. Raises ExpressionError."""
    if value is None or isinstance(value, bool):
        return Condition(None, value is not False)
    text = value.strip()
    if not text:
        return Condition(None)
    expression = compile_text(value, step_ids)
    if expression is None:
        if text.lower() not in _LITERALS:
            raise ExpressionError("a condition must be an expression such as {{ ... }}, or true or false")
        return Condition(None, _LITERALS[text.lower()])
    if not expression.is_whole:
        raise ExpressionError("a condition is one expression: put all of it inside the braces, as in {{ a == 1 }}")
    return Condition(expression)


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        truth = _TEXTS.get(value.strip().lower()) if len(value) <= 100 else None
        if truth is None:
            raise EvaluationError("the condition is a text that is neither true nor false: compare it with something")
        return truth
    if value is None or isinstance(value, bool | int | float | list | tuple | Mapping):
        return bool(value)
    raise EvaluationError(f"the condition is {word(value)}, which is neither true nor false")
