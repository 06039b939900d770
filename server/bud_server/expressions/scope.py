"""What expressions refer to, and how a reference is looked up."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from bud_server.expressions.errors import EvaluationError, UnknownReferenceError, nearest

ENDED_WITHOUT = frozenset({"skipped", "failed", "timeout", "cancelled"})
"""Statuses of steps, in any case, whose missing outputs read as null."""


class StepView(NamedTuple):
    """What expressions see of a step."""

    status: str
    outputs: Mapping[str, Any]


class Scope(NamedTuple):
    """What expressions see of an execution."""

    params: Mapping[str, Any]
    steps: Mapping[str, StepView]
    """Views by step id."""


class Reference(NamedTuple):
    """What an expression takes from its scope."""

    root: Literal["params", "steps"]
    step: str | None
    """Id of the step; None for params."""
    attribute: Literal["outputs", "status"] | None
    """None for params."""
    name: str | None
    """Of the param or output; None for the status, and for the whole mapping."""
    guarded: bool
    """Whether it may be missing, as it stands under default or is defined."""
    position: int
    """Offset in the text."""

    @property
    def path(self) -> str:
        """The reference as one writes it."""
        parts = [self.root, self.step, self.attribute, self.name]
        return path_text(parts[0] or "", *[part for part in parts[1:] if part is not None])


def path_text(start: str, *keys: object) -> str:
    """Return a path as one writes it."""
    for key in keys:
        is_plain = isinstance(key, str) and all(part.isidentifier() or part.isdigit() for part in key.split("-"))
        start += f".{key}" if is_plain else f"[{key!r}]"
    return start


def find_param(scope: Scope, name: str, path: str) -> Any:
    """Return a param's value. Raises UnknownReferenceError if there is none."""
    try:
        return scope.params[name]
    except KeyError:
        raise UnknownReferenceError(path, f"is unknown{nearest(name, scope.params)}") from None


def find_step(scope: Scope, step: str) -> StepView:
    """Return the view of a step. Raises UnknownReferenceError if there is none."""
    try:
        return scope.steps[step]
    except KeyError:
        raise UnknownReferenceError(path_text("steps", step), f"is unknown{nearest(step, scope.steps)}") from None


def find_output(scope: Scope, step: str, name: str, path: str, *, is_asked: bool = False) -> Any:
    """Return a step's output; None if the step ended without it and nobody asks whether it is there.

    Raises UnknownReferenceError if there is no such step, or the step has no such output.
    """
    view = find_step(scope, step)
    try:
        return view.outputs[name]
    except KeyError:
        if view.status.lower() in ENDED_WITHOUT and not is_asked:
            return None
        reason = f"is unknown: the step is {view.status.lower()}, without it{nearest(name, view.outputs)}"
        raise UnknownReferenceError(path, reason) from None


def find_member(value: Any, key: Any, path: str) -> Any:
    """Return what a mapping has for a text, or a list or text has at an index or slice.

    Raises UnknownReferenceError if it has nothing there, EvaluationError if it cannot be asked.
    """
    if isinstance(value, Mapping):
        if not isinstance(key, str):
            raise EvaluationError(f"{path or 'an object'} is looked up with {word(key)}: its keys are texts")
        if key in value:
            return value[key]
        raise UnknownReferenceError(path_text(path, key), f"is unknown{nearest(key, _texts(value))}")
    if isinstance(value, list | tuple | str) and isinstance(key, int | slice) and not isinstance(key, bool):
        return _at(value, key, path)
    named = f"{path} is" if path else "this is"
    raise UnknownReferenceError("", f"{named} {word(value)}, so it has no {path_text('', key)}")


def _texts(value: Mapping[Any, Any]) -> list[str]:
    return [key for key in value if isinstance(key, str)]


def _at(value: Any, key: Any, path: str) -> Any:
    try:
        return value[key]
    except IndexError:
        raise UnknownReferenceError(path_text(path, key), f"is unknown: there are {len(value)}") from None
    except (TypeError, ValueError):
        raise EvaluationError(
            f"{path or 'a list'} is cut with {key.start}:{key.stop}:{key.step}: use integers"
        ) from None


def word(value: Any) -> str:
    """Return what people call a value of this kind."""
    if value is None:
        return "null"
    for kinds, name in _WORDS:
        if isinstance(value, kinds):
            return name
    return type(value).__name__


_WORDS: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
    (slice, "a slice"),
)
