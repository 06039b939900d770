"""The expressions of a pipeline: whether they can be compiled, what they refer to, and of which kind they are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bud_server.expressions import ANY, NULL, ExpressionError, Reference, compile_condition, compile_text, infer_kind
from bud_server.pipelines import kinds
from bud_server.pipelines.definition import Step
from bud_server.pipelines.kinds import Kinds
from bud_server.pipelines.lifecycle import LifecycleCheck
from bud_server.pipelines.names import Names
from bud_server.pipelines.problem import Path, PipelineProblem, Severity, problem
from bud_server.pipelines.scope import Document, PipelineScope

Found = Iterator[PipelineProblem]
MOST_CHARACTERS = 2_000_000
"""Characters of expressions that a pipeline may hold, each text counted as OVERHEAD more; some seconds of work."""
OVERHEAD = 100


class ExpressionCheck:
    """Checks expressions against what they can refer to."""

    def __init__(self, scope: PipelineScope, lifecycle: LifecycleCheck) -> None:
        self._scope = scope
        self._lifecycle = lifecycle
        self._left = MOST_CHARACTERS

    def of_step(self, step: Step, meta: Document | None, path: Path) -> Found:
        """Yield what is wrong with a step's condition and params; `meta` is None for an unknown action."""
        yield from self._condition(step.condition, (*path, "condition"), step)
        params = {param["name"]: param for param in meta["params"]} if meta else {}
        params |= {param["renamed_from"]: param for param in params.values() if param["renamed_from"]}
        for name, given in step.params.items():
            param = params.get(name)
            for inner, text in _texts(given):
                place = (*path, "params", name, *inner)
                if param is not None and param["type"] == "branches" and inner[1:] == ("condition",):
                    yield from self._condition(text, place, step)
                else:
                    taken = kinds.taken_by(param, inner) if param else kinds.ANYTHING
                    yield from self._text(text, place, step, taken)

    def of_outputs(self, outputs: Mapping[str, Any]) -> Found:
        """Yield what is wrong with a pipeline's outputs, which may refer to any step."""
        for inner, text in _texts(outputs):
            yield from self._text(text, ("outputs", *inner), None, kinds.ANYTHING)

    def _condition(self, condition: str | bool | None, path: Path, step: Step) -> Found:
        try:
            self._spend(condition if isinstance(condition, str) else "")
            references = compile_condition(condition, self._scope.hyphenated).references
        except ExpressionError as error:
            yield problem("expression", path, what=error.message)
        else:
            yield from self._references(references, path, step)

    def _text(self, text: str, path: Path, step: Step | None, taken: Kinds) -> Found:
        try:
            self._spend(text)
            expression = compile_text(text, self._scope.hyphenated)
        except ExpressionError as error:
            yield problem("expression", path, what=error.message)
            return
        if expression is None:
            return
        problems = list(self._references(expression.references, path, step))
        yield from problems
        is_known = all(each.notice is not None for each in problems)
        if step is not None and is_known and taken != kinds.ANYTHING:
            found = infer_kind(expression, self._kind) - NULL
            if found and found != ANY and not found & taken:
                yield _mismatch(step, path, found, taken)

    def _spend(self, text: str) -> None:
        if "{{" in text:
            self._left -= OVERHEAD + len(text)
            if self._left < 0:
                raise ExpressionError("the pipeline holds too many expressions: split it up")

    def _kind(self, reference: Reference) -> frozenset[str]:
        found = self._referred(reference)
        return ANY if found is None or found == kinds.ANYTHING else found

    def _referred(self, reference: Reference) -> Kinds | None:
        if reference.name is None:
            return kinds.of_type("string" if reference.attribute == "status" else "object")
        if reference.root == "params":
            parameter = self._scope.parameters.get(reference.name)
            return None if parameter is None else kinds.of_parameter(parameter)
        declared = self._scope.outputs(reference.step) if reference.step in self._scope.steps else None
        return declared.get(reference.name) if declared else None

    def _references(self, references: Iterable[Reference], path: Path, step: Step | None) -> Found:
        for each in references:
            yield from self._parameter(each, path) if each.root == "params" else self._step(each, path, step)

    def _parameter(self, reference: Reference, path: Path) -> Found:
        name, scope = reference.name, self._scope
        if name is not None and name not in scope.parameters:
            hint = scope.parameter_names.hint(name) or f"declare '{name}' in parameters"
            yield problem("unknown_parameter", path, severity=_severity(reference), name=name, hint=hint)

    def _step(self, reference: Reference, path: Path, step: Step | None) -> Found:
        name, scope = reference.step, self._scope
        if name is None:
            return
        if name not in scope.steps:
            hint = scope.step_names.hint(name)
            yield problem("unknown_step", path, severity=_severity(reference), name=name, hint=hint)
            return
        if step is not None and not scope.graph.is_ancestor(name, of=step.id):
            yield problem("not_an_ancestor", path, step=step.id, name=name, hint=self._order_hint(name, step.id))
        declared = scope.outputs(name)
        if reference.name is not None and declared is not None and reference.name not in declared:
            hint = Names(declared).hint(reference.name) or "it has none"
            severity = _severity(reference)
            yield problem("unknown_output", path, severity=severity, step=name, name=reference.name, hint=hint)
        meta = scope.meta(name)
        if reference.name is not None and meta is not None:
            yield from self._lifecycle.of_output(scope.steps[name], reference.name, meta, path)

    def _order_hint(self, wanted: str, step: str) -> str:
        if wanted == step:
            return "a step cannot refer to itself"
        if self._scope.graph.is_ancestor(step, of=wanted):
            return f"'{wanted}' comes after '{step}'; refer to an earlier step"
        return f"add '{wanted}' to depends_on of '{step}'"


def _severity(reference: Reference) -> Severity:
    """What may be missing at run time is worth a warning: it never is there."""
    return "warning" if reference.guarded else "error"


def _mismatch(step: Step, path: Path, found: Kinds, taken: Kinds) -> PipelineProblem:
    name = ".".join(map(str, path[3:]))
    if taken == {"string"}:
        hint: str | None = "make it a text: {{ ... | string }}"
    elif found == {"string"} and taken <= {"number", "integer"}:
        hint = "make it a number: {{ ... | float }} or {{ ... | int }}"
    else:
        hint = None
    expected, yields = kinds.shown(taken), kinds.shown(found)
    return problem("mismatch", path, step=step.id, name=name, expected=expected, found=yields, hint=hint)


def _texts(value: Any) -> Iterator[tuple[Path, str]]:
    """Yield the texts in a value that may hold expressions, with their paths."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, str):
            if "{{" in each or path[-1:] == ("condition",):
                yield path, each
        elif isinstance(each, Mapping):
            waiting += [((*path, key), member) for key, member in each.items()]
        elif isinstance(each, list | tuple):
            waiting += [((*path, index), item) for index, item in enumerate(each)]
