"""The docs say what is there."""

import argparse
import json
import re
import shlex
import urllib.request
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
            request = _request(command, f"127.0.0.1:{server.port}")
            with urllib.request.urlopen(request, timeout=30) as answer:  # raises HTTPError for what is not answered
                assert json.load(answer), command


def _request(command: str, address: str) -> urllib.request.Request:
    """Return what a curl command asks for, from a server at another address."""
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("-H", action="append", default=["content-type: application/x-www-form-urlencoded"])
    options.add_argument("-d")
    given = options.parse_args(shlex.split(command.replace("\\\n", " "), comments=True)[1:])
    url = "http://" + given.url.removeprefix("http://")
    headers = dict(header.split(": ", 1) for header in given.H)
    data = None if given.d is None else given.d.encode()
    return urllib.request.Request(re.sub(r"(localhost|127\.0\.0\.1):8010", address, url), data, headers)


def _curls(page: str) -> list[str]:
    """Return the curl commands that stand in blocks of a page."""
    return re.findall(r"^ +(curl (?:.*\\\n)*.*)$", page, re.MULTILINE)


def test_rules_are_listed_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
