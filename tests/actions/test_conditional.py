"""conditional takes the first branch that holds, and decides against the steps of the others."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionContext
from bud_actions.builtin.conditional import Executor
from bud_server.expressions.condition import compile_condition
from bud_server.expressions.scope import Scope, StepView
from tests.actions.support import declared, execute

SCOPE = Scope({}, {"check": StepView("completed", {"healthy": True, "nodes": 3})})
NONE = {"matched_branch": None, "matched_label": "none", "target_step": None, "result": None, "branch": "none"}


def branch(name: str, condition: str, target: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": name, "condition": condition, **({"target_step": target} if target else {}), **more}


def decided(*branches: Mapping[str, Any], **context: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the outputs, and the steps that were decided against."""
    skipped: list[str] = []
    result = execute(Executor(), {"branches": list(branches)}, skipped_steps=skipped, **context)
    assert result.success, result.error
    return declared("conditional", result.outputs), skipped


def test_the_first_branch_that_holds_is_taken() -> None:
    outputs, skipped = decided(
        branch("small", "{{ steps.check.outputs.nodes < 3 }}", "shrink", label="Small"),
        branch("healthy", "{{ steps.check.outputs.healthy }}", "deploy", label="Healthy"),
        branch("otherwise", "true", "notify", label="Otherwise"),
        holds=lambda text: compile_condition(text).holds(SCOPE),
    )

    assert outputs == {
        "matched_branch": "healthy",
        "matched_label": "Healthy",
        "target_step": "deploy",
        "result": {"id": "healthy", "label": "Healthy", "target_step": "deploy"},
        "branch": "healthy",
    }
    assert skipped == ["shrink", "notify"]


def test_conditions_after_the_branch_that_holds_are_not_looked_at() -> None:
    asked: list[str] = []

    def holds(text: str) -> bool:
        asked.append(text)
        return text == "{{ b }}"

    decided(branch("a", "{{ a }}"), branch("b", "{{ b }}"), branch("c", "{{ c }}"), holds=holds)

    assert asked == ["{{ a }}", "{{ b }}"]


def test_no_branch_is_taken_where_none_holds() -> None:
    assert decided(branch("a", "false", "deploy"), branch("b", "no", "notify")) == (NONE, ["deploy", "notify"])


def test_a_branch_needs_neither_label_nor_target() -> None:
    outputs, skipped = decided(branch("a", "true"), branch("b", "true", "notify"))

    assert (outputs["matched_label"], outputs["target_step"]) == (None, None)
    assert outputs["result"] == {"id": "a", "label": None, "target_step": None}
    assert skipped == ["notify"]


def test_a_null_or_empty_target_is_none() -> None:
    assert decided({"id": "a", "condition": "true", "target_step": ""})[0]["target_step"] is None
    assert decided({"id": "a", "condition": "true", "target_step": None, "label": None})[0]["target_step"] is None
    assert decided({"id": "a", "condition": "false", "target_step": ""}) == (NONE, [])


def test_a_step_to_which_the_branch_taken_leads_too_is_not_skipped() -> None:
    assert decided(branch("a", "false", "deploy"), branch("b", "true", "deploy"))[1] == []


def test_a_step_is_decided_against_once() -> None:
    assert decided(branch("a", "false", "deploy"), branch("b", "false", "deploy"))[1] == ["deploy"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=6))
def test_a_target_is_either_taken_or_skipped(drawn: list[tuple[bool, str | None]]) -> None:
    branches = [branch(f"b{n}", str(holds).lower(), target) for n, (holds, target) in enumerate(drawn)]
    outputs, skipped = decided(*branches)
    first = next((n for n, (holds, _) in enumerate(drawn) if holds), None)

    assert outputs["branch"] == ("none" if first is None else f"b{first}")
    assert {*skipped, outputs["target_step"]} - {None} == {target for _, target in drawn} - {None}
    assert outputs["target_step"] not in skipped


def test_a_condition_that_is_broken_fails_the_step_and_names_the_branch() -> None:
    branches = [branch("a", "false", "deploy"), branch("b", "{{ 1 + }}", "notify")]
    context = ActionContext(holds=lambda text: compile_condition(text).holds(SCOPE))
    result = execute(Executor(), {"branches": branches}, holds=context.holds, skipped_steps=context.skipped_steps)

    assert not result.success
    assert result.error is not None
    assert result.error.startswith("The condition of branch 'b' cannot be evaluated: ")
    assert context.skipped_steps == []


def test_an_expression_needs_a_server() -> None:
    result = execute(Executor(), {"branches": [branch("a", "{{ params.x }}")]})

    assert result.error == (
        "The condition of branch 'a' cannot be evaluated: '{{ params.x }}' is an expression, "
        "which only a running pipeline can evaluate"
    )


@pytest.mark.parametrize(
    ("params", "result", "name"),
    [
        ({}, {"branch": "true"}, "true"),
        ({"condition": True, "true_result": {"replicas": 4}}, {"replicas": 4}, "true"),
        ({"condition": False}, {"branch": "false"}, "false"),
        ({"condition": False, "branches": [], "false_result": [1, None]}, [1, None], "false"),
    ],
)
def test_without_branches_a_single_condition_has_two_results(params: dict[str, Any], result: Any, name: str) -> None:
    skipped: list[str] = []
    outputs = declared("conditional", execute(Executor(), params, skipped_steps=skipped).outputs)

    assert outputs == {
        "matched_branch": None,
        "matched_label": None,
        "target_step": None,
        "result": result,
        "branch": name,
    }
    assert skipped == []
