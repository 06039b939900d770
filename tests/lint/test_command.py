"""`bud lint`, `bud rules` and `bud explain` as a person or CI uses them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bud_codegen.cli import app
from bud_codegen.rules import RULES
from tests.lint.example import WITHOUT_ICON

SETTINGS = """
[tool.bud]
prefix = "bud"

[tool.bud.lint]
category = "strict"

[tool.bud.lint.rules]
missing-docs-url = "off"
executor-missing = "off"

[[tool.bud.lint.overrides]]
paths = ["actions/**/builtin/*"]
rules = {missing-icon = "error"}
"""


def bud(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project whose only fault is a missing icon."""
    (tmp_path / "pyproject.toml").write_text('[tool.bud]\nprefix = "bud"\n')
    path = tmp_path / "actions/bud_actions/builtin/greet.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(WITHOUT_ICON)
    return tmp_path


def test_warnings_are_shown_and_do_not_fail_the_run(project: Path) -> None:
    done = bud("lint", "--root", str(project))
    assert done.exit_code == 0
    assert "greet.yaml:1:7: warning[missing-icon] greet has no icon" in done.stdout
    assert " 1 | type: greet\n   |       ^^^^^\n   hint: add icon" in done.stdout
    assert done.stdout.endswith("1 warning in 1 file\n")


def test_warnings_fail_the_run_where_that_is_asked_for(project: Path) -> None:
    assert bud("lint", "--root", str(project), "--fail-on", "warning").exit_code == 1
    assert bud("lint", "--root", str(project), "--fail-on", "warning", "--category", "minimal").exit_code == 0


def test_the_settings_of_the_project_count(project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS)
    done = bud("lint", "--root", str(project))
    assert done.exit_code == 1
    assert "error[missing-icon]" in done.stdout
    assert done.stdout.endswith("1 error in 1 file\n")


def test_options_count_before_settings(project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS.replace("[[tool", "[[ignored.tool"))
    assert "nothing wrong" in bud("lint", "--root", str(project), "--category", "minimal").stdout
    assert "nothing wrong" in bud("lint", "--root", str(project), "--rule", "missing-example").stdout
    one = bud("lint", "--root", str(project), "--rule", "missing-icon", "--rule", "executor-missing").stdout
    assert one.count("warning[") == 1


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["--category", "strikt"], "", "--category is strikt; did you mean `strict`?"),
        (["--rule", "missing-icno"], "", "did you mean `missing-icon`?"),
        ([], '[tool.bud.lint]\ncategory = "all"', "[tool.bud.lint] category is all; expected one of"),
        ([], '[tool.bud.lint.rules]\nunknown-key = "off"', "unknown-key cannot be changed"),
        ([], "[tool.bud]\nlint = 1", "[tool.bud.lint] must be a table"),
        (
            [],
            '[[tool.bud.lint.overrides]]\npaths = ["acts/*"]\nrules = {missing-icon = "off"}',
            "acts/* matches no file",
        ),
    ],
)
def test_wrong_use_is_told_and_nothing_passes(project: Path, arguments: list[str], settings: str, said: str) -> None:
    (project / "pyproject.toml").write_text(settings)
    done = bud("lint", "--root", str(project), *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_project_without_actions_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.bud]\n")
    for options in ([], ["--category", "minimal"], ["--rule", "missing-icon"]):
        done = bud("lint", "--root", str(tmp_path), *options)
        assert done.exit_code == 1
        assert "error[no-actions]" in done.stdout


def report(project: Path, name: str) -> str:
    return bud("lint", "--root", str(project), "--format", name).stdout


def test_a_warning_is_one_in_every_format(project: Path) -> None:
    (problem,) = json.loads(report(project, "json"))
    assert (problem["severity"], problem["rule"]) == ("warning", "missing-icon")
    assert report(project, "github").startswith("::warning file=actions/bud_actions/builtin/greet.yaml,line=1,col=7,")
    (run,) = json.loads(report(project, "sarif"))["runs"]
    assert [result["level"] for result in run["results"]] == ["warning"]


def test_a_level_of_the_settings_is_in_every_format(project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS)
    assert json.loads(report(project, "json"))[0]["severity"] == "error"
    assert report(project, "github").startswith("::error ")
    assert json.loads(report(project, "sarif"))["runs"][0]["results"][0]["level"] == "error"


def test_code_scanning_gets_the_pages_of_the_rules(project: Path) -> None:
    (run,) = json.loads(report(project, "sarif"))["runs"]
    listed: dict[str, Any] = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert "missing-icon" in listed
    for rule in listed.values():
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n")
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")


def test_rules_are_listed_by_category_and_by_what_they_are_about() -> None:
    def listed(*options: str) -> list[str]:
        return [rule["id"] for rule in json.loads(bud("rules", "--format", "json", *options).stdout)]

    assert listed() == [rule.id for rule in RULES]
    assert "missing-icon" not in listed("--category", "minimal")
    assert "missing-icon" in listed("--category", "standard")
    assert "missing-docs-url" not in listed("--category", "standard")
    assert set(listed("--about", "executor")) == {rule.id for rule in RULES if rule.about == "executor"}
    assert set(listed("--about", "file", "--category", "strict")) == {rule.id for rule in RULES if rule.about == "file"}


def test_rules_as_text_say_severity_category_and_what_they_are_about() -> None:
    lines = bud("rules").stdout.splitlines()
    assert len(lines) == len(RULES)
    line = next(line for line in lines if line.startswith("missing-icon "))
    assert line.split(maxsplit=4)[1:] == ["warning", "standard", "file", "An action has an icon."]


def test_a_category_that_is_not_there_is_refused() -> None:
    done = bud("rules", "--category", "standart")
    assert done.exit_code == 2
    assert "did you mean `standard`?" in done.stderr


def test_explain_tells_how_to_ignore() -> None:
    assert "# bud: ignore missing-icon reason:" in bud("explain", "missing-icon").stdout
    assert "bud: ignore" not in bud("explain", "unknown-key").stdout
