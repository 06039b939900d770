"""The real server, as a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_ADDRESS = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))")


class Server(NamedTuple):
    """A server that runs."""

    url: str
    port: int
    pid: int
    said: list[str]
    """Lines that it wrote to standard error."""

    def get(self, path: str) -> Any:
        """Return the JSON of an answer."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
            return json.load(answer)

    def post(self, path: str, body: object) -> Any:
        """Return the JSON of the answer to a JSON body."""
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """Start `bud serve` on a free port, and interrupt it in the end."""
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--port", "0", *options]
    said: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environ(folder)) as process,
    ):
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        reader.start()
        try:
            wait_until(lambda: process.poll() is not None or _address(said) is not None)
            address = _address(said)
            assert address is not None, "".join(said)
            yield Server(address[1], int(address[2]), process.pid, said)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
            reader.join(timeout=5)


def _environ(folder: str) -> dict[str, str]:
    """Return an environment in which a server has a database of its own, unless it is told of another one."""
    return {"BUD_DATABASE": f"sqlite:///{folder}/bud.db", **os.environ}


def _address(said: list[str]) -> re.Match[str] | None:
    return _ADDRESS.search("".join(said))


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something is so, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)
