"""A package of one's own, from `bud init` to a server that has it and has it no longer."""

import json
import os
import re
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from tests.support.project import bud

GUIDE = (Path(__file__).parent.parent / "docs/action-packages.md").read_text()
EXECUTE = """
import asyncio, json
from bud_actions.base import ActionContext, action_registry
action_registry.discover_actions()
for each in ("my_hello", "greet"):
    executor = action_registry.get_executor(each)
    print(json.dumps(asyncio.run(executor.execute(ActionContext(params={"message": "Hello"}))).outputs))
"""


def test_from_init_to_a_running_action(tmp_path: Path) -> None:
    package = _package(tmp_path)
    site = _install(package, tmp_path)

    with _serve(tmp_path, PYTHONPATH=str(site)) as url:
        listed = [each["type"] for each in _ask(f"{url}/actions")["actions"]]
        good = _ask(f"{url}/actions/validate", {"action_type": "greet", "params": {"message": "Hello"}})
        bad = _ask(f"{url}/actions/validate", {"action_type": "greet", "params": {}})
    ran = _run([sys.executable, "-c", EXECUTE], tmp_path, PYTHONPATH=str(site))

    assert {"greet", "my_hello", "log"} <= set(listed)
    assert good["valid"]
    assert not bad["valid"]
    assert [json.loads(line)["message"] for line in ran.splitlines()] == ["Hello", "Hello, nice to meet you"]

    with _serve(tmp_path) as url:
        listed = [each["type"] for each in _ask(f"{url}/actions")["actions"]]
    assert "log" in listed
    assert not {"greet", "my_hello"} & set(listed)


def _package(folder: Path) -> Path:
    """Start a package, add an action as the guide does, and return its folder."""
    assert bud("init", "my-actions", cwd=folder).returncode == 0
    package = folder / "my-actions"
    assert bud("new", "greet", "--category", "Integration", cwd=package).returncode == 0
    (executor,) = re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL)
    assert "NotImplementedError" in (package / executor[0]).read_text()
    (package / executor[0]).write_text(executor[1])
    checked = bud("generate", "--check", cwd=package)
    assert checked.returncode == 0, checked.stdout
    return package


def _install(package: Path, folder: Path) -> Path:
    """Build the wheel and install it into a folder of its own, which is returned."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."], package)
    (wheel,) = (package / "dist").iterdir()
    _run([*pip, "install", "--no-deps", "--no-index", "--target", str(folder / "site"), str(wheel)], folder)
    return folder / "site"


def _run(command: list[str], folder: Path, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _serve(folder: Path, **variables: str) -> Iterator[str]:
    """Serve what is installed, and yield the address of the server."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _await(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the server does not answer; its exit code is {server.poll()}")


def _ask(url: str, body: object = None) -> Any:
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    request.data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_a_new_package_is_whole_and_its_test_passes(tmp_path: Path) -> None:
    done = bud("init", "Two.Word-actions", cwd=tmp_path)
    package = tmp_path / "Two.Word-actions"
    project = tomllib.loads((package / "pyproject.toml").read_text())

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Two.Word-actions is there; next: cd Two.Word-actions && make check\n")
    assert project["project"]["entry-points"] == {"budpipeline.actions": {"two_word": "two_word_generated"}}
    for folder in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert (package / folder / "__init__.py").is_file()
        assert (package / folder / "py.typed").is_file()
    assert bud("generate", "--check", cwd=package).returncode == 0
    assert bud("lint", cwd=package).returncode == 0
    paths = os.pathsep.join(str(package / each) for each in project["tool"]["hatch"]["build"]["dev-mode-dirs"])
    tested = _run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], package, PYTHONPATH=paths)
    assert "1 passed" in tested


def test_the_targets_of_the_makefile(tmp_path: Path) -> None:
    bud("init", "my-actions", cwd=tmp_path)
    told = _run(["make", "--no-print-directory", "help"], tmp_path / "my-actions")

    assert re.findall(r"make (\w+)", told) == ["help", "setup", "generate", "check", "test", "build"]
    assert "run: make check" in (tmp_path / "my-actions/.github/workflows/ci.yml").read_text()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "my-actions").mkdir()

    assert bud("init", "my-actions", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("full", "full is already there and not an empty folder; nothing was written"),
        ("file", "file is already there and not an empty folder; nothing was written"),
        ("my actions", "my actions is not a distribution name"),
        ("../mine", "../mine is not a distribution name"),
        ("mine-", "mine- is not a distribution name"),
        ("", "is not a distribution name"),
        ("mine\n", "is not a distribution name"),
        ("3d-actions", "does not start with a letter"),
        ("Bud_Actions", "would be those of bud-actions"),
        ("a" * 300, "cannot be written: File name too long"),
    ],
)
def test_wrong_use_writes_nothing(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept.txt").write_text("kept")
    (tmp_path / "file").write_text("kept")
    before = sorted(tmp_path.rglob("*"))

    done = bud("init", name, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
