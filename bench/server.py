"""The server: how fast it answers, next to a plain Starlette application and to FastAPI, and what its start costs.

Every server is a process of its own: one uvicorn worker with the settings of `bud serve`. They take turns, so that what
else happens on the machine falls on all of them. This process asks, and is faster than any of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from socket import create_connection, create_server
from typing import Any, NamedTuple

from bench import client, packages, table
from bench.table import Row

PACKAGES, ACTIONS = 50, 1000
"""What is installed beside the actions that come along."""
CONNECTIONS, SECONDS_A_TURN, ROUNDS, STARTS = 8, 0.25, 8, 5
FEW, MANY, NOT_MODIFIED, ONE, VALIDATE = 0.95, 0.85, 1.1, 0.9, 0.8
"""Targets: times as fast as the floor."""
START_SECONDS, LARGE_START_SECONDS = 0.35, 0.45

_BUD = Path(sys.executable).with_name("bud")
_ROOT = Path(__file__).parent.parent
_ENCODINGS = {"Accept-Encoding": "gzip, zstd"}
_HELLO = client.request("/", headers=_ENCODINGS)
_LISTING = client.request("/actions")


class Case(NamedTuple):
    """One request, and how fast its answer must be."""

    what: str
    server: str
    request: bytes
    status: int = 200
    target: float | None = None
    connections: int = CONNECTIONS
    floor: bytes = _HELLO
    """What the floor is asked meanwhile."""


def measure() -> list[Row]:
    """Measure everything, print the table and return its rows."""
    with tempfile.TemporaryDirectory(prefix="bud-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        site = packages.install(folder / "site", PACKAGES, ACTIONS)
        starts = [
            _start(folder, (), "start with what comes along", START_SECONDS),
            _start(folder, (site,), f"start with {ACTIONS:,} more in {PACKAGES} packages", LARGE_START_SECONDS),
        ]
        ports = started(stack, folder, site)
        asked = cases(ports["few"], ports["many"])
        sizes = {case.what: size(ports[case.server], case) for case in asked}
        rows = [*_rows(ports, asked), *starts]
    notes = (
        f"seconds of one answer, best of {ROUNDS} interleaved rounds, on {CONNECTIONS} connections",
        "peer: Starlette without middleware, whose answer is a short text; ratio: how many times as fast",
        "every server writes a line for each request: bud serve its own, the others uvicorn's",
        "FastAPI: the same catalog in pydantic models; it groups, checks and writes them for every answer",
        "bytes of an answer: " + "; ".join(f"{what} {number:,}" for what, number in sizes.items()),
        f"start: CPU seconds until GET /actions is answered, best of {STARTS}",
    )
    table.show("Server: bud serve next to plain Starlette, and to FastAPI", rows, notes)
    return rows


def cases(few: int, many: int) -> list[Case]:
    """Return what is asked of servers with few and with many actions, and the same of FastAPI."""
    listing, total = _listing(few), _listing(many)["total"]
    params = next(each for each in listing["actions"] if each["type"] == "log")["examples"][0]["params"]
    validate = client.request("/actions/validate", json.dumps({"action_type": "log", "params": params}).encode())
    etag = client.header(client.ask(few, _LISTING), "etag")
    large = client.ask(many, client.request("/actions", headers=_ENCODINGS))
    compressed, one = client.request("/actions", headers=_ENCODINGS), client.request("/actions/log", headers=_ENCODINGS)
    known = client.request("/actions", headers={**_ENCODINGS, "If-None-Match": etag})
    few_listed, many_listed = (f"GET /actions, {number:,}" for number in (listing["total"], total))
    return [
        Case(few_listed, "few", compressed, target=FEW),
        Case(many_listed, "many", compressed, target=MANY),
        Case(f"{many_listed}, to as many bytes", "many", compressed, floor=client.request(f"/{len(large.body)}")),
        Case("GET /actions, 304", "few", known, 304, NOT_MODIFIED),
        Case("GET /actions/log", "few", one, target=ONE),
        Case("POST /actions/validate", "few", validate, target=VALIDATE),
        Case(f"FastAPI {few_listed}", "fastapi few", _LISTING),
        Case(f"FastAPI {many_listed}", "fastapi many", _LISTING, connections=1),
        Case("FastAPI GET /actions/log", "fastapi few", one),
        Case("FastAPI POST /actions/validate", "fastapi few", validate),
    ]


def _listing(port: int) -> dict[str, Any]:
    return dict(json.loads(client.ask(port, _LISTING).body))


def size(port: int, case: Case) -> int:
    """Return how long the body of an answer is. Raises RuntimeError if it is not the answer that is meant."""
    answer = client.ask(port, case.request)
    if answer.status != case.status:
        raise RuntimeError(f"{case.what} was answered with {answer.status}: {answer.body[:500]!r}")
    return len(answer.body)


def _rows(ports: Mapping[str, int], cases: Sequence[Case]) -> Iterator[Row]:
    floors: dict[bytes, list[float]] = {case.floor: [] for case in cases}
    ours: dict[str, list[float]] = {case.what: [] for case in cases}
    for index in range(_times(ROUNDS)):
        for case in cases:
            floor = client.seconds_an_answer(ports["plain"], case.floor, CONNECTIONS, SECONDS_A_TURN)
            floors[case.floor].append(floor)
            port = ports[case.server]
            ours[case.what].append(client.seconds_an_answer(port, case.request, case.connections, SECONDS_A_TURN))
        sys.stderr.write(f"server: round {index + 1} done\n")
    for case in cases:
        yield table.times_as_fast(case.what, min(ours[case.what]), min(floors[case.floor]), case.target)


def _times(rounds: int) -> int:
    return max(1, round(rounds * float(os.environ.get("BENCH_ROUNDS", "1"))))


def started(stack: ExitStack, folder: Path, site: Path) -> dict[str, int]:
    """Start all servers and return their ports by name."""
    ports = {}
    for name, path in (("few", ()), ("many", (site,))):
        ports[name] = stack.enter_context(_served(folder, path, _BUD, "serve", "--port"))
        listing = folder / f"{name}.json"
        listing.write_bytes(client.ask(ports[name], _LISTING).body)
        peer = (sys.executable, "-m", "bench.peers", "fastapi", listing)
        ports[f"fastapi {name}"] = stack.enter_context(_served(folder, (_ROOT,), *peer))
    ports["plain"] = stack.enter_context(_served(folder, (_ROOT,), sys.executable, "-m", "bench.peers", "plain"))
    return ports


def serving(folder: Path) -> AbstractContextManager[int]:
    """Run `bud serve` in a folder, with what comes along, and yield its port."""
    return _served(folder, (), _BUD, "serve", "--port")


def _start(folder: Path, path: Sequence[Path], what: str, limit: float) -> Row:
    """Return what a start costs until the catalog is there."""
    return table.within(what, min(_start_seconds(folder, path) for _ in range(_times(STARTS))), limit)


def _start_seconds(folder: Path, path: Sequence[Path]) -> float:
    """Return the CPU seconds of a server, of the user and of the system, until its first answer."""
    command, port = (_BUD, "serve", "--port"), _free_port()
    with _process(folder, path, *command, port) as server:
        _await(server, port)
        client.ask(port, _LISTING)
        server.kill()
        _, status, usage = os.wait4(server.pid, 0)
        server.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _served(folder: Path, path: Sequence[Path], *command: str | Path) -> Iterator[int]:
    """Run a server whose last argument is its port, and yield the port."""
    port = _free_port()
    with _process(folder, path, *command, port) as server:
        try:
            _await(server, port)
            yield port
        finally:
            server.kill()


def _process(folder: Path, path: Sequence[Path], *command: object) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdout=quiet, stderr=quiet)  # noqa: S603


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a server listens. Raises RuntimeError if it ends before."""
    while server.poll() is None:
        try:
            create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"{server.args!r} ended with {server.returncode}")
