"""The pages of rules about approvals: what is Wrong breaks the rule and no other, and what is Right is right."""

import re
from datetime import date

import pytest

from bud_codegen.diff.approvals import FILE, check_approvals, read_approvals
from bud_codegen.diff.finding import Bump, Finding, Verdict, Verdicts
from bud_codegen.rules import RULES, page

TODAY = date(2026, 1, 1)
FINDING = Finding("param-removed", "greet", "params.person", "`person` is gone", Verdicts(Verdict.error), Bump.major)
IDS = [rule.id for rule in RULES if rule.about == "approval"]


def blocks(rule: str, heading: str) -> list[str]:
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page(rule), re.MULTILINE | re.DOTALL)
    found = re.findall(r"^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert all(block.startswith(f"# {FILE}\n") for block in found)
    return found


WRONG = [(rule, text) for rule in IDS for text in blocks(rule, "Wrong")]
RIGHT = [(rule, text) for rule in IDS for text in blocks(rule, "Right")]


@pytest.mark.parametrize(("rule", "text"), WRONG)
def test_what_a_page_calls_wrong_breaks_that_rule_and_no_other(rule: str, text: str) -> None:
    problems = check_approvals(read_approvals(FILE, text), [FINDING], TODAY)
    assert {problem.rule for problem in problems} == {rule}
    assert all(problem.hint and problem.place.line > 1 for problem in problems)


@pytest.mark.parametrize(("rule", "text"), RIGHT)
def test_what_a_page_calls_right_is_right(rule: str, text: str) -> None:
    assert check_approvals(read_approvals(FILE, text), [FINDING], TODAY) == (), rule
