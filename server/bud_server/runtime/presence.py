"""Which workers are alive: by their lease, and on the same machine by their process."""

import contextlib
import os
import socket
import threading
from pathlib import Path

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from bud_server.runtime import inputs
from bud_server.runtime.engine import Engine
from bud_server.runtime.events.inbox import Inbox
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.tables import steps, workers
from bud_server.runtime.worker import Worker

_log = structlog.get_logger("bud_server.worker")
_EXTEND = update(workers).where(workers.c.id == bindparam("worker")).values(lease_until=bindparam("until"))
_OWN = select(steps.c.execution_id, steps.c.step_id, steps.c.fence, steps.c.stop).where(
    steps.c.owner == bindparam("worker"), steps.c.work.is_not(None)
)
_OTHERS = select(workers.c.id, workers.c.about).where(workers.c.id != bindparam("worker"))


class Presence:
    """Keeps a worker's lease, and takes over the work of those that let theirs run out.

    It has a thread of its own, which neither a busy loop nor a busy executor keeps from running.
    """

    def __init__(self, engine: Engine, inbox: Inbox, worker: Worker, lease_seconds: float) -> None:
        self._engine = engine
        self._inbox = inbox
        self._worker = worker
        self._lease = lease_seconds
        self._idle: set[tuple[str, str, int]] = set()
        """Work of its own with which the worker was not busy at the last look: handed over by now, if ever."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bud-presence", daemon=True)

    def start(self) -> None:
        """Announce the worker, free what dead ones held, and go on doing so."""
        self._engine.database.write(self._announce).result()
        self._engine.database.write(self._look).result()
        self._thread.start()

    def close(self) -> None:
        """Withdraw the worker."""
        self._stopped.set()
        self._thread.join()
        with contextlib.suppress(SQLAlchemyError):
            self._engine.database.write(lambda on: self._engine.take_over(on, [self._worker.id])).result()

    def _run(self) -> None:
        while not self._stopped.wait(min(1.0, self._lease / 3)):
            try:
                self._engine.database.write(self._look).result()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("lease_not_extended", worker=self._worker.id, error=str(error))
            except Exception as error:
                _log.error("lease_not_extended", worker=self._worker.id, exc_info=error)

    def _announce(self, on: Transaction) -> None:
        insert = self._engine.database.insert(workers).on_conflict_do_nothing()
        about = process_text()
        values = {"id": self._worker.id, "started_at": on.now, "lease_until": on.now + self._lease, "about": about}
        on.connection.execute(insert, values)

    def _look(self, on: Transaction) -> None:
        """Extend the lease, stop what is to be stopped, take over and claim."""
        extended = on.connection.execute(_EXTEND, {"worker": self._worker.id, "until": on.now + self._lease})
        if extended.rowcount == 0:
            self._announce(on)
        self._look_at_own(on)
        others = on.connection.execute(_OTHERS, {"worker": self._worker.id}).all()
        gone = [other.id for other in others if is_gone(other.about)]
        self._engine.take_over(on, gone)
        self._inbox.sweep(on)
        self._worker.claim(on)

    def _look_at_own(self, on: Transaction) -> None:
        """Stop what is to be stopped, and free what the worker never heard of, as the commit was not confirmed."""
        idle = set()
        for row in on.connection.execute(_OWN, {"worker": self._worker.id}).all():
            work = (row.execution_id, row.step_id, row.fence)
            if not self._worker.is_busy_with(*work):
                idle.add(work)
            elif row.stop is not None:
                self._worker.stop(*work)
        for execution_id, step_id, fence in sorted(idle & self._idle):
            has_begun = self._worker.has_heard_of(execution_id, step_id, fence)
            self._engine.transition(on, execution_id, inputs.WorkerLost(step_id, fence, has_begun))
        on.after.append(lambda: setattr(self, "_idle", idle))


def process_text() -> str:
    """Return what tells this process from all others, on this machine and elsewhere."""
    return " ".join((_machine(), str(os.getpid()), _start_of(os.getpid()) or "unknown"))


def is_gone(about: str) -> bool:
    """Whether a process is known to have ended; one on another machine never is."""
    machine, pid, started = about.rsplit(" ", 2)
    return machine == _machine() and started != "unknown" and _start_of(int(pid)) != started


def _machine() -> str:
    """Return what tells this machine, or container, from others."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot, space = "unknown", "unknown"
    return f"{socket.gethostname()} {boot} {space}"


def _start_of(pid: int) -> str | None:
    """Return when a process began, in ticks since the machine did; None if there is none, or that cannot be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]
