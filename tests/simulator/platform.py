"""The simulator and a server that uses it, for tests: the server as a process that can be killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx2
import yaml
from starlette.types import ASGIApp, Receive, Scope, Send

from bud_server.simulator.app import create_simulator
from bud_server.simulator.options import Options, settings_for
from bud_server.simulator.world import World, first_world
from tests.support.in_thread import InThread
from tests.support.server import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
BUD = str(Path(sys.executable).with_name("bud"))
ENDED = ("COMPLETED", "FAILED", "CANCELLED")
TOKEN = "a-token-of-these-tests"


class Held:
    """An application, but the first call whose path ends in `hold` is never answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.hold = ""
        self.is_holding = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hold and scope.get("path", "").endswith(self.hold):
            self.hold, self.is_holding = "", True
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._app(scope, receive, send)


class Platform:
    """A simulator in a thread of this process."""

    def __init__(self, events: str, **options: Any) -> None:
        self.world: World = first_world()
        self.app = Held(create_simulator(Options(events=events, token=TOKEN, **options), self.world))
        self._server = InThread(self.app)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def begin_anew(self) -> None:
        """Have everything as it is at the start."""
        fresh = first_world()
        for each in fields(World):
            setattr(self.world, each.name, getattr(fresh, each.name))
        self.app.hold, self.app.is_holding = "", False

    def names(self, kind: str) -> set[str]:
        """Return the names of all models, clusters or endpoints."""
        return {each.name for each in getattr(self.world, kind).values()}

    @contextmanager
    def running(self) -> Iterator["Platform"]:
        """Serve meanwhile."""
        with self._server.running():
            yield self


class Pipelines:
    """`bud serve` on a database and a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._database = f"sqlite:///{folder}/bud.db"
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, platform: Platform) -> None:
        """Start a process, unless there is one, and return once it runs pipelines."""
        if self._process is not None and self._process.poll() is None:
            return
        command = [BUD, "serve", "--port", str(self._port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment(platform), stdout=log, stderr=log)
        wait_until(self._is_ready)

    def run_in_terminal(self, path: Path, platform: Platform) -> subprocess.CompletedProcess[str]:
        """Run a pipeline's file on the same database, with `bud run`."""
        environment = self._environment(platform)
        return subprocess.run(
            [BUD, "run", str(path)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def _environment(self, platform: Platform) -> dict[str, str]:
        settings = {"BUD_DATABASE": self._database, "BUD_LEASE_SECONDS": "1", "BUD_SHUTDOWN_SECONDS": "0"}
        return {**os.environ, **settings, **settings_for(platform.port, TOKEN)}

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            return httpx2.get(f"{self.url}/ready", timeout=5).is_success
        except httpx2.HTTPError:
            return False

    def kill(self) -> None:
        """End the process as `kill -9` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        """End the process, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)

    def run(self, definition: dict[str, Any], params: dict[str, Any]) -> str:
        """Start an execution, and return its id at once."""
        body = {"pipeline_definition": {"dag": definition}, "params": params}
        headers = {"prefer": "respond-async"}
        answer = httpx2.post(f"{self.url}/executions/run", json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        found: str = answer.json()["execution_id"]
        return found

    def steps(self, execution_id: str) -> dict[str, dict[str, Any]]:
        """Return how all steps stand, by id."""
        answer = httpx2.get(f"{self.url}/executions/{execution_id}/steps", timeout=30)
        return {step["step_id"]: step for step in answer.json()["steps"]}

    def ended(self, execution_id: str) -> dict[str, Any]:
        """Return an execution once it has ended."""
        found: dict[str, Any] = {}

        def has_ended() -> bool:
            found.update(httpx2.get(f"{self.url}/executions/{execution_id}", timeout=30).json())
            return found["status"] in ENDED

        wait_until(has_ended)
        return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def example(name: str) -> dict[str, Any]:
    """Return the definition in an example."""
    found: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    return found
