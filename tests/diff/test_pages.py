"""The pages of rules about changes: what is Wrong after Before is found by the rule, and what is Right is not."""

import re

import pytest

from bud_codegen import api
from bud_codegen.rules import RULES, page
from tests.diff.sides import between

IDS = [rule.id for rule in RULES if rule.about == "change"]
HEADINGS = ["Before", "Wrong", "Right"]


def projects(rule: str) -> dict[str, dict[str, str]]:
    """Return {heading: {path: text}}."""
    found = {}
    for section in re.split(r"^## ", page(rule), flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
        found[heading] = dict(blocks)
        assert len(found[heading]) == len(blocks) == body.count("```yaml")
    return found


@pytest.mark.parametrize("rule", IDS)
def test_a_page_shows_what_was_and_what_is_wrong_and_right_after_it(rule: str) -> None:
    assert list(projects(rule)) == HEADINGS
    assert all(projects(rule).values())


@pytest.mark.parametrize("rule", IDS)
def test_what_a_page_shows_is_valid(rule: str) -> None:
    for heading, sources in projects(rule).items():
        assert api.lint(sources) is None, heading


@pytest.mark.parametrize("rule", IDS)
def test_a_rule_finds_what_its_page_calls_wrong_and_nothing_in_what_it_calls_right(rule: str) -> None:
    shown = projects(rule)
    assert rule in [each.rule for each in between(shown["Before"], shown["Wrong"])]
    assert rule not in [each.rule for each in between(shown["Before"], shown["Right"])]


@pytest.mark.parametrize("rule", IDS)
def test_what_a_page_calls_wrong_is_one_change(rule: str) -> None:
    """Beside it stands at most what a new major version brings."""
    shown = projects(rule)
    others = {each.rule for each in between(shown["Before"], shown["Wrong"])} - {rule}
    beside = {"version-not-bumped": {"param-added"}, "version-major-not-bumped": {"param-became-required"}}
    assert others <= {"major-replaced", "major-added"} | beside.get(rule, set())
