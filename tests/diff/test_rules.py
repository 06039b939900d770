"""Each rule about changes has a folder with a change that it finds, and one that it does not.

UPDATE_GOLDEN=1 writes what is found as what is expected.
"""

import json
import os
from pathlib import Path

import pytest

from bud_codegen.rules import RULES, SEVERITIES
from tests.diff.sides import between, folder_sources, plain

FOLDERS = Path(__file__).parent / "rules"
IDS = [rule.id for rule in RULES if rule.about == "change"]


def test_each_rule_has_a_folder_and_each_folder_a_rule() -> None:
    assert {folder.name for folder in FOLDERS.iterdir()} == set(IDS)


@pytest.mark.parametrize("rule", IDS)
def test_a_change_is_found_as_expected(rule: str) -> None:
    folder = FOLDERS / rule
    found = [plain(each) for each in between(folder_sources(folder / "before"), folder_sources(folder / "after"))]
    expected = folder / "expected.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())
    assert rule in [each["rule"] for each in found]


@pytest.mark.parametrize("rule", IDS)
def test_another_change_is_not_found_by_the_rule(rule: str) -> None:
    folder = FOLDERS / rule / "unaffected"
    before, after = folder_sources(folder / "before"), folder_sources(folder / "after")
    assert before
    assert rule not in [each.rule for each in between(before, after)]


def test_the_severity_of_a_rule_is_the_worst_that_it_finds() -> None:
    """Fixtures show the worst case of their rule."""
    for rule in IDS:
        folder = FOLDERS / rule
        found = between(folder_sources(folder / "before"), folder_sources(folder / "after"))
        worst = max(each.verdict for each in found if each.rule == rule)
        assert worst.name == SEVERITIES[rule], rule
