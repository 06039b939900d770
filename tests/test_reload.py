"""`bud serve --reload`: edits are served at once, and a broken one changes nothing but says so."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.project import action, make_project, write_action


class Server(NamedTuple):
    url: str
    root: Path
    said: list[str]
    """Lines that it wrote to standard error."""

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
            return json.load(answer)

    def types(self) -> set[str]:
        return {each["type"] for each in self.get("/actions")["actions"]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    make_project(tmp_path, "greet")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--reload", "--root", str(tmp_path)]
    said: list[str] = []
    with subprocess.Popen(
        [*command, "--port", str(port)], stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        reader.start()
        running = Server(f"http://127.0.0.1:{port}", tmp_path, said)
        try:
            wait_until(lambda: is_up(running))
            yield running
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
            reader.join(timeout=5)


def is_up(server: Server) -> bool:
    try:
        return bool(server.get("/health"))
    except OSError:
        return False


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


def test_a_project_is_served_beside_what_is_installed(server: Server) -> None:
    assert {"greet", "log", "model_add"} <= server.types()


def test_a_new_and_a_removed_action_are_served_at_once(server: Server) -> None:
    path = write_action(server.root, "wave", action("wave"))
    wait_until(lambda: "wave" in server.types())

    path.unlink()
    wait_until(lambda: "wave" not in server.types())


def test_the_generated_files_follow(server: Server) -> None:
    write_action(server.root, "greet", action(param="friend"))

    wait_until(lambda: "friend" in _text(server.root / "generated/docs/greet.md"))


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_broken_edit_keeps_the_last_good_catalog_and_says_what_is_wrong(server: Server) -> None:
    before = server.get("/actions/greet")
    write_action(server.root, "greet", action().replace("type: string\n    required", "type: strng\n    required"))
    wait_until(lambda: server.get("/health")["status"] == "degraded")

    (problem,) = server.get("/health")["problems"]
    assert problem.startswith("actions/acme_actions/integration/greet.yaml:11:11: error[invalid-value]")
    assert server.get("/actions/greet") == before
    wait_until(lambda: any("did you mean `string`?" in line for line in server.said))

    write_action(server.root, "greet", action())
    wait_until(lambda: server.get("/health")["status"] == "healthy")


def test_listeners_hear_of_both(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/actions/events", timeout=30) as stream:
        assert _event(stream) == "catalog"
        write_action(server.root, "greet", "type: [")
        assert _event(stream) == "problems"
        write_action(server.root, "greet", action(param="friend"))
        assert _event(stream) == "catalog"


def _event(stream: Any) -> str:
    for line in stream:
        if line.startswith(b"event: "):
            return str(line.removeprefix(b"event: ").decode().strip())
    return pytest.fail("the stream ended")


def test_a_project_that_is_broken_from_the_start_does_not_start(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    write_action(tmp_path, "greet", "type: [")
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--reload", "--root", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert "yaml-syntax" in done.stderr
