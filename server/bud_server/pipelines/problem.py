"""One thing wrong in a pipeline, with its place; every sentence about pipelines stands here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bud_server.catalog.lifecycle import Notice

Path = tuple[str | int, ...]
"""Keys and indexes from the top of a definition to a value."""
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class PipelineProblem:
    """What is wrong, where, and what to do about it."""

    code: str
    """A stable word for programs, a key of MESSAGES."""
    path: Path
    """From the top of the definition; a wrapping `dag` does not count."""
    message: str
    """A sentence that names what it is about."""
    severity: Severity = "error"
    hint: str | None = None
    """What to do."""
    place: tuple[int, int] | None = None
    """Line and column in the file, counted from 1, if it was read from one."""
    step: str | None = None
    """Id of the step that the message is about: of an unknown output, the one that lacks it."""
    name: str | None = None
    """Name of the param or output that the message is about."""
    notice: Notice | None = None
    """What programs are told of something deprecated, if it is about that."""

    @property
    def is_error(self) -> bool:
        """Whether the pipeline cannot be saved or run with it."""
        return self.severity == "error"

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901)."""
        return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in self.path)

    @property
    def text(self) -> str:
        """The sentence as the API lists it, with what to do."""
        return f"{self.message} ({self.hint})" if self.hint and self.code not in _LISTED_BARE else self.message

    def printed(self, file: str) -> str:
        """Return the problem as a terminal shows it: `pipeline.yaml:12:9: error: ...`, and the hint below."""
        place = ":".join(map(str, (file, *(self.place or ()))))
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}: {self.severity}: {self.message}{hint}"


class Message(NamedTuple):
    """How problems of one code read; names in braces are filled in."""

    text: str
    severity: Severity = "error"
    hint: str | None = None


MESSAGES = {
    # reading
    "empty": Message("DAG data cannot be empty", hint="give it a name and steps"),
    "not_json": Message("{where}: {what}", hint="use only what JSON can hold"),
    "too_large": Message("The definition is larger than {most} MiB", hint="split the pipeline up"),
    "too_deep": Message("{where}: values are nested more than {most} deep", hint="use fewer levels"),
    "required": Message("{where}: Field required", hint="{hint}"),
    "no_steps": Message("steps: At least one step is required", hint="add a step with an id and an action"),
    "unknown_key": Message("{where}: Unknown key", hint="{hint}"),
    "wrong_type": Message("{where}: must be {expected}, not {found}", hint="{hint}"),
    "option": Message("{where}: '{found}' is not one of {options}", hint="{hint}"),
    "format": Message("{where}: is not in the expected form", hint="{hint}"),
    "too_short": Message("{where}: must not be empty", hint="write a word or more"),
    "too_long": Message("{where}: must have at most {most} {items}", hint="shorten it"),
    "minimum": Message("{where}: must be {least} or more"),
    "above": Message("{where}: must be more than {least}"),
    "maximum": Message("{where}: must be {most} or less"),
    "file": Message("{what}", hint="{hint}"),
    # the graph
    "duplicate_step": Message("steps: Duplicate step ID '{step}'", hint="give each step an id of its own"),
    "duplicate_parameter": Message("parameters: Duplicate parameter '{name}'", hint="keep one of them"),
    "self_dependency": Message("steps.{step}: Self-dependency not allowed", hint="remove '{step}' from its depends_on"),
    "unknown_dependency": Message("steps.{step}.depends_on: Unknown step '{name}'", hint="{hint}"),
    "cycle": Message(
        "Cyclic dependency detected: {cycle}", hint="remove one of these steps from the depends_on of the next"
    ),
    # actions and their params
    "unknown_action": Message("Action '{action}' is not registered", hint="{hint}"),
    "unknown_version": Message(
        "Step '{step}': version {version} of action '{action}' is not installed; there is {there}",
        hint="name a version that is, or bring the pipeline up to date with bud pipelines upgrade",
    ),
    "missing_param": Message(
        "Step '{step}': Required parameter '{name}' is missing or empty", hint="give it in the step's params"
    ),
    "param_minimum": Message("Step '{step}': Parameter '{name}' value {value} is less than minimum {limit}"),
    "param_maximum": Message("Step '{step}': Parameter '{name}' value {value} exceeds maximum {limit}"),
    "param_min_length": Message("Step '{step}': Parameter '{name}' length {value} is less than minimum {limit}"),
    "param_max_length": Message("Step '{step}': Parameter '{name}' length {value} exceeds maximum {limit}"),
    "unknown_param": Message("Step '{step}': Unknown parameter: {name}", hint="{hint}"),
    "invalid_param": Message("Step '{step}': {what}"),
    "mismatch": Message("Step '{step}': {name}: must be {expected}, but the expression yields {found}", hint="{hint}"),
    # lifecycle
    "deprecated_action": Message(
        "Step '{step}': action '{name}' is deprecated: {reason}", severity="warning", hint="{hint}"
    ),
    "deprecated_param": Message(
        "Step '{step}': parameter '{name}' is deprecated: {reason}", severity="warning", hint="{hint}"
    ),
    "deprecated_output": Message(
        "Output '{name}' of step '{step}' is deprecated: {reason}", severity="warning", hint="{hint}"
    ),
    "sunset_action": Message("Step '{step}': action '{name}' is refused since {sunset}: {reason}", hint="{hint}"),
    "sunset_param": Message("Step '{step}': parameter '{name}' is refused since {sunset}: {reason}", hint="{hint}"),
    "sunset_output": Message("Output '{name}' of step '{step}' is refused since {sunset}: {reason}", hint="{hint}"),
    "renamed_action": Message(
        "Step '{step}': action '{name}' is called '{present}' now", severity="warning", hint="{hint}"
    ),
    "renamed_param": Message(
        "Step '{step}': parameter '{name}' is called '{present}' now", severity="warning", hint="{hint}"
    ),
    # expressions
    "expression": Message("{where}: {what}"),
    "unknown_parameter": Message("Unknown parameter: {name}", hint="{hint}"),
    "unknown_step": Message("Unknown step: {name}", hint="{hint}"),
    "unknown_output": Message("Step '{step}' has no output '{name}'", hint="{hint}"),
    "not_an_ancestor": Message("{where}: Step '{step}' does not depend on step '{name}'", hint="{hint}"),
    # branches
    "unknown_target": Message("{where}: Unknown step: {name}", hint="{hint}"),
    "independent_target": Message(
        "{where}: Step '{name}' does not depend on '{step}' and runs whatever it decides",
        severity="warning",
        hint="add '{step}' to depends_on of '{name}'",
    ),
    # failures and time
    "retry_unsafe": Message(
        "Step '{step}': action '{action}' is not idempotent; a retry may do its work twice",
        severity="warning",
        hint="use on_failure: fail, or make sure that doing it twice is harmless",
    ),
    "backoff_order": Message(
        "{where}: backoff_seconds {first} is longer than max_backoff_seconds {longest}",
        severity="warning",
        hint="raise max_backoff_seconds, or lower backoff_seconds",
    ),
    "timeout_order": Message(
        "Step '{step}': timeout_seconds {own} is longer than the pipeline's {whole}",
        severity="warning",
        hint="raise settings.timeout_seconds, or lower the step's",
    ),
    "masked_secret": Message(
        "{where}: the stars stand for a secret that is not kept here", hint="give the secret itself again"
    ),
    # parameters and the params of an execution
    "default_type": Message("parameters.{name}: its default must be {expected}", hint="change the default or the type"),
    "param_missing": Message("Required parameter '{name}' is missing or empty", hint="give it in params"),
    "param_type": Message("Parameter '{name}' must be {expected}, not {found}"),
    "param_unknown": Message("Unknown parameter: {name}", severity="warning", hint="{hint}"),
}
"""What is said, by code; sentences that older clients know are kept as they were."""
_LISTED_BARE = frozenset({"empty", "no_steps", "duplicate_step", "self_dependency", "unknown_dependency", "cycle"}) | {
    "required",
    "unknown_action",
    "missing_param",
    "unknown_parameter",
    "unknown_step",
}
"""Codes whose sentence the API lists without the hint, as it always did."""


def problem(
    code: str,
    path: Path,
    /,
    *,
    severity: Severity | None = None,
    hint: str | None = None,
    notice: Notice | None = None,
    **names: object,
) -> PipelineProblem:
    """Return a problem of a code; `hint` fills in `{hint}`, without which such a hint is left out."""
    text, usual_severity, advice = MESSAGES[code]
    filled = {"where": where(path), **names}
    if advice == "{hint}":
        advice = hint
    elif advice is not None:
        advice = advice.format(**filled)
    step, name = (each if isinstance(each := names.get(key), str) else None for key in ("step", "name"))
    return PipelineProblem(
        code, path, text.format(**filled), severity or usual_severity, advice, step=step, name=name, notice=notice
    )


def where(path: Path) -> str:
    """Write a path as a person would: `steps.0.params.message`."""
    return ".".join(map(str, path)) or "the definition"


MOST_PROBLEMS = 1_000
"""Errors after which a check ends, and warnings that are kept."""


class TooManyError(Exception):
    """So much is wrong that looking on helps nobody."""


class Collector:
    """Gathers problems, and ends the search when there are too many errors."""

    def __init__(self) -> None:
        self.problems: list[PipelineProblem] = []
        self._counts: Counter[str] = Counter()

    @property
    def has_errors(self) -> bool:
        """Whether there is more than warnings."""
        return self._counts["error"] > 0

    def add(self, found: PipelineProblem) -> None:
        """Keep a problem. Raises TooManyError after an error that is one too many."""
        self._counts[found.severity] += 1
        if self._counts[found.severity] <= MOST_PROBLEMS:
            self.problems.append(found)
        elif found.is_error:
            raise TooManyError


def in_order(problems: Iterable[PipelineProblem]) -> tuple[PipelineProblem, ...]:
    """Sort problems by place in the definition, without repetitions."""
    return tuple(sorted(dict.fromkeys(problems), key=_rank))


def _rank(each: PipelineProblem) -> tuple[object, ...]:
    return tuple((isinstance(step, str), step) for step in each.path), each.code, each.message
