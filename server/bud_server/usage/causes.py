"""Which findings say why a pipeline fails."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bud_codegen.diff.finding import Finding, Verdict
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import Pipeline, PipelineProblem, Step
from bud_server.pipelines.problem import Path

_VERSION = "version-"
"""How rules begin that ask for another version, whose findings explain no failure."""


def step_at(pipeline: Pipeline, path: Path) -> Step | None:
    """Return the step that a path leads into; None for another part of the pipeline."""
    index = path[1] if len(path) > 1 and path[0] == "steps" else None
    return pipeline.steps[index] if isinstance(index, int) else None


class Causes:
    """The findings that concern one pipeline."""

    def __init__(
        self, pipeline: Pipeline, before: ServedCatalog, after: ServedCatalog, findings: Sequence[Finding]
    ) -> None:
        self._pipeline = pipeline
        self._before = before
        self._after = after
        self._findings = [
            each for each in findings if each.verdicts.pipelines > Verdict.info and not each.rule.startswith(_VERSION)
        ]

    def of(self, problem: PipelineProblem) -> list[Finding]:
        """Return the findings that say why a problem is new, the closest ones only; none if nothing says so."""
        candidates = (self._of_params(problem), self._of_outputs(problem), self._of_action(problem))
        return next((found for each in candidates if (found := list(each))), [])

    def _of_params(self, problem: PipelineProblem) -> Iterator[Finding]:
        step = step_at(self._pipeline, problem.path)
        name = problem.path[3] if len(problem.path) > 3 and problem.path[2] == "params" else problem.name
        if step is not None and name is not None and problem.code != "unknown_output":
            yield from self._about(step, "params", self._param_name(step, str(name)))

    def _of_outputs(self, problem: PipelineProblem) -> Iterator[Finding]:
        text = _texts_in(_value_at(self._pipeline, problem.path))
        for step in self._pipeline.steps:
            if re.search(rf"(?<![\w-]){re.escape(step.id)}(?![\w-])", text):
                for finding in self._about(step, "outputs"):
                    name = finding.subject.split(".")[1]
                    if name == "*" or re.search(rf"\b{re.escape(name)}\b", text):
                        yield finding

    def _of_action(self, problem: PipelineProblem) -> Iterator[Finding]:
        step = step_at(self._pipeline, problem.path)
        if step is not None:
            yield from (each for each in self._about(step) if not each.subject.startswith(("params.", "outputs.")))

    def _about(self, step: Step, *subject: str) -> Iterator[Finding]:
        named = self._references(step)
        for finding in self._findings:
            if finding.action in named and tuple(finding.subject.split("."))[: len(subject)] == subject:
                yield finding

    def _references(self, step: Step) -> set[str]:
        """Return what findings call the action of a step."""
        entries = ((catalog, catalog.entry(step.action)) for catalog in (self._before, self._after))
        return {catalog.reference_of(entry) for catalog, entry in entries if entry is not None}

    def _param_name(self, step: Step, given: str) -> str:
        """Return what a param is called now, given the name that a step uses."""
        for catalog in (self._after, self._before):
            entry = catalog.entry(step.action)
            for param in entry["meta"]["params"] if entry else ():
                if given in (param["name"], param["renamed_from"]):
                    name: str = param["name"]
                    return name
        return given


def _value_at(pipeline: Pipeline, path: Path) -> Any:
    """Return the value of a step's params, its condition, or the pipeline's outputs that a path leads to."""
    step = step_at(pipeline, path)
    if step is None:
        value: Any = {"outputs": pipeline.outputs}
        rest = path
    else:
        value = {"params": step.params, "condition": step.condition}
        rest = path[2:]
    for key in rest:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return value
    return value


def _texts_in(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
