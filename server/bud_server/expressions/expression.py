"""A text with `{{ ... }}`, compiled."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from bud_server.expressions import kinds
from bud_server.expressions.compiler import Compiler, Run
from bud_server.expressions.errors import ExpressionError
from bud_server.expressions.grammar import parse
from bud_server.expressions.kinds import Infer
from bud_server.expressions.limits import Work
from bud_server.expressions.operators import concatenated
from bud_server.expressions.scope import Reference, Scope

_LONGEST_CACHED = 500
_MOST_CACHED = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A text with `{{ ... }}`. Immutable, so that threads may share it."""

    text: str
    references: tuple[Reference, ...]
    """In the order of the text."""
    is_whole: bool
    """Whether the text is one expression with nothing but white space around, so that its value keeps its type."""
    run: Run = field(repr=False)
    infer: Infer = field(repr=False)

    def evaluate(self, scope: Scope) -> Any:
        """Return the value; a string unless the text is one whole expression. Raises EvaluationError.

        A value may share lists and objects with the scope.
        """
        return self.run(scope, Work())


def compile_text(text: str, step_ids: Collection[str] = ()) -> Expression | None:
    """Return the expression of a text; None for plain text, without `{{`. Raises ExpressionError.

    `step_ids` are those that may be written after `steps.` though they are no names, such as `my-step`.
    """
    if "{{" not in text:
        return None
    is_mentioning = "steps" in text
    mentioned = frozenset(each for each in step_ids if is_mentioning and not each.isidentifier() and each in text)
    return (_cached if len(text) <= _LONGEST_CACHED else _compiled)(text, mentioned)


def _compiled(text: str, step_ids: frozenset[str]) -> Expression:
    try:
        return _compile(text, step_ids)
    except RecursionError:
        raise ExpressionError("this is nested too deep") from None


def _compile(text: str, step_ids: frozenset[str]) -> Expression:
    parts = parse(text, step_ids)
    compiler = Compiler(text)
    whole = [part for part in parts if not (isinstance(part, nodes.TemplateData) and part.data.isspace())]
    if len(whole) == 1 and not isinstance(whole[0], nodes.TemplateData):
        code = compiler.compile(whole[0])
        run, infer, is_whole = code.run, code.infer, True
    else:
        run, infer, is_whole = _mixed(parts, compiler), kinds.always(kinds.STRING), False
    references = tuple(sorted(compiler.references, key=lambda reference: reference.position))
    return Expression(text, references, is_whole, run, infer)


_cached = lru_cache(_MOST_CACHED)(_compiled)


def _mixed(parts: list[nodes.Expr], compiler: Compiler) -> Run:
    runs = [
        _literal(part.data) if isinstance(part, nodes.TemplateData) else compiler.compile(part).run for part in parts
    ]
    return lambda scope, work: concatenated(work, [run(scope, work) for run in runs])


def _literal(text: str) -> Run:
    return lambda scope, work: text
