"""Fires what is due: sleeps until the next moment, or until an earlier one becomes known."""

import threading
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bud_server.runtime.engine import Engine, Happened

LONGEST_SLEEP = 1.0
"""Seconds after which it looks again, as other processes may have set an earlier moment."""
_log = structlog.get_logger("bud_server.ticker")


class Ticker:
    """One thread per process; any number of processes may have one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wake = threading.Event()
        self._is_closing = False
        self._next: float | None = None
        self._thread = threading.Thread(target=self._run, name="bud-ticker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._engine.listeners.append(self._happened)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()

    def _happened(self, happened: Happened) -> None:
        """Look again soon if something is due before the moment slept for."""
        touched = {entry.step for entry in happened.entries if entry.step is not None}
        moments = [happened.after.steps[step].due_at for step in touched]
        earliest = min((moment for moment in moments if moment is not None), default=None)
        if earliest is not None and (self._next is None or earliest < self._next):
            self._next = earliest
            self._wake.set()

    def _run(self) -> None:
        while not self._is_closing:
            started = time.monotonic()
            try:
                now, self._next = self._engine.database.write(lambda on: (on.now, self._engine.fire_due(on))).result()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("timers_delayed", error=str(error))
                self._wake.wait(LONGEST_SLEEP)
                continue
            except Exception as error:
                _log.error("timers_delayed", exc_info=error)
                self._wake.wait(LONGEST_SLEEP)
                continue
            self._wake.clear()
            sleep = LONGEST_SLEEP if self._next is None else self._next - now - (time.monotonic() - started)
            if sleep > 0 and not self._is_closing:
                self._wake.wait(min(LONGEST_SLEEP, sleep))
