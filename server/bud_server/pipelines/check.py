"""Whether a pipeline fits the catalog: everything that is wrong with it, found before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bud_schemas.shapes import major_of
from bud_schemas.validation import ParamProblem, is_absent
from bud_schemas.values import is_number, is_template, number_text
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import kinds
from bud_server.pipelines.definition import Pipeline, Retry, Step
from bud_server.pipelines.lifecycle import LifecycleCheck
from bud_server.pipelines.names import Names
from bud_server.pipelines.problem import Collector, Path, PipelineProblem, TooManyError, in_order, problem
from bud_server.pipelines.references import ExpressionCheck
from bud_server.pipelines.scope import Document, PipelineScope

Found = Iterator[PipelineProblem]


def check_pipeline(
    pipeline: Pipeline, catalog: ServedCatalog, *, saved_on: date | None = None
) -> list[PipelineProblem]:
    """Return everything wrong with a pipeline, in the order of its definition; without errors it can run.

    On the day of a new save, `saved_on`, what is past its sunset is an error. After 1,000 errors the rest is left out.
    """
    found = Collector()
    try:
        for each in _Check(pipeline, catalog, saved_on).problems():
            found.add(each)
    except TooManyError:
        pass
    return list(in_order(found.problems))


class _Check:
    def __init__(self, pipeline: Pipeline, catalog: ServedCatalog, saved_on: date | None) -> None:
        self._pipeline = pipeline
        self._catalog = catalog
        self._scope = PipelineScope(pipeline, catalog)
        self._lifecycle = LifecycleCheck(saved_on)
        self._expressions = ExpressionCheck(self._scope, self._lifecycle)
        self._actions = Names(catalog.entries)

    def problems(self) -> Found:
        yield from self._parameter_problems()
        yield from self._graph_problems()
        for index, step in enumerate(self._pipeline.steps):
            yield from self._step_problems(step, ("steps", index))
        yield from _backoff_problems(self._pipeline.settings.retry_policy, ("settings", "retry_policy"))
        yield from self._expressions.of_outputs(self._pipeline.outputs)

    def _parameter_problems(self) -> Found:
        seen: set[str] = set()
        for index, parameter in enumerate(self._pipeline.parameters):
            name = parameter.name
            if name in seen:
                yield problem("duplicate_parameter", ("parameters", index, "name"), name=name)
            seen.add(name)
            taken = kinds.of_parameter(parameter)
            if not is_absent(parameter.default) and not kinds.of_value(parameter.default) & taken:
                yield problem("default_type", ("parameters", index, "default"), name=name, expected=kinds.shown(taken))

    def _graph_problems(self) -> Found:
        seen: set[str] = set()
        for index, step in enumerate(self._pipeline.steps):
            if step.id in seen:
                yield problem("duplicate_step", ("steps", index, "id"), step=step.id)
            seen.add(step.id)
            for position, needed in enumerate(step.depends_on):
                path: Path = ("steps", index, "depends_on", position)
                if needed == step.id:
                    yield problem("self_dependency", path, step=step.id)
                elif needed not in self._scope.steps:
                    hint = self._scope.step_names.hint(needed)
                    yield problem("unknown_dependency", path, step=step.id, name=needed, hint=hint)
        for cycle in self._scope.graph.cycles:
            path = ("steps", self._scope.index[cycle[0]], "depends_on")
            yield problem("cycle", path, cycle=_drawn(cycle))

    def _step_problems(self, step: Step, path: Path) -> Found:
        entry = self._catalog.entry(step.action)
        if entry is None:
            yield self._unknown_action(step, (*path, "action"))
        else:
            yield from self._telling_pin(self._lifecycle.of_step(step, entry["meta"], path), step, entry["meta"])
            yield from _retry_problems(step, entry["meta"], path)
            yield from self._telling_pin(self._param_problems(step, entry["meta"], path), step, entry["meta"])
            yield from self._target_problems(step, entry["meta"], path)
        yield from self._expressions.of_step(step, entry and entry["meta"], path)
        yield from self._time_problems(step, path)

    def _unknown_action(self, step: Step, path: Path) -> PipelineProblem:
        name, _, major = step.action.partition("@")
        there = self._catalog.versions_of(name)
        if not there:
            return problem("unknown_action", path, action=step.action, hint=self._actions.hint(step.action))
        major = major or str(self._catalog.pin_of(name))
        listed = ", ".join(there)
        return problem("unknown_version", path, step=step.id, action=name, version=major, there=listed)

    def _param_problems(self, step: Step, meta: Document, path: Path) -> Found:
        validator = self._catalog.validator(step.action)
        names = Names(param["name"] for param in meta["params"])
        for found in validator.validate(step.params) if validator else ():
            yield _param_problem(found, step, meta, path, names)

    def _telling_pin(self, problems: Found, step: Step, meta: Document) -> Found:
        """Yield problems; where the pipeline is pinned to an older version, their hints say so."""
        kind: str = meta["type"]
        pin = self._catalog.pin_of(step.action) if "@" not in step.action else None
        if pin is None:
            yield from problems
            return
        newest = major_of(self._catalog.entries[kind]["meta"])
        told = f"the pipeline is pinned to {kind}@{pin}; write {kind}@{newest} for the newest version"
        for each in problems:
            yield replace(each, hint=f"{each.hint}; {told}" if each.hint else told)

    def _target_problems(self, step: Step, meta: Document, path: Path) -> Found:
        for name, index, branch in _branches(step, meta):
            target = branch.get("target_step")
            if not isinstance(target, str) or is_absent(target) or is_template(target):
                continue
            place = (*path, "params", name, index, "target_step")
            if target not in self._scope.steps:
                yield problem("unknown_target", place, name=target, hint=self._scope.step_names.hint(target))
            elif not self._scope.graph.is_ancestor(step.id, of=target):
                yield problem("independent_target", place, name=target, step=step.id)

    def _time_problems(self, step: Step, path: Path) -> Found:
        whole = self._pipeline.settings.timeout_seconds
        if step.timeout_seconds is not None and step.timeout_seconds > whole:
            place = (*path, "timeout_seconds")
            yield problem("timeout_order", place, step=step.id, own=step.timeout_seconds, whole=whole)
        yield from _backoff_problems(step.retry, (*path, "retry"))


def _drawn(cycle: Sequence[str]) -> str:
    """Write a cycle as arrows; the middle of a long one is left out."""
    shown = [*cycle[:10], "...", *cycle[-10:]] if len(cycle) > 30 else cycle
    return " -> ".join(shown)


def _backoff_problems(retry: Retry | None, path: Path) -> Found:
    if retry is not None and retry.backoff_seconds > retry.max_backoff_seconds:
        first, longest = number_text(retry.backoff_seconds), number_text(retry.max_backoff_seconds)
        yield problem("backoff_order", (*path, "backoff_seconds"), first=first, longest=longest)


def _retry_problems(step: Step, meta: Document, path: Path) -> Found:
    if step.on_failure == "retry" and not meta["idempotent"]:
        yield problem("retry_unsafe", (*path, "on_failure"), step=step.id, action=step.action)


def _branches(step: Step, meta: Document) -> Iterator[tuple[str, int, Document]]:
    """Yield the branches that a step gives: the param, the index, and the branch."""
    for param in meta["params"]:
        name = "".join(_given_name(param, step)) if param["type"] == "branches" else ""
        given = step.params.get(name)
        for index, branch in enumerate(given if isinstance(given, list | tuple) else ()):
            if isinstance(branch, Mapping):
                yield name, index, branch


_SENTENCES = {
    "minimum": ("param_minimum", "min"),
    "maximum": ("param_maximum", "max"),
    "min_length": ("param_min_length", "min_length"),
    "max_length": ("param_max_length", "max_length"),
}


def _param_problem(found: ParamProblem, step: Step, meta: Document, path: Path, names: Names) -> PipelineProblem:
    """Say what the validator found in the words that older clients know."""
    name = found.param
    param = next((each for each in meta["params"] if each["name"] == name), None)
    if param is None:
        place = (*path, "params", name)
        return problem("unknown_param", place, step=step.id, name=name, hint=names.hint(name))
    place = (*path, "params", *_given_name(param, step))
    if found.code == "required":
        return problem("missing_param", place, step=step.id, name=name)
    code, bound = _SENTENCES.get(found.code, ("", ""))
    limit = (param.get("validation") or {}).get(bound)
    value = step.params.get(name)
    size = len(value) if isinstance(value, str) else value
    if limit is not None and size is not None and is_number(size) and not param["secret"]:
        return problem(code, place, step=step.id, name=name, value=number_text(size), limit=number_text(limit))
    return problem("invalid_param", place, step=step.id, what=found.message)


def _given_name(param: Document, step: Step) -> tuple[str, ...]:
    """Return the name under which a step gives a param, if it does."""
    return next(((name,) for name in (param["name"], param["renamed_from"]) if name in step.params), ())
