"""The workflow that `bud init` writes runs in a repository, line by line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import bud

ENVIRONMENT = Path(sys.executable).parent
COMMANDS = ("bud fmt --check", "bud lint --format github", "bud generate --check", "bud diff --against", "-m pytest")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package with an environment, in a repository whose first commit is on main, and on origin/main."""
    assert bud("init", "my-actions", cwd=tmp_path).returncode == 0
    package = tmp_path / "my-actions"
    programs = package / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("bud", "python"):
        (programs / name).write_text(f'#!/bin/sh\nexec "{ENVIRONMENT / name}" "$@"\n')
        (programs / name).chmod(0o755)
    (package / ".venv/ready").touch()
    git(package, "init", "--quiet", "--initial-branch", "main")
    return package


def git(folder: Path, *arguments: str) -> None:
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *person, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def commit(package: Path, message: str) -> None:
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", message)


def steps(package: Path) -> list[dict[str, Any]]:
    workflow = yaml.safe_load((package / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    listed: list[dict[str, Any]] = job["steps"]
    return listed


def run(package: Path, base: str = "main") -> list[subprocess.CompletedProcess[str]]:
    """Run the commands of the workflow as for a pull request, up to the first that fails."""
    done = []
    for step in steps(package):
        if "run" not in step:
            continue
        given = {name: value.replace("${{ github.base_ref }}", base) for name, value in step.get("env", {}).items()}
        paths = os.pathsep.join(str(package / each) for each in ("actions", "generated/python"))
        done.append(
            subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=package,
                env={**os.environ, **given, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=100,
            )
        )
        if done[-1].returncode:
            break
    return done


def test_the_workflow_checks_what_make_check_does_and_the_change(package: Path) -> None:
    found = steps(package)
    lines = "\n".join(step.get("run", "") for step in found)

    assert [command for command in COMMANDS if command not in lines] == []
    assert found[0]["with"]["fetch-depth"] == 0
    (comparing,) = [step for step in found if "bud diff" in step.get("run", "")]
    assert comparing["if"] == "github.event_name == 'pull_request'"
    assert comparing["env"] == {"BASE": "origin/${{ github.base_ref }}"}
    assert "${{" not in lines
    makefile = (package / "Makefile").read_text()
    assert [
        each for each in ("fmt --check", "lint", "generate --check") if f"$(BIN)/bud {each}\n" not in makefile
    ] == []


def test_a_change_that_breaks_somebody_fails_the_pull_request(package: Path) -> None:
    commit(package, "Begin")
    git(package, "update-ref", "refs/remotes/origin/main", "main")
    unchanged = run(package)
    action = next((package / "actions").rglob("*hello.yaml"))
    action.write_text(
        action.read_text()
        .replace('version: "0.1.0"', 'version: "0.1.1"')
        .replace("  - name: message\n    label", "  - name: words\n    label")
        .replace("      message: Hello", "      words: Hello")
    )
    executor = action.with_suffix(".py")
    executor.write_text(executor.read_text().replace("params.message", "params.words"))
    assert bud("generate", cwd=package).returncode == 0
    commit(package, "Say other words")
    changed = run(package)

    assert [step.returncode for step in unchanged] == [0] * len(unchanged), unchanged[-1]
    assert len(unchanged) == len([step for step in steps(package) if "run" in step])
    assert "1 passed" in unchanged[-1].stdout
    assert changed[-1].returncode == 1
    assert f"::error file={action.relative_to(package).as_posix()}" in changed[-1].stdout


def test_a_base_without_actions_is_told_and_passes(package: Path) -> None:
    git(package, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    git(package, "update-ref", "refs/remotes/origin/main", "main")
    commit(package, "Add actions")
    done = run(package)

    assert [step.returncode for step in done] == [0] * len(done), done[-1]
    notice = "::notice::origin/main has no actions/my_actions yet, so there is nothing to compare with\n"
    assert any(notice in step.stdout for step in done)


def test_a_base_that_is_not_there_fails_and_says_how_to_get_it(package: Path) -> None:
    commit(package, "Begin")
    done = run(package)

    assert done[-1].returncode == 2
    assert "origin/main" in done[-1].stderr
    assert "git fetch origin main" in done[-1].stderr
