"""Every rule for executors has a page whose examples break it and keep it."""

import re
from typing import NamedTuple

import pytest

from bud_codegen.api import BUD, load_catalog
from bud_codegen.lint.executors import executor_problems
from bud_codegen.problem import Problem
from bud_codegen.rules import RULES, page

Files = dict[str, str]
"""A project: each file's text by its path."""


class Case(NamedTuple):
    """One example on the page of a rule."""

    rule: str
    files: Files


def problems(files: Files) -> list[Problem]:
    catalog = load_catalog({path: text for path, text in files.items() if path.endswith(".yaml")})
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    return list(executor_problems(BUD, catalog.actions, python))


def cases(rule: str, kind: str) -> list[Case]:
    """Return the examples under the headings of one kind; without an action file, that of the first example counts."""
    sections = [section.partition("\n") for section in re.split(r"^## ", page(rule), flags=re.MULTILINE)[1:]]
    assert {heading for heading, _, _ in sections} == {"Wrong", "Right"}
    projects = [(heading, _files(body)) for heading, _, body in sections]
    usual = {path: text for path, text in projects[0][1].items() if path.endswith(".yaml")}
    return [
        Case(rule, files if any(path.endswith(".yaml") for path in files) else usual | files)
        for heading, files in projects
        if heading == kind
    ]


def _files(body: str) -> Files:
    blocks = re.findall(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    assert blocks
    return {path: f"# {path}\n{text}" for path, text in blocks}


EXECUTOR_RULES = [rule.id for rule in RULES if rule.about == "executor"]
WRONG = [case for rule in EXECUTOR_RULES for case in cases(rule, "Wrong")]
RIGHT = [case for rule in EXECUTOR_RULES for case in cases(rule, "Right")]


def ids(found: list[Case]) -> list[str]:
    return [f"{case.rule}-{number}" for number, case in enumerate(found)]


def test_there_are_examples_for_every_rule() -> None:
    assert len(EXECUTOR_RULES) > 16
    assert {case.rule for case in WRONG} == {case.rule for case in RIGHT} == set(EXECUTOR_RULES)


@pytest.mark.parametrize("case", WRONG, ids=ids(WRONG))
def test_what_a_page_calls_wrong_breaks_that_rule_and_no_other(case: Case) -> None:
    assert {problem.rule for problem in problems(case.files)} == {case.rule}


@pytest.mark.parametrize("case", RIGHT, ids=ids(RIGHT))
def test_what_a_page_calls_right_is_right(case: Case) -> None:
    assert problems(case.files) == []


@pytest.mark.parametrize("case", WRONG, ids=ids(WRONG))
def test_a_problem_stands_on_code_and_says_what_to_do(case: Case) -> None:
    for problem in problems(case.files):
        place = problem.place
        assert problem.hint
        assert not problem.message.endswith(".")
        if case.rule in ("executor-missing", "executor-class-missing"):
            assert (place.line, place.column) == (1, 1), "there is nothing to point at"
            continue
        line = case.files[place.path].split("\n")[place.line - 1]
        assert place.line > 1, "line 1 is the comment with the path"
        assert line[place.column - 1 : place.column - 1 + place.length].strip()
