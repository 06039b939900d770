"""The secret values of a definition: params that an action declares secret, and defaults of secret parameters."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.definition import Pipeline
from bud_server.pipelines.problem import Path, PipelineProblem, problem
from bud_server.runtime.found import MASK
from bud_server.runtime.secrets import Secrets, is_sealed

Document = Mapping[str, Any]
Place = tuple[str, ...]
"""What a secret belongs to, wherever in the definition that stands."""
Change = Callable[[Any, Place, Path], Any]


def secret_names(meta: Document) -> set[str]:
    """Return the names, older ones included, of an action's secret params, given its metadata."""
    return {*_secret_params(meta)}


def _secret_params(meta: Document) -> dict[str, str]:
    """Return the present name of each of an action's secret params, by that name and by an older one."""
    return _present_names(param for param in meta["params"] if param.get("secret"))


def _present_names(params: Iterable[Document]) -> dict[str, str]:
    return {name: param["name"] for param in params for name in (param["name"], param["renamed_from"]) if name}


def sealed(definition: Document, catalog: ServedCatalog, secrets: Secrets) -> dict[str, Any]:
    """Return a definition whose secret values are encrypted, each as a whole; mere references stay as they are.

    Raises SecretsError if there are some and no key.
    """
    return _changed(definition, catalog, lambda value, _place, _path: sealed_value(value, secrets))


def sealed_value(value: Any, secrets: Secrets) -> Any:
    """Return a secret value encrypted, unless it is a reference alone. Raises SecretsError if there is no key."""
    return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else secrets.seal(value)


_REFERENCE = re.compile(r"\s*\{\{-?\s*(params|steps)(\.[^\W\d][\w-]*)+\s*-?\}\}\s*")
"""One reference such as `{{ params.token }}`: nothing in it can be a secret."""


def restored(definition: Document, stored: Document, catalog: ServedCatalog) -> dict[str, Any]:
    """Return a definition in which stars stand again for the encrypted values of the stored one.

    A step keeps a secret as long as its id, its action and the param are the same, under whichever of their names; also
    where the action does not call the param secret any more.
    """
    known: dict[Place, Any] = {}

    def keep(value: Any, place: Place, _path: Path) -> Any:
        return known.setdefault(place, value) if is_sealed(value) else value

    _changed(stored, catalog, keep, is_wanted=is_sealed)
    return _changed(
        definition,
        catalog,
        lambda value, place, _path: unmasked(value, known.get(place)),
        is_wanted=lambda value: value == MASK,
    )


def unmasked(value: Any, stored: Any) -> Any:
    """Return what is encrypted in place of stars, and any other value as it is."""
    return stored if value == MASK and is_sealed(stored) else value


def masked_problems(definition: Document, catalog: ServedCatalog) -> list[PipelineProblem]:
    """Return a problem for each secret that is only stars."""
    found: list[PipelineProblem] = []

    def look(value: Any, _place: Place, path: Path) -> Any:
        if has_mask(value):
            found.append(problem("masked_secret", path))
        return value

    _changed(definition, catalog, look)
    return found


def has_mask(value: Any) -> bool:
    """Whether a value, or one inside it, is what secrets are shown as."""
    if isinstance(value, Mapping):
        return any(map(has_mask, value.values()))
    return any(map(has_mask, value)) if isinstance(value, list | tuple) else value == MASK


def without_secret_places(
    problems: Iterable[PipelineProblem], pipeline: Pipeline, catalog: ServedCatalog
) -> list[PipelineProblem]:
    """Return problems whose paths end at secret params: what is inside of those is secret, keys included."""
    return [
        replace(each, path=each.path[:4]) if _leads_into_secret(each.path, pipeline, catalog) else each
        for each in problems
    ]


def _leads_into_secret(path: Path, pipeline: Pipeline, catalog: ServedCatalog) -> bool:
    match path:
        case ("steps", int(index), "params", name, _, *_):
            entry = catalog.entry(pipeline.steps[index].action)
            return entry is not None and name in secret_names(entry["meta"])
    return False


def _changed(
    definition: Document, catalog: ServedCatalog, change: Change, is_wanted: Callable[[Any], bool] = lambda _: False
) -> dict[str, Any]:
    """Return a definition, of whatever form, with its secret values, and others of steps that are wanted, changed."""
    changed = dict(definition)
    steps, parameters = changed.get("steps"), changed.get("parameters")
    if isinstance(steps, list):
        changed["steps"] = [
            _changed_step(each, catalog, change, ("steps", index), is_wanted) if isinstance(each, Mapping) else each
            for index, each in enumerate(steps)
        ]
    if isinstance(parameters, list):
        changed["parameters"] = [
            _changed_parameter(each, change, ("parameters", index)) if isinstance(each, Mapping) else each
            for index, each in enumerate(parameters)
        ]
    return changed


def _changed_step(
    step: Document, catalog: ServedCatalog, change: Change, path: Path, is_wanted: Callable[[Any], bool]
) -> Document:
    params, action, step_id = step.get("params"), step.get("action"), step.get("id")
    if not isinstance(params, Mapping) or not isinstance(action, str):
        return step
    entry = catalog.entry(action)
    secret = _secret_params(entry["meta"]) if entry else {}
    present = _present_names(entry["meta"]["params"]) if entry else {}
    owner = ("step", str(step_id), entry["meta"]["type"] if entry else action)
    kept = {
        name: change(value, (*owner, present.get(name) or str(name)), (*path, "params", name))
        if name in secret or is_wanted(value)
        else value
        for name, value in params.items()
    }
    return {**step, "params": kept}


def _changed_parameter(parameter: Document, change: Change, path: Path) -> Document:
    if parameter.get("secret") is not True or parameter.get("default") is None:
        return parameter
    place = ("parameter", str(parameter.get("name")))
    return {**parameter, "default": change(parameter["default"], place, (*path, "default"))}
