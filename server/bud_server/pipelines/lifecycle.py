"""What a pipeline uses that is deprecated, past its sunset, or called something else by now."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from bud_schemas.validation import is_absent
from bud_server.catalog.lifecycle import notice_of
from bud_server.pipelines.definition import Step
from bud_server.pipelines.problem import Path, PipelineProblem, problem

Document = Mapping[str, Any]
Found = Iterator[PipelineProblem]


class _Aging(NamedTuple):
    """What there may be to say of an action's params and outputs; mostly nothing."""

    params: list[Document]
    outputs: dict[str, Document]
    """Deprecations by name."""


class LifecycleCheck:
    """Looks at what the steps of a pipeline use.

    On the day of a new save, `saved_on`, what is past its sunset is an error; what is not saved anew is only warned of.
    """

    def __init__(self, saved_on: date | None) -> None:
        self._saved_on = saved_on
        self._aging: dict[str, _Aging] = {}
        """By action, as steps name it."""

    def of_step(self, step: Step, meta: Document, path: Path) -> Found:
        """Yield what is to be said of a step's action and of the params that it gives."""
        name, at, major = step.action.partition("@")
        if name != meta["type"]:
            yield _renamed("renamed_action", (*path, "action"), step, step.action, f"{meta['type']}{at}{major}")
        if meta["deprecated"]:
            place = (*path, "action")
            yield self._deprecation("action", meta["deprecated"], meta, place, step=step.id, name=step.action)
        for param in self._aging_of(step, meta).params:
            yield from self._of_param(step, param, meta, path)

    def of_output(self, step: Step, name: str, meta: Document, path: Path) -> Found:
        """Yield what is to be said of an output that the expression at `path` reads of `step`."""
        deprecated = self._aging_of(step, meta).outputs.get(name)
        if deprecated is not None:
            yield self._deprecation("output", deprecated, meta, path, step=step.id, name=name)

    def _aging_of(self, step: Step, meta: Document) -> _Aging:
        found = self._aging.get(step.action)
        if found is None:
            params = [param for param in meta["params"] if param["deprecated"] or param["renamed_from"]]
            outputs = {output["name"]: output["deprecated"] for output in meta["outputs"] if output["deprecated"]}
            found = self._aging[step.action] = _Aging(params, outputs)
        return found

    def _of_param(self, step: Step, param: Document, meta: Document, path: Path) -> Found:
        name = _given_name(step, param)
        if name is None:
            return
        place = (*path, "params", name)
        if name != param["name"]:
            yield _renamed("renamed_param", place, step, name, param["name"])
        if param["deprecated"]:
            yield self._deprecation("param", param["deprecated"], meta, place, step=step.id, name=name)

    def _deprecation(
        self, kind: str, deprecated: Document, meta: Document, path: Path, *, step: str, name: str
    ) -> PipelineProblem:
        notice = notice_of(deprecated, meta)
        is_over = self._saved_on is not None and notice.is_over(self._saved_on)
        code = f"sunset_{kind}" if is_over else f"deprecated_{kind}"
        hint = _hint(deprecated.get("replacement"), None if is_over else notice.sunset)
        reason = deprecated["message"].rstrip(".")
        return problem(code, path, hint=hint, notice=notice, step=step, name=name, reason=reason, sunset=notice.sunset)


def _given_name(step: Step, param: Document) -> str | None:
    """Return the name under which a step gives a param, the present one first; None if it does not."""
    names = (param["name"], param["renamed_from"])
    return next((name for name in names if not is_absent(step.params.get(name))), None)


def _renamed(code: str, path: Path, step: Step, name: str, present: str) -> PipelineProblem:
    return problem(code, path, hint=f"write {present}", step=step.id, name=name, present=present)


def _hint(replacement: str | None, sunset: str | None) -> str | None:
    parts = [f"use {replacement}"] if replacement else []
    parts += [f"from {sunset} on, saving a pipeline with it is refused"] if sunset else []
    return "; ".join(parts) or None
