"""Actions of the folder builtin. None of them calls anything."""

from collections.abc import Mapping
from typing import Any

from bud_actions.base import EventAction, EventResult, StepStatus
from bud_server.expressions.condition import compile_condition
from bud_server.expressions.errors import EvaluationError
from bud_server.expressions.scope import Scope, StepView
from tests.contract.clocks import SOME_MOMENT, Beginning
from tests.contract.table import Row, Told

IGNORED = EventResult(action=EventAction.IGNORE)
STEPS = {"check": StepView("completed", {"healthy": True, "nodes": 3})}


def _holds(text: str) -> bool:
    """Whether a condition holds in a pipeline whose step `check` has ended."""
    try:
        return compile_condition(text).holds(Scope({}, STEPS))
    except EvaluationError:
        return False


def _done(action: str, path: str, params: Mapping[str, Any], outputs: Mapping[str, Any]) -> Row:
    return Row(action=action, path=path, params=params, outputs=outputs)


def _failed(action: str, path: str, params: Mapping[str, Any], outputs: Mapping[str, Any], error: str) -> Row:
    return Row(action=action, path=path, params=params, outputs=outputs, error=error, had_effect=False)


def _completed(**outputs: Any) -> EventResult:
    return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs)


LOG = (
    *(
        _done(
            "log",
            f"at the level {level}",
            {"message": "ready", "level": level},
            {"logged": True, "message": "ready", "level": level},
        )
        for level in ("debug", "info", "warning", "error")
    ),
    _done("log", "nothing given", {}, {"logged": True, "message": "", "level": "info"}),
)

_DELAYED = {"delayed": False, "duration_seconds": 10, "reason": "warm up"}
DELAY = (
    _done(
        "delay",
        "no time to wait for",
        {"duration_seconds": 0},
        {"delayed": True, "duration_seconds": 0, "reason": ""},
    ),
    Row(
        action="delay",
        path="waits, and is woken",
        params={"duration_seconds": 10, "reason": "warm up"},
        outputs=_DELAYED,
        awaits=(),
        told=(
            Told(event={"type": "wake"}, means=_completed(**{**_DELAYED, "delayed": True})),
            Told(event={"type": "workflow_completed", "status": "COMPLETED"}, means=IGNORED),
        ),
    ),
)

_ASLEEP = {
    "waited": False,
    "scheduled_wake_time": SOME_MOMENT,
    "actual_wake_time": None,
    "wait_duration_seconds": 9000,
}
_NOT_ASLEEP = dict.fromkeys(_ASLEEP) | {"waited": False}
_ZONES = "use HH:MM, HH:MM:SS or YYYY-MM-DDTHH:MM:SS, of a day that exists"
WAIT_UNTIL = (
    Row(
        action="wait_until",
        path="waits for a duration, and is woken",
        params={"duration_hours": 2.5},
        outputs=_ASLEEP,
        awaits=(),
        told=(
            Told(
                event={"type": "wake"},
                means=_completed(**{**_ASLEEP, "waited": True, "actual_wake_time": SOME_MOMENT}),
            ),
            Told(event={"type": "workflow_completed", "status": "COMPLETED"}, means=IGNORED),
        ),
    ),
    _failed(
        "wait_until",
        "the time zone is unknown",
        {"duration_hours": 1, "timezone": "Europe/Atlantis"},
        _NOT_ASLEEP,
        "Invalid timezone: 'Europe/Atlantis'",
    ),
    _failed(
        "wait_until",
        "the time has passed",
        {"until_time": "2001-01-01T09:00:00"},
        _NOT_ASLEEP,
        Beginning("until_time must be in the future: 2001-01-01T09:00:00+00:00 has passed, it is "),
    ),
    _failed(
        "wait_until",
        "the time is more than a week away",
        {"until_time": "9999-01-01T09:00:00"},
        _NOT_ASLEEP,
        Beginning("until_time cannot exceed 168 hours (1 week) from now: 9999-01-01T09:00:00+00:00 is later, it is "),
    ),
    _failed(
        "wait_until",
        "the time is none",
        {"until_time": "2023-02-29T09:00"},
        _NOT_ASLEEP,
        f"Unrecognized time format: '2023-02-29T09:00'; {_ZONES}",
    ),
)

_BRANCHES = [
    {"id": "small", "label": "Small", "condition": "{{ steps.check.outputs.nodes < 3 }}", "target_step": "shrink"},
    {"id": "healthy", "label": "Healthy", "condition": "{{ steps.check.outputs.healthy }}", "target_step": "deploy"},
    {"id": "otherwise", "condition": "true", "target_step": "notify"},
]


def _decided(path: str, branches: list[dict[str, str]], taken: dict[str, Any] | None, skips: tuple[str, ...]) -> Row:
    name = "none" if taken is None else taken["id"]
    return Row(
        action="conditional",
        path=path,
        params={"branches": branches},
        context={"holds": _holds},
        outputs={
            "matched_branch": taken and name,
            "matched_label": taken["label"] if taken else "none",
            "target_step": taken and taken["target_step"],
            "result": taken,
            "branch": name,
        },
        skips=skips,
    )


def _single(path: str, params: Mapping[str, Any], branch: str, result: Any) -> Row:
    outputs = {"matched_branch": None, "matched_label": None, "target_step": None, "result": result, "branch": branch}
    return _done("conditional", path, params, outputs)


CONDITIONAL = (
    _decided(
        "the first branch that holds is taken",
        _BRANCHES,
        {"id": "healthy", "label": "Healthy", "target_step": "deploy"},
        ("shrink", "notify"),
    ),
    _decided(
        "an undefined reference does not hold",
        [{**_BRANCHES[1], "condition": "{{ steps.check.outputs.missing }}"}, _BRANCHES[2]],
        {"id": "otherwise", "label": None, "target_step": "notify"},
        ("deploy",),
    ),
    _decided("no branch holds", _BRANCHES[:1], None, ("shrink",)),
    _decided(
        "a branch leads nowhere",
        [{"id": "stay", "condition": "true"}],
        {"id": "stay", "label": None, "target_step": None},
        (),
    ),
    Row(
        action="conditional",
        path="a condition is broken",
        params={"branches": [{"id": "a", "condition": "maybe"}]},
        context={"holds": _holds},
        outputs={"matched_branch": None, "matched_label": None, "target_step": None, "result": None, "branch": None},
        error=(
            "The condition of branch 'a' cannot be evaluated: a condition must be an expression such as {{ ... }}, "
            "or true or false"
        ),
        had_effect=False,
    ),
    _single("without branches, a condition that is true", {"condition": True}, "true", {"branch": "true"}),
    _single("without branches, a condition that is false", {"condition": False}, "false", {"branch": "false"}),
    _single("without branches, a result of its own", {"condition": True, "true_result": [4]}, "true", [4]),
)


def _transformed(operation: str, given: Any, result: Any, types: tuple[str, str]) -> Row:
    outputs = {"result": result, "operation": operation, "input_type": types[0], "output_type": types[1]}
    return _done("transform", operation, {"input": given, "operation": operation}, outputs)


TRANSFORM = (
    _done(
        "transform",
        "nothing given",
        {},
        {"result": {}, "operation": "passthrough", "input_type": "dict", "output_type": "dict"},
    ),
    _transformed("passthrough", 1.5, 1.5, ("float", "float")),
    _transformed("uppercase", "a b", "A B", ("str", "str")),
    _transformed("lowercase", "A B", "a b", ("str", "str")),
    _transformed("keys", {"a": 1, "b": 2}, ["a", "b"], ("dict", "list")),
    _transformed("values", {"a": 1, "b": 2}, [1, 2], ("dict", "list")),
    _transformed("count", [1, 2, 3], 3, ("list", "int")),
    _transformed("flatten", [[1], 2, [[3]]], [1, 2, [3]], ("list", "list")),
    _transformed("unique", [1, 2, 1], [1, 2], ("list", "list")),
    _transformed("sort", ["b", "a"], ["a", "b"], ("list", "list")),
    _transformed("reverse", [1, 2], [2, 1], ("list", "list")),
    _failed(
        "transform",
        "a value that the operation does not take",
        {"input": [1], "operation": "uppercase"},
        {"result": None, "operation": "uppercase", "input_type": "list", "output_type": None},
        "uppercase takes a text, and the input is of type list",
    ),
    _failed(
        "transform",
        "items that cannot be compared",
        {"input": [1, "a"], "operation": "sort"},
        {"result": None, "operation": "sort", "input_type": "list", "output_type": None},
        "sort takes items that can be compared: all of them numbers, or all of them texts",
    ),
)


def _combined(operation: str, inputs: list[Any], result: Any, path: str = "", **params: Any) -> Row:
    outputs = {"result": result, "count": len(inputs), "operation": operation}
    return _done("aggregate", path or operation, {"inputs": inputs, "operation": operation, **params}, outputs)


AGGREGATE = (
    _done("aggregate", "nothing given", {}, {"result": [], "count": 0, "operation": "list"}),
    _combined("list", [1, "a"], [1, "a"]),
    _combined("sum", [1, 2.5], 3.5),
    _combined("sum", [1, "a"], 0, "the sum of what is not all numbers"),
    _combined("join", ["a", None, 1], "a, , 1"),
    _combined("join", ["a", "b"], "a/b", "join with a separator", separator="/"),
    _combined("merge", [{"a": 1}, {"a": 2, "b": 3}], {"a": 2, "b": 3}),
    _combined("first", [1, 2], 1),
    _combined("first", [], None, "the first of nothing"),
    _combined("last", [1, 2], 2),
    _combined("min", [2, 1, "a"], 1),
    _combined("max", [2, 1, "a"], 2),
    _combined("max", ["a"], None, "the largest of no numbers"),
    _combined("average", [1, 2], 1.5),
    _combined("average", ["a"], None, "the average of no numbers"),
    _combined("count", [1, 2], 2),
    _combined("flatten", [[1], [2, 3]], [1, 2, 3]),
    _failed(
        "aggregate",
        "values that cannot be merged",
        {"inputs": [{"a": 1}, 2], "operation": "merge"},
        {"result": None, "count": 2, "operation": "merge"},
        "merge takes objects, and inputs[1] is of type int",
    ),
    _failed(
        "aggregate",
        "a sum that is no number any more",
        {"inputs": [1e308, 1e308], "operation": "sum"},
        {"result": None, "count": 2, "operation": "sum"},
        "The sum is too large: a number is at most 1.8e308",
    ),
)

SET_OUTPUT = (
    _done("set_output", "values", {"outputs": {"id": "m", "ready": None}}, {"id": "m", "ready": None}),
    _done("set_output", "nothing given", {}, {}),
)

FAIL = (
    Row(
        action="fail",
        path="with a message and a code",
        params={"message": "not healthy", "error_code": "UNHEALTHY"},
        outputs={"error_code": "UNHEALTHY", "message": "not healthy"},
        error="not healthy",
        had_effect=False,
    ),
    Row(
        action="fail",
        path="nothing given",
        params={},
        outputs={"error_code": "INTENTIONAL_FAILURE", "message": "Intentional failure"},
        error="Intentional failure",
        had_effect=False,
    ),
)

ROWS: tuple[Row, ...] = (
    *LOG,
    *DELAY,
    *WAIT_UNTIL,
    *CONDITIONAL,
    *TRANSFORM,
    *AGGREGATE,
    *SET_OUTPUT,
    *FAIL,
)
