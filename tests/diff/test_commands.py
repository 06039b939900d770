"""`bud diff` and `bud changelog` as a person meets them, in real repositories."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.diff.repository import commit, git, make_repository
from tests.support.project import action, bud, write_action

PATH = "actions/acme_actions/integration/greet.yaml"
PIPELINE = """\
name: Greet
steps:
  - id: hello
    action: greet
    params: {person: Ada}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in whose work tree a param is called otherwise than in its only commit."""
    found = make_repository(tmp_path / "a project", "greet", "wave")
    write_action(found, "greet", action(param="whom"))
    return found


def test_nothing_changed_is_0_and_says_what_was_compared(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet", "wave")
    digits = git(folder, "rev-parse", "HEAD")[:7]

    done = bud("diff", cwd=folder)

    assert done.stdout == f"2 actions compared with the merge base with main ({digits}): nothing changed\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_breaking_change_is_1_and_can_be_approved_with_what_is_offered(folder: Path) -> None:
    done = bud("diff", "--against", "main", cwd=folder)
    assert done.returncode == 1
    assert f"{PATH}:10:5 in main (" in done.stdout
    assert "fill this in and add it to .bud-approvals.yaml" in done.stdout

    _, snippet = done.stdout.split("add it to .bud-approvals.yaml:\n\n")
    (folder / ".bud-approvals.yaml").write_text(snippet)
    done = bud("diff", "--against", "main", cwd=folder)
    assert done.returncode == 1
    assert ".bud-approvals.yaml:3:" in done.stdout
    assert "the approval has no reason" in done.stdout

    filled = snippet.replace("reason:", "reason: Nobody uses it.").replace("owner:", "owner: Ada")
    (folder / ".bud-approvals.yaml").write_text(filled)
    done = bud("diff", "--against", "main", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "approved by Ada until " in done.stdout

    commit(folder)
    done = bud("diff", "--against", "HEAD", cwd=folder)
    assert done.returncode == 1
    assert "approval-unused" in done.stdout


def test_danger_fails_only_when_asked_to(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    text = action().replace("timeout_seconds: 60", "timeout_seconds: 5").replace("1.0.0", "1.1.0")
    write_action(folder, "greet", text)

    assert bud("diff", cwd=folder).returncode == 0
    assert bud("diff", "--fail-on", "danger", cwd=folder).returncode == 1


@pytest.mark.parametrize("format", ["json", "github", "sarif", "markdown"])
def test_every_format_is_printed_alone(folder: Path, format: str) -> None:  # noqa: A002
    done = bud("diff", "--format", format, cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    if format in ("json", "sarif"):
        json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "nowhere"], "nowhere is no git ref and no folder here"),
        (["--against=-n"], "-n is no git ref"),
        (["--against", "."], "is the project itself"),
        (["--against", "origin/main"], "git fetch origin main"),
        (["--approvals", "none.yaml"], "none.yaml cannot be read"),
        (["--pipelines", "nowhere"], "there is no such folder or file"),
        (["--pipelines", "actions"], "there is no pipeline here; it has 2 files that are none"),
        (["--pipelines", "http://127.0.0.1:9"], "http://127.0.0.1:9/pipelines does not answer"),
        (["--root", "/nowhere"], "/nowhere is not a folder"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_what_cannot_be_compared_is_2_and_says_why(folder: Path, arguments: list[str], said: str) -> None:
    done = bud("diff", *arguments, cwd=folder)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_side_with_broken_files_is_2_and_shows_them(folder: Path) -> None:
    write_action(folder, "wave", "type: {\n")
    done = bud("diff", cwd=folder)
    assert done.returncode == 2
    assert "error[yaml-syntax]" in done.stderr
    assert done.stderr.endswith("error: the project cannot be compared: its action files are wrong\n")

    commit(folder)
    write_action(folder, "wave", action("wave"))
    done = bud("diff", "--against", "HEAD", cwd=folder)
    assert done.returncode == 2
    assert "error[yaml-syntax]" in done.stderr
    assert "error: HEAD (" in done.stderr


def test_pipelines_prove_whom_a_change_breaks(folder: Path, tmp_path: Path) -> None:
    pipelines = tmp_path / "pipelines"
    (pipelines / "deep").mkdir(parents=True)
    (pipelines / "deep/hello.yaml").write_text(PIPELINE)
    (pipelines / "wave.json").write_text(json.dumps({"name": "Wave", "steps": [{"id": "a", "action": "wave"}]}))

    done = bud("diff", "--pipelines", str(pipelines), "--pipelines", str(pipelines / "wave.json"), cwd=folder)

    assert f"affects 1 of 3 pipelines: {pipelines}/deep/hello.yaml:5:14" in done.stdout
    assert "1 of 3 pipelines fails because of this; 2 pipelines failed before already" in done.stdout
    assert done.returncode == 1


def test_executors_that_meet_a_change_are_named(folder: Path) -> None:
    executor = folder / PATH.replace(".yaml", ".py")
    executor.write_text(
        "from bud_actions.base import ActionContext, TypedExecutor\n"
        "from acme_generated.integration.greet import Outputs, Params\n\n\n"
        "class Executor(TypedExecutor[Params, Outputs]):\n"
        "    async def run(self, params: Params, context: ActionContext) -> Outputs:\n"
        "        return Outputs(text=params.person)\n"
    )
    done = bud("diff", cwd=folder)
    assert f"affects executor {PATH.replace('.yaml', '.py')}:7:" in done.stdout


def test_the_changelog_is_prose_by_action(folder: Path) -> None:
    write_action(folder, "greet", action(param="whom").replace("1.0.0", "2.0.0").replace("Says hello.", "Greets."))
    write_action(folder, "shout", action("shout"))
    (folder / "actions/acme_actions/integration/wave.yaml").unlink()
    digits = git(folder, "rev-parse", "HEAD")[:7]

    done = bud("changelog", "--against", "main", cwd=folder)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        f"# Changes since main ({digits})\n\n## Greet (`greet`), 1.0.0 → 2.0.0\n\n### Breaking\n\n- Param `"
    )
    headings = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert headings[1:] == ["## Greet (`shout`), new in 1.0.0", "## Greet (`wave`), 1.0.0, removed"]
    assert "### Fixed and documented\n\n- Other words: description" in done.stdout or "other words" in done.stdout


def test_a_changelog_of_nothing_says_so(tmp_path: Path) -> None:
    done = bud("changelog", cwd=make_repository(tmp_path, "greet"))
    assert done.stdout.endswith("\n\nNothing changed.\n")


def test_without_pipelines_only_the_generator_is_needed(folder: Path) -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from bud_server.cli import app;"
        f"result = CliRunner().invoke(app, ['diff', '--root', {str(folder)!r}]);"
        "print(result.exit_code, {'httpx2', 'sqlalchemy', 'starlette', 'structlog'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "1 set()\n"
