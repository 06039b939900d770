"""A project chooses how strict lint is, and is told when it chooses what is not there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bud_codegen.lint import Settings
from bud_codegen.lint.settings import CATEGORIES, LINTED, Override, SettingsError, read_settings, rules_of, with_options
from bud_codegen.rules import FIXED, RULES
from tests.lint.example import ACTION, GREET, WITHOUT_ICON, problems, rules

WAVE = "actions/bud_actions/integration/wave.yaml"
TWO = {GREET: WITHOUT_ICON, WAVE: WITHOUT_ICON.replace("greet", "wave").replace("Greet", "Wave")}


def override(paths: str, level: Any, rule: str = "missing-icon") -> Override:
    return Override((paths,), {rule: level})


def test_without_settings_the_standard_category_counts() -> None:
    assert read_settings({}) == Settings("standard", {}, ())
    assert rules(ACTION) == []
    assert rules(WITHOUT_ICON) == ["missing-icon"]


def test_a_category_holds_all_rules_of_the_less_strict_ones() -> None:
    found = [{rule.id for rule in rules_of(category)} for category in CATEGORIES]
    assert found[0] < found[1] < found[2] == {rule.id for rule in RULES}


@pytest.mark.parametrize(
    ("category", "expected"), [("minimal", []), ("standard", ["missing-icon"]), ("strict", ["missing-docs-url"])]
)
def test_each_category_adds_rules(category: Any, expected: list[str]) -> None:
    assert [each for each in rules(WITHOUT_ICON, Settings(category)) if each in expected] == expected
    assert bool(rules(WITHOUT_ICON, Settings(category))) is bool(expected)


@pytest.mark.parametrize("category", CATEGORIES)
def test_what_stops_generation_is_told_in_every_category(category: Any) -> None:
    assert "unknown-key" in rules(ACTION + "icno: hand\n", Settings(category))
    assert rules({}, Settings(category)) == ["no-actions"]


@pytest.mark.parametrize(("level", "expected"), [("error", ["error"]), ("warning", ["warning"]), ("off", [])])
def test_a_rule_can_have_another_level(level: Any, expected: list[str]) -> None:
    found = problems(WITHOUT_ICON, Settings(rules={"missing-icon": level}))
    assert [problem.severity for problem in found] == expected
    assert [problem.is_error for problem in found] == [each == "error" for each in expected]


def test_a_rule_of_a_stricter_category_can_be_turned_on() -> None:
    assert rules(ACTION, Settings(rules={"missing-docs-url": "error"})) == ["missing-docs-url"]


def test_an_override_counts_for_its_files() -> None:
    found = problems(TWO, Settings(overrides=(override("actions/**/builtin/*", "off"),)))
    assert [problem.place.path for problem in found] == [WAVE]


def test_an_override_can_turn_on_what_is_off_elsewhere() -> None:
    settings = Settings(rules={"missing-icon": "off"}, overrides=(override("actions/**/builtin/*", "error"),))
    assert [(problem.place.path, problem.severity) for problem in problems(TWO, settings)] == [(GREET, "error")]


def test_of_two_overrides_the_later_counts() -> None:
    settings = Settings(overrides=(override("actions/**", "off"), override("**/wave.yaml", "error")))
    assert [(problem.place.path, problem.severity) for problem in problems(TWO, settings)] == [(WAVE, "error")]


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        (GREET, True),
        ("actions/**/builtin/*", True),
        ("actions/**", True),
        ("**/greet.yaml", True),
        ("**", True),
        ("actions/bud_actions/builtin/gree?.yaml", True),
        ("actions/*", False),
        ("actions/*/greet.yaml", False),
        ("builtin/*", False),
        ("actions/bud_actions/builtin/greet?yaml", True),
        ("actions/bud_actions/builtin/greet.yam", False),
        ("actions/bud_actions/builtin/[g]reet.yaml", False),
    ],
)
def test_patterns_are_of_whole_paths(pattern: str, is_match: bool) -> None:
    assert override(pattern, "off").applies_to(GREET) is is_match


def test_a_pattern_that_matches_no_file_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"overrides\]\] paths: actions/bulitin/\* matches no file; correct or"):
        problems(ACTION, Settings(overrides=(override("actions/bulitin/*", "off"),)))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"category": "standart"}, "[tool.bud.lint] category is standart; did you mean `standard`?"),
    ({"category": 1}, "[tool.bud.lint] category is 1; expected one of: minimal, standard, strict"),
    ({"categroy": "strict"}, "[tool.bud.lint] has no setting categroy; did you mean `category`?"),
    ({"rules": {"missing-icno": "off"}}, "there is no rule missing-icno for files; did you mean `missing-icon`?"),
    ({"rules": {"zzz": "off"}}, "there is no rule zzz for files; bud rules lists them"),
    ({"rules": {"missing-icon": "of"}}, "[tool.bud.lint.rules] missing-icon is of; did you mean `off`?"),
    ({"rules": {"missing-icon": False}}, "missing-icon is False; expected one of: error, warning, off"),
    ({"rules": {"unknown-key": "off"}}, "unknown-key cannot be changed, as what breaks it does not work; remove the"),
    ({"rules": {"unused-ignore": "off"}}, "unused-ignore cannot be changed"),
    ({"rules": ["missing-icon"]}, "[tool.bud.lint.rules] is a table"),
    ({"overrides": {"paths": ["a"]}}, "[[tool.bud.lint.overrides]] is a list of tables"),
    ({"overrides": [{"paths": "a", "rules": {"missing-icon": "off"}}]}, "paths lists patterns"),
    ({"overrides": [{"paths": ["a"]}]}, "has no rules to change"),
    ({"overrides": [{"path": ["a"], "rules": {"missing-icon": "off"}}]}, "did you mean `paths`?"),
    ({"overrides": [{"paths": ["a"], "rules": {"missing-icno": "off"}}]}, "did you mean `missing-icon`?"),
]


@pytest.mark.parametrize(("table", "said"), WRONG)
def test_wrong_settings_say_what_to_write(table: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(table)
    assert said in str(refused.value)


def test_all_that_is_wrong_with_the_settings_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"category": "x", "rules": {"zzz": "off"}, "overrides": 1})
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("rule", sorted(FIXED))
def test_no_setting_changes_a_rule_that_stops_generation(rule: str) -> None:
    with pytest.raises(SettingsError, match="cannot be changed"):
        read_settings({"rules": {rule: "warning"}})


def test_settings_are_read_as_they_are_written() -> None:
    table = {
        "category": "strict",
        "rules": {"missing-docs-url": "off"},
        "overrides": [{"paths": ["actions/**/builtin/*"], "rules": {"missing-icon": "error"}}],
    }
    overrides = (override("actions/**/builtin/*", "error"),)
    assert read_settings(table) == Settings("strict", {"missing-docs-url": "off"}, overrides)


def test_the_settings_in_the_docs_can_be_used() -> None:
    page = (Path(__file__).parents[2] / "docs/lint.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    settings = read_settings(tomllib.loads(example)["tool"]["bud"]["lint"])
    assert settings.category == "strict"
    assert rules(WITHOUT_ICON, settings) == ["executor-missing"]


def test_a_run_can_ask_for_single_rules_of_any_category() -> None:
    settings = with_options(Settings("minimal"), None, ["missing-docs-url"])
    assert rules(WITHOUT_ICON, settings) == ["missing-docs-url"]
    assert rules(ACTION + "icno: hand\n", settings) == ["unknown-key"]


def test_a_run_can_ask_for_another_category() -> None:
    assert with_options(Settings("minimal"), "strict", ()).category == "strict"
    assert with_options(Settings("minimal"), None, ()).category == "minimal"


@pytest.mark.parametrize(
    ("category", "only", "said"),
    [("strikt", [], "did you mean `strict`?"), (None, ["missing-icno"], "did you mean `missing-icon`?")],
)
def test_a_run_that_asks_for_what_is_not_there_is_refused(category: str | None, only: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        with_options(Settings(), category, only)
    assert said in str(refused.value)


def test_every_rule_that_can_be_broken_in_files_has_a_check() -> None:
    from bud_codegen.lint import ACTION_CHECKS, SCENE_CHECKS

    checked = {*ACTION_CHECKS, *SCENE_CHECKS}
    assert checked == {rule.id for rule in LINTED.values() if rule.about == "file"} - FIXED
    assert not ACTION_CHECKS.keys() & SCENE_CHECKS.keys()
