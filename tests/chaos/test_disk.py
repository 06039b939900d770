"""A disk that is full, until somebody makes room."""

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.events.inbox import Event
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.runtime.store.tables import events, executions
from bud_server.settings import Settings
from tests.chaos import actions, ledger, oracle
from tests.chaos.driver import step
from tests.chaos.fleet import processes
from tests.chaos.test_events import World, wait

SIZE = 16 * 1024 * 1024
NEW_MOUNTS, NEW_USER, PRIVATE = 0x00020000, 0x10000000, 0x40000 | 0x4000
_libc = ctypes.CDLL(None, use_errno=True)


def mount(folder: Path) -> bool:
    """Mount a small disk that this process alone sees; return whether the machine allows that."""
    flags = NEW_MOUNTS if os.geteuid() == 0 else NEW_MOUNTS | NEW_USER
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(flags) != 0:
        return False
    if flags & NEW_USER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    if _libc.mount(None, b"/", None, PRIVATE, None) != 0:
        return False
    return bool(_libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={SIZE}".encode()) == 0)


def fill_disk(folder: Path) -> Callable[[], None]:
    """Leave no room on a disk; return what makes room again."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler.unlink


def limit_files(folder: Path) -> Callable[[], None]:
    """Let no file of this process grow; return what lets them grow again."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    largest = max(each.stat().st_size for each in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def run(folder: Path, effects: Path, is_mounted: bool) -> None:
    """Have executions run into a full disk, and on when there is room again."""
    os.environ[ledger.VARIABLE] = str(effects)
    fill = fill_disk if is_mounted and mount(folder) else limit_files
    catalog = actions.catalog()
    settings = Settings(database=f"sqlite:///{folder}/bud.db", shutdown_seconds=1)
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        world = World(runtime, effects)
        waiting = world.start(wait("wait", "kept"))
        world.until(waiting, StepStatus.WAITING, step_id="wait")
        running = world.start(step("slow", "effect", params={"seconds": 1}), step("last", "effect", "slow"))
        world.until(running, StepStatus.RUNNING, step_id="slow")
        make_room = fill(folder)

        known = _start_until_refused(runtime) | {waiting, running}
        kept = _say_until_refused(runtime)
        time.sleep(2)
        assert known == _ids(runtime), "what was refused is not there, and what was acknowledged is"
        assert kept == _events(runtime)

        make_room()
        for execution in known - {waiting}:
            world.until(execution, ExecutionStatus.COMPLETED)
        world.say("done", "kept")
        world.until(waiting, ExecutionStatus.COMPLETED)
        of_running = [effect for effect in ledger.read(effects) if effect.key == f"{running}/slow"]
        assert [effect.attempt for effect in of_running] == [1], "its result was kept meanwhile"
        world.until(world.start(step("new", "effect")), ExecutionStatus.COMPLETED)
        oracle.check(runtime.database, ledger.read(effects))


def _start_until_refused(runtime: Runtime) -> set[str]:
    """Start executions until one is refused; return those that were not."""
    document = {"name": "large", "steps": [step("first", "effect", params={"value": "x" * 50_000})]}
    found: set[str] = set()
    for number in range(2000):
        reading = read_pipeline({**document, "description": str(number)})
        assert reading.pipeline is not None
        asked = Request(pipeline=reading.pipeline, params={}, subject=ANYONE)
        try:
            found.add(runtime.executions.start(asked).result().id)
        except OperationalError:
            return found
    raise AssertionError("the disk is not full")


def _say_until_refused(runtime: Runtime) -> set[str]:
    """Send events for the waiting step until one is refused; return those that were not."""
    found: set[str] = set()
    for number in range(2000):
        event = Event("disk", str(number), "test", {"say": "noise", "text": "x" * 50_000}, ("kept",))
        try:
            runtime.inbox.receive(event).result()
        except OperationalError:
            return found
        found.add(str(number))
    raise AssertionError("the disk is not full")


def _ids(runtime: Runtime) -> set[str]:
    with runtime.database.read() as on:
        return set(on.connection.execute(select(executions.c.id)).scalars())


def _events(runtime: Runtime) -> set[str]:
    with runtime.database.read() as on:
        return set(on.connection.execute(select(events.c.event_id)).scalars())


@pytest.mark.parametrize("is_mounted", [True, False], ids=["full disk", "files that may not grow"])
def test_what_is_acknowledged_on_a_full_disk_is_kept_and_the_rest_is_refused(is_mounted: bool, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    process = processes.Process(target=run, args=(folder, tmp_path / "ledger", is_mounted))
    process.start()
    process.join(90)
    if process.exitcode is None:
        process.kill()

    assert process.exitcode == 0, "the child says why"
