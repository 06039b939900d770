"""The `bud` command as a person meets it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from bud_codegen.report import FORMATS
from tests.support.project import action, bud, make_project, write_action

BROKEN = action().replace("type: string\n    required", "type: strng\n    required", 1)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    make_project(tmp_path, "wave")
    write_action(tmp_path, "greet", BROKEN)
    return tmp_path


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'datamodel_code_generator', 'jinja2', 'jsonschema', 'jsonschema_rs', 'pydantic', 'starlette', 'yaml'}"
    script = f"import sys, bud_server.cli; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
    assert "generate" in bud("--help").stdout


def test_generate_check_and_lint_of_this_project() -> None:
    root = Path(__file__).parent.parent

    assert bud("generate", "--check", "--root", str(root)).returncode == 0
    assert bud("lint", "--root", str(root)).stdout == "24 action files in actions/bud_actions: nothing wrong\n"


def test_a_problem_is_shown_with_its_line_a_caret_and_a_hint(broken: Path) -> None:
    done = bud("generate", cwd=broken)

    assert done.returncode == 1
    assert done.stderr == (
        "actions/acme_actions/integration/greet.yaml:12:11: error[invalid-value] params[0].type is the text"
        ' "strng"; expected one of string, number, boolean, select, multiselect, json, template, branches, range,'
        " model_ref, cluster_ref, project_ref, endpoint_ref, provider_ref, credential_ref, cloud_model_ref\n"
        "    |\n"
        " 12 |     type: strng\n"
        "    |           ^^^^^\n"
        "   hint: did you mean `string`?\n"
        "\n"
        "1 error in 1 file\n"
    )
    assert not (broken / "generated").exists()


@pytest.mark.parametrize("command", [["generate"], ["generate", "--check"], ["lint"], ["list"], ["show", "wave"]])
def test_a_broken_file_is_a_finding_never_a_traceback(broken: Path, command: list[str]) -> None:
    done = bud(*command, cwd=broken)

    assert done.returncode == 1
    assert "invalid-value" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_lint_as_json(broken: Path) -> None:
    done = bud("lint", "--format", "json", cwd=broken)

    (problem,) = json.loads(done.stdout)
    assert problem["path"] == "actions/acme_actions/integration/greet.yaml"
    assert (problem["line"], problem["column"], problem["rule"]) == (12, 11, "invalid-value")
    assert done.returncode == 1


def test_lint_for_github(broken: Path) -> None:
    done = bud("lint", "--format", "github", cwd=broken)

    place = "file=actions/acme_actions/integration/greet.yaml,line=12,col=11,endColumn=16,title=invalid-value"
    assert done.stdout.startswith(f"::error {place}::params[0].type is")
    assert done.stdout.count("\n") == 1


def test_lint_as_sarif(broken: Path) -> None:
    (finished,) = json.loads(bud("lint", "--format", "sarif", cwd=broken).stdout)["runs"]

    (result,) = finished["results"]
    assert result["ruleId"] in {rule["id"] for rule in finished["tool"]["driver"]["rules"]}
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 12, "startColumn": 11, "endColumn": 16}


def test_nothing_wrong_is_well_formed_in_every_format(tmp_path: Path) -> None:
    make_project(tmp_path, "wave")
    for name in FORMATS:
        done = bud("lint", "--format", name, cwd=tmp_path)
        assert done.returncode == 0, name
    assert json.loads(bud("lint", "--format", "json", cwd=tmp_path).stdout) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate", "--only", "python,rust"], "there is no target rust"),
        (["generate", "--check", "--watch"], "do not go together"),
        (["explain", "unknown-kee"], "did you mean `unknown-key`?"),
        (["show", "wve"], "did you mean `wave`?"),
        (["validate", "wave", "--params", "{"], "--params is not JSON"),
        (["validate", "wave", "--params", "[]"], "--params must be a JSON object"),
        (["lint", "--root", "/nowhere"], "/nowhere is not a folder"),
        (["list", "--package", "acme"], "no installed package acme has actions; these have: bud-actions"),
        (["list", "--package", "acme", "--root", "."], "do not go together"),
        (["lint", "--format", "xml"], "'xml' is not one of"),
        (["new", "Wave Hello", "--category", "Integration"], "is not an action type"),
        (["new", "hello", "--category", "Intgration"], "did you mean `Integration`?"),
        (["new", "wave", "--category", "Integration"], "is already there; nothing was written"),
    ],
)
def test_wrong_use_says_what_to_do(tmp_path: Path, arguments: list[str], said: str) -> None:
    make_project(tmp_path, "wave")

    done = bud(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_bud_itself_is_told_apart(tmp_path: Path) -> None:
    make_project(tmp_path, "wave")
    script = "import bud_codegen.lint as lint, sys\nlint.lint = None\nsys.argv = ['bud', 'lint']\n"
    script += "from bud_server.cli import main\nmain()"

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert done.stderr.startswith("internal error: TypeError")


def test_validate() -> None:
    root = ("--root", str(Path(__file__).parent.parent))
    good = bud("validate", "log", "--params", '{"message": "hello"}', *root)
    bad = bud("validate", "log", "--params", "-", *root, stdin='{"level": "loud", "colour": 1}')

    assert (good.returncode, good.stdout) == (0, "valid\n")
    assert bad.returncode == 1
    assert bad.stdout == (
        "option: level: must be one of: debug, info, warning, error\nunknown: Unknown parameter: colour\n"
    )


def test_list_and_show(tmp_path: Path) -> None:
    make_project(tmp_path, "greet", "wave")

    assert bud("list", cwd=tmp_path).stdout.splitlines()[:2] == [
        "Integration",
        "  greet  1.0.0    sync          Greet",
    ]
    assert json.loads(bud("show", "greet", cwd=tmp_path).stdout)["params"][0]["name"] == "person"


def test_an_alias_is_shown_and_checked_as_its_action(tmp_path: Path) -> None:
    make_project(tmp_path)
    write_action(tmp_path, "greet", f"{action('greet')}aliases: [hail]\n")

    assert json.loads(bud("show", "hail", cwd=tmp_path).stdout)["type"] == "greet"
    assert bud("validate", "hail", "--params", '{"person": "Ada"}', cwd=tmp_path).stdout == "valid\n"


def test_outside_a_project_installed_actions_are_listed_and_shown(tmp_path: Path) -> None:
    make_project(tmp_path / "project", "greet")
    listed = bud("list", cwd=tmp_path)
    one = bud("list", "--package", "Bud_Actions", cwd=tmp_path / "project")

    assert listed.returncode == 0
    assert re.search(r"^  log +1\.0\.0 +sync +Log +bud-actions \S+$", listed.stdout, re.MULTILINE)
    assert one.stdout == listed.stdout
    assert json.loads(bud("show", "log", cwd=tmp_path).stdout)["name"] == "Log"
    assert bud("validate", "log", "--params", "{}", cwd=tmp_path).stdout == "valid\n"


def test_rules_and_their_pages() -> None:
    rules = json.loads(bud("rules", "--format", "json").stdout)

    assert {"id", "severity", "summary", "category", "about"} == set(rules[0])
    assert bud("rules").stdout.startswith("yaml-syntax")
    assert bud("explain", "yaml-duplicate-key").stdout.startswith("# yaml-duplicate-key\n")


@pytest.mark.parametrize("flags", [[], ["--event-driven"]])
def test_a_new_action_is_complete_and_its_test_passes(tmp_path: Path, flags: list[str]) -> None:
    make_project(tmp_path)

    done = bud("new", "slack_post", "--category", "Integration", *flags, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert bud("generate", "--check", cwd=tmp_path).returncode == 0
    text = (tmp_path / "actions/acme_actions/integration/slack_post.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../../generated/editor/action.schema.json\n")
    paths = os.pathsep.join(str(tmp_path / each) for each in ("actions", "generated/python"))
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in tested.stdout, tested.stdout


def test_watch_runs_again_after_an_edit(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    command = [str(Path(sys.executable).with_name("bud")), "generate", "--watch"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, bufsize=1) as watcher:
        assert watcher.stdout is not None
        guard = threading.Timer(60, watcher.kill)
        guard.start()
        _read_until(watcher.stdout, "27 written")
        write_action(tmp_path, "greet", action(param="friend"))
        _read_until(watcher.stdout, "wrote generated/docs/greet.md")
        watcher.send_signal(signal.SIGINT)
        watcher.communicate(timeout=30)
        guard.cancel()

    assert "friend" in (tmp_path / "generated/docs/greet.md").read_text()


def _read_until(stream: Iterable[str], word: str) -> None:
    for line in stream:
        if word in line:
            return
    pytest.fail(f"never said {word}")
