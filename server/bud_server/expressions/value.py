"""Values that hold texts with `{{ ... }}` at any depth, compiled."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bud_server.expressions.errors import CompileErrors, EvaluationError, ExpressionError, Path
from bud_server.expressions.expression import Expression, compile_text
from bud_server.expressions.limits import DEEPEST_VALUE, Work
from bud_server.expressions.scope import Reference, Scope

_Make = Callable[[Scope, Work], Any]


class PlacedReference(NamedTuple):
    """A reference and the path of its text within the value."""

    path: Path
    reference: Reference


class PlacedExpression(NamedTuple):
    """An expression and the path of its text within the value."""

    path: Path
    expression: Expression


@dataclass(frozen=True, slots=True, eq=False)
class CompiledValue:
    """A value whose texts are compiled. Immutable, so that threads may share it."""

    expressions: tuple[PlacedExpression, ...]
    make: _Make = field(repr=False)

    @property
    def references(self) -> tuple[PlacedReference, ...]:
        """What all texts refer to, in order."""
        return tuple(
            PlacedReference(path, reference)
            for path, expression in self.expressions
            for reference in expression.references
        )

    def evaluate(self, scope: Scope) -> Any:
        """Return the value with lists and objects of its own. Raises EvaluationError with the path of the text.

        All texts share what one evaluation may spend.
        """
        return self.make(scope, Work())


def compile_value(value: Any, step_ids: Collection[str] = ()) -> CompiledValue:
    """Compile all texts in a value, keys excepted. Raises CompileErrors with all faults."""
    compiling = _Compiling([each for each in step_ids if not each.isidentifier()])
    make = compiling.compile(value, ())
    if compiling.errors:
        raise CompileErrors(compiling.errors)
    return CompiledValue(tuple(compiling.expressions), make)


class _Compiling:
    def __init__(self, step_ids: Collection[str]) -> None:
        self._step_ids = step_ids
        self.errors: list[tuple[Path, ExpressionError]] = []
        self.expressions: list[PlacedExpression] = []

    def compile(self, value: Any, path: Path) -> _Make:
        if isinstance(value, str):
            return self._text(value, path)
        if not isinstance(value, Mapping | list | tuple):
            return lambda scope, work: value
        if len(path) >= DEEPEST_VALUE:
            self.errors.append((path, ExpressionError(f"this is nested deeper than {DEEPEST_VALUE}")))
            return lambda scope, work: value
        if isinstance(value, Mapping):
            members = [(key, self.compile(member, (*path, key))) for key, member in value.items()]
            return lambda scope, work: {key: make(scope, work) for key, make in members}
        items = [self.compile(item, (*path, index)) for index, item in enumerate(value)]
        return lambda scope, work: [make(scope, work) for make in items]

    def _text(self, text: str, path: Path) -> _Make:
        try:
            expression = compile_text(text, self._step_ids)
        except ExpressionError as error:
            self.errors.append((path, error))
            return lambda scope, work: text
        if expression is None:
            return lambda scope, work: text
        self.expressions.append(PlacedExpression(path, expression))
        run = expression.run

        def make(scope: Scope, work: Work) -> Any:
            try:
                made = run(scope, work)
                work.touch(made)
            except EvaluationError as error:
                error.path = path
                raise
            return made

        return make
