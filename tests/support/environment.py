"""An environment that has the server and nothing else, as a machine that only serves would."""

import fcntl
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
EXECUTE = """
import asyncio, json, sys
from bud_actions.base import ActionContext, action_registry
action_registry.discover_actions()
ran = action_registry.get_executor(sys.argv[1]).execute(ActionContext(params=json.loads(sys.argv[2])))
print(json.dumps(asyncio.run(ran).outputs))
"""


class Environment(NamedTuple):
    """A virtual environment, and an empty folder to work in."""

    folder: Path
    home: Path

    def run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its tools."""
        return _run([str(self.folder / "bin" / tool), *arguments], self.home)

    def execute(self, action_type: str, params: object) -> Any:
        """Return the outputs of an action, run by its installed executor."""
        done = self.run("python", "-c", EXECUTE, action_type, json.dumps(params))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def install(self, wheel: Path) -> None:
        """Install a wheel, whose dependencies are there."""
        _pip("--python", str(self.folder), "install", "--no-index", str(wheel))

    def uninstall(self, *distributions: str) -> None:
        """Take distributions away; it is no fault if they are not there."""
        _pip("--python", str(self.folder), "uninstall", "--yes", *distributions)

    @contextmanager
    def serving(self, *options: str) -> Iterator[str]:
        """Serve what is installed, and yield the address of the server."""
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(self.folder / "bin/bud"), "serve", "--port", str(port), *options]
        with (
            (self.home / "server.log").open("w+") as log,
            subprocess.Popen(command, cwd=self.home, env=_environ(), stdout=log, stderr=log) as server,
        ):
            try:
                _await(server, port, Path(log.name))
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()


def server_environment(shared: Path, home: Path) -> Iterator[Environment]:
    """Yield the environment in a folder that all workers share, to one test at a time."""
    shared.mkdir(exist_ok=True)
    environment = Environment(shared / "venv", home)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "ready").exists():
            _run_well([sys.executable, "-m", "venv", "--clear", "--without-pip", str(environment.folder)], shared)
            wheel = build_wheel(ROOT, shared / "wheels")
            _pip("--python", str(environment.folder), "install", f"{wheel}[server]")
            (shared / "ready").touch()
        yield environment


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a project into a new folder and return it."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project))
    (wheel,) = folder.iterdir()
    return wheel


def ask(url: str, body: object = None) -> Any:
    """Return the JSON of an answer."""
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    request.data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def _pip(*arguments: str) -> None:
    _run_well([*PIP, *arguments], ROOT)


def _run_well(command: list[str], folder: Path) -> None:
    done = _run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=_environ(), capture_output=True, text=True, check=False, timeout=240)


def _environ() -> dict[str, str]:
    """Return the environment without what sets the server or lends it modules of this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("BUD_", "PYTHONPATH"))}


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the server does not answer; its exit code is {server.poll()}: {log.read_text()}")
