"""The runtime: what a step costs next to DBOS, Prefect and a bare SQLite transaction, and what does not grow.

Whatever is measured runs in a process of its own, and contestants take turns, as what the disk takes for a commit
changes from one minute to the next. DBOS and Prefect are installed into an environment of their own, `.bud/peers`.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench import client, history, peer_environment, postgres, server, table
from bench.peer_environment import UnavailableError
from bench.table import Row

STEPS, PREFECT_STEPS = 300, 50
ROUNDS, PREFECT_ROUNDS, FLAT_ROUNDS, WORKER_ROUNDS, REQUESTS = 3, 2, 3, 2, 40
FEW, MANY, WORKERS = 1_000, 100_000, 4
CHAIN, FAN_OUT, PREFECT, COMMITS, SCALING, GROWTH = 3.0, 8.0, 15.0, 2.0, 2.5, 1.25
HTTP_SECONDS, RESUME_SECONDS, WAITING_BYTES, IDLE_CPU = 0.02, 0.02, 50e6, 0.02
"""Targets."""
SECONDS = 120
_ROOT = Path(__file__).parent.parent

Costs = Mapping[str, float]


class Peer(NamedTuple):
    """A peer's seconds a step, or why there are none."""

    name: str
    costs: Costs | None
    reason: str = ""


def measure() -> list[Row]:
    """Measure everything, print the table and return its rows."""
    with tempfile.TemporaryDirectory(prefix="bud-bench-") as name:
        folder = Path(name)
        ours, peers = _interleaved(folder)
        rows = [
            *_step_rows(ours, peers),
            *_attempted("10 log steps over HTTP, median", lambda: _over_http(folder)),
            *_attempted("event handed in to next step, median", lambda: _resumption(folder)),
            *_attempted(f"PostgreSQL, {WORKERS} workers to one", _workers),
            *_attempted(f"a step after {MANY:,} executions", lambda: _growth(folder)),
            *_attempted("10,000 steps waiting", lambda: _waiting(folder)),
        ]
    notes = (
        f"steps: median seconds of one of {STEPS} that do nothing, in {_times(ROUNDS)} interleaved rounds; "
        "SQLite in WAL mode, synchronous=FULL, and each process new",
        "floor: one transaction of an UPDATE and an INSERT per step, in one thread: how fast the disk is",
        "fan-out: 100 side by side, which is the most a pipeline may have; DBOS all at once",
        "DBOS as it comes keeps a rollback journal; in WAL it has the same journal as ours",
        f"Prefect: {PREFECT_STEPS} tasks, counted per task; synchronous=NORMAL; it records tasks in batches behind "
        "the flow",
        f"PostgreSQL: {postgres.EXECUTIONS} executions of {postgres.STEPS_EACH} steps, server and workers share "
        f"{os.cpu_count()} cores, fsync on; ratio: times as fast as one worker",
        "waiting: 1,000 executions of 10 steps, each waiting for an event; CPU as a share of one core while idle",
    )
    table.show("Runtime: a step next to DBOS, Prefect and bare SQLite", rows, notes)
    return rows


def _interleaved(folder: Path) -> tuple[Costs, list[Peer]]:
    """Return what our steps cost, and our peers', from rounds in which they take turns."""
    contestants: dict[str, Callable[[], Costs]] = {
        "ours": lambda: _own("steps", _database(folder), folder),
        "DBOS": lambda: peer_environment.measured("dbos_peer.py", _new(folder), ".", "delete", STEPS, 1),
        "DBOS in WAL": lambda: peer_environment.measured("dbos_peer.py", _new(folder), ".", "wal", STEPS, 1),
        "Prefect": lambda: peer_environment.measured("prefect_peer.py", _new(folder), PREFECT_STEPS),
    }
    found: dict[str, list[Costs]] = defaultdict(list)
    reasons: dict[str, str] = {}
    for number in range(_times(ROUNDS)):
        for name, run in contestants.items():
            if name in reasons or (name == "Prefect" and number >= PREFECT_ROUNDS):
                continue
            try:
                found[name].append(run())
            except UnavailableError as error:
                reasons[name] = str(error)
        sys.stderr.write(f"runtime: round {number + 1} done\n")
    medians = {name: _median(costs) for name, costs in found.items() if name not in reasons}
    peers = [Peer(name, medians.get(name), reasons.get(name, "")) for name in contestants if name != "ours"]
    return medians["ours"], peers


def _median(costs: list[Costs]) -> Costs:
    return {name: statistics.median(each[name] for each in costs) for name in costs[0]}


def _step_rows(ours: Costs, peers: Iterable[Peer]) -> Iterator[Row]:
    for kind, limit in (("chain", CHAIN), ("fan-out", FAN_OUT)):
        for peer in peers:
            what = f"{kind}, to {peer.name}"
            if peer.costs is None:
                yield Row(what, table.quantity(ours[kind], "s"), f"not measured: {peer.reason}")
            else:
                target = PREFECT if peer.name == "Prefect" else limit
                yield table.times_as_fast(what, ours[kind], peer.costs[kind], target)
        yield table.times_as_fast(f"{kind}, to the floor", ours[kind], ours["floor"], None)
        commits = ours[f"{kind} commits"]
        yield Row(
            f"{kind}, commits a step", f"{commits:.2f}", target=f"<= {COMMITS:g}", is_met=round(commits, 1) <= COMMITS
        )


def _attempted(what: str, rows: Callable[[], list[Row]]) -> list[Row]:
    """Return rows, or one that says why there are none."""
    try:
        return rows()
    except (OSError, RuntimeError, TimeoutError, ImportError) as error:
        return [Row(what, f"not measured: {str(error)[:160]}")]


def _over_http(folder: Path) -> list[Row]:
    steps = [
        {"id": f"s{number}", "action": "log", "params": {"message": "hello"}}
        | ({"depends_on": [f"s{number - 1}"]} if number else {})
        for number in range(10)
    ]
    body = json.dumps({"pipeline_definition": {"name": "bench", "steps": steps}, "params": {}}).encode()
    asked = client.request("/executions/run", body)
    with server.serving(_new(folder)) as port:
        taken = [_seconds_of_answer(port, asked) for _ in range(REQUESTS)]
    return [table.within("10 log steps over HTTP, median", statistics.median(taken), HTTP_SECONDS)]


def _seconds_of_answer(port: int, asked: bytes) -> float:
    started = time.perf_counter()
    answer = client.ask(port, asked)
    taken = time.perf_counter() - started
    if answer.status != 201 or json.loads(answer.body)["status"].lower() != "completed":
        raise RuntimeError(f"the execution was answered with {answer.status}: {answer.body[:200]!r}")
    return taken


def _resumption(folder: Path) -> list[Row]:
    seconds = _own("resumption", _database(folder))["seconds"]
    return [table.within("event handed in to next step, median", seconds, RESUME_SECONDS)]


def _workers() -> list[Row]:
    numbers = itertools.count()
    taken: dict[int, list[float]] = defaultdict(list)
    with postgres.server() as url:
        for _ in range(_times(WORKER_ROUNDS)):
            for workers in (1, WORKERS):
                taken[workers].append(postgres.seconds_an_execution(url, f"bench_{next(numbers)}", workers))
    what = f"PostgreSQL, an execution, {WORKERS} workers to one"
    return [table.times_as_fast(what, min(taken[WORKERS]), min(taken[1]), SCALING)]


def _growth(folder: Path) -> list[Row]:
    urls = {number: history.write(folder / f"history-{number}.db", number) for number in (FEW, MANY)}
    taken: dict[int, list[float]] = defaultdict(list)
    for _ in range(_times(FLAT_ROUNDS)):
        for number, url in urls.items():
            taken[number].append(_own("chain", url)["seconds"])
    what = f"a step after {MANY:,} executions, to {FEW:,}"
    return [table.at_most(what, min(taken[MANY]), min(taken[FEW]), GROWTH)]


def _waiting(folder: Path) -> list[Row]:
    found = _own("waiting", _database(folder))
    memory, cpu = found["bytes"], found["cpu"]
    target = f"<= {table.quantity(WAITING_BYTES / 1e6, 'MB')}"
    return [
        Row(
            "10,000 steps waiting, memory",
            table.quantity(memory / 1e6, "MB"),
            target=target,
            is_met=memory <= WAITING_BYTES,
        ),
        Row("10,000 steps waiting, CPU", f"{cpu:.1%}", target=f"<= {IDLE_CPU:.0%}", is_met=cpu <= IDLE_CPU),
    ]


def _own(name: str, *arguments: object) -> Costs:
    """Return what a process of ours measured. Raises RuntimeError with its last line if it fails."""
    command = [sys.executable, "-m", "bench.durable", name, *map(str, arguments)]
    done = subprocess.run(  # noqa: S603
        command, cwd=_ROOT, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RuntimeError(f"bench.durable {name}: {lines[-1] if lines else done.returncode}")
    return dict(json.loads(done.stdout))


def _new(folder: Path) -> Path:
    """Return a new folder."""
    return Path(tempfile.mkdtemp(dir=folder))


def _database(folder: Path) -> str:
    """Return the URL of a new database."""
    return f"sqlite:///{_new(folder)}/bud.db"


def _times(rounds: int) -> int:
    return max(1, round(rounds * float(os.environ.get("BENCH_ROUNDS", "1"))))
