"""The docs say what is there."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

import bud_server.cli  # noqa: F401 - adds serve
from bud_codegen.cli import app
from bud_codegen.rules import RULES
from bud_codegen.workspace import TARGET_FOLDERS
from tests.support.server import running, wait_until

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md"]
TEXT = "\n".join(page.read_text() for page in PAGES)


def test_every_command_is_documented() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert f"bud {name}" in TEXT, name


def test_every_target_is_documented() -> None:
    for target in TARGET_FOLDERS:
        assert f"`{target}`" in (ROOT / "docs/generator.md").read_text()


def test_every_make_target_is_explained() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {"help", "setup", "generate", "check", "test", "run", "bench"} <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_docs_runs(page: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        if not block.startswith(("# actions/", "# tests/")):  # files of a project, which test_guides.py tries
            exec(compile(block, str(page), "exec"), {})


def test_what_the_pages_ask_of_a_server_is_answered(tmp_path: Path) -> None:
    commands = [command for page in PAGES for command in _curls(page.read_text())]
    assert len(commands) >= 5

    with running("--database", f"sqlite:///{tmp_path}/bud.db") as server:
        wait_until(lambda: server.get("/health")["database"] == "connected")
        for command in commands:
            here = re.sub(r"(localhost|127\.0\.0\.1):8010", f"127.0.0.1:{server.port}", command.replace("\\\n", " "))
            words = [*shlex.split(here, comments=True), "-sS", "--fail-with-body"]
            done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _curls(page: str) -> list[str]:
    """Return the curl commands that stand in blocks of a page."""
    return re.findall(r"^ +(curl (?:.*\\\n)*.*)$", page, re.MULTILINE)


def test_rules_are_listed_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
