"""Every rule of style has a page whose examples break it and keep it."""

from collections.abc import Mapping
from datetime import date

import pytest

from bud_codegen.lint import Settings, lint
from bud_codegen.model import Project
from bud_codegen.problem import Problem
from bud_codegen.rules import Rule, ignores, style
from tests.support.pages import case_ids, projects_of

RULES = (*ignores.RULES, *style.RULES)
TODAY = date(2026, 1, 1)


def problems(rule: str, project: Mapping[str, str]) -> tuple[Problem, ...]:
    """Hold a project to the standard category and to this rule."""
    settings = Settings(rules={rule: "warning"}) if rule in {each.id for each in style.RULES} else Settings()
    return lint(Project(), project, {}, settings, TODAY)


WRONG = [(rule.id, project) for rule in RULES for project in projects_of(rule.id, "Wrong")]
RIGHT = [(rule.id, project) for rule in RULES for project in projects_of(rule.id, "Right")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_has_examples(rule: Rule) -> None:
    assert projects_of(rule.id, "Wrong")
    assert projects_of(rule.id, "Right")


@pytest.mark.parametrize(("rule", "project"), WRONG, ids=case_ids(WRONG))
def test_what_a_page_calls_wrong_breaks_that_rule_and_no_other(rule: str, project: dict[str, str]) -> None:
    assert {problem.rule for problem in problems(rule, project)} == {rule}


@pytest.mark.parametrize(("rule", "project"), RIGHT, ids=case_ids(RIGHT))
def test_what_a_page_calls_right_is_right(rule: str, project: dict[str, str]) -> None:
    assert problems(rule, project) == ()


@pytest.mark.parametrize(("rule", "project"), WRONG, ids=case_ids(WRONG))
def test_a_problem_underlines_something_and_says_what_to_do(rule: str, project: dict[str, str]) -> None:
    for problem in problems(rule, project):
        place = problem.place
        line = project[place.path].split("\n")[place.line - 1]
        assert place.line > 1, "line 1 is the comment with the path"
        assert line[place.column - 1 : place.column - 1 + place.length].strip()
        assert problem.message
        assert not problem.message.endswith(".")
        assert problem.hint
