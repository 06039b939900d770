"""Follow one execution by its log, whoever moves it on."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from bud_server.runtime.engine import Happened, RefusedError
from bud_server.runtime.evolve import Entry, evolve
from bud_server.runtime.executions import is_settled
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState, StepState, new_state
from bud_server.runtime.store.rows import entry_of
from bud_server.runtime.store.tables import entries
from bud_server.terminal import words
from bud_server.terminal.interrupts import Interrupts

TICK_SECONDS = 0.2
"""After which the log is looked at again: another process may have added to it."""
_NEWS = (
    select(entries)
    .where(entries.c.execution_id == bindparam("execution_id"), entries.c.sequence > bindparam("after"))
    .order_by(entries.c.sequence)
)


class View(Protocol):
    """Shows how an execution gets on."""

    def show(self, state: ExecutionState, entries: Sequence[Entry], now: float) -> None:
        """Show what is new, if anything is; `state` is what it led to, at the moment `now`."""

    def remark(self, line: str) -> None:
        """Show a line about the execution as a whole."""


class How(Enum):
    """Why following came to its end."""

    ENDED = "ended"
    WAITS = "waits"
    LEFT = "left"


Hints = Callable[[str, StepState], list[str]]
"""Says, in lines, how what a step waits for can come."""


class Follower:
    """Follows until the execution ends, only waits, or is left."""

    def __init__(
        self,
        runtime: Runtime,
        started: ExecutionState,
        view: View,
        interrupts: Interrupts,
        hints: Hints | None,
    ) -> None:
        """Without `hints`, waiting ends it."""
        self.state = new_state(started.id, tuple(started.steps), started.params)
        """Where the execution stands, as far as its log has been read."""
        self.now = 0.0
        """When that was, by the database's clock."""
        self._runtime = runtime
        self._view = view
        self._interrupts = interrupts
        self._hints = hints
        self.is_cancelled_here = False
        """Whether it was asked to end by Ctrl-C."""
        self._is_asked_to_end = False
        self._is_reachable = True
        self._hinted: set[tuple[str, int]] = set()

    def follow(self) -> How:
        """Return why it came to its end."""
        listeners = self._runtime.engine.listeners
        listeners.append(self._happened)
        try:
            while (how := self._step()) is None:
                self._interrupts.pause(TICK_SECONDS)
            return how
        finally:
            listeners.remove(self._happened)

    def _happened(self, happened: Happened) -> None:
        if happened.execution_id == self.state.id:
            self._interrupts.wake()

    def _step(self) -> How | None:
        self._read()
        if self.state.status.is_terminal:
            return How.ENDED
        if self._interrupts.count >= 2:
            return How.LEFT
        if self._interrupts.count == 1 and not self._is_asked_to_end:
            self._cancel()
            return None
        if self.state.sequence and is_settled(self.state):
            if self._hints is None:
                return How.WAITS
            self._hint(self._hints)
        return None

    def _read(self) -> None:
        try:
            with self._runtime.database.read() as on:
                place = {"execution_id": self.state.id, "after": self.state.sequence}
                news = [entry_of(row) for row in on.connection.execute(_NEWS, place)]
                self.now = on.now
        except (SQLAlchemyError, OSError) as error:
            self._unreachable(error)
            return
        self._is_reachable = True
        self.state = evolve(self.state, news)
        self._view.show(self.state, news, self.now)

    def _cancel(self) -> None:
        if not self.is_cancelled_here:
            self._view.remark("cancelling, and cleaning up; Ctrl-C again leaves that to be done later")
        self.is_cancelled_here = True
        try:
            self._runtime.executions.cancel(self.state.id, "Ctrl-C").result()
        except RefusedError:  # it has ended meanwhile, as its log will say
            self._is_asked_to_end = True
        except (SQLAlchemyError, OSError) as error:
            self._unreachable(error)
        else:
            self._is_asked_to_end = True

    def _unreachable(self, error: Exception) -> None:
        if self._is_reachable:
            self._view.remark(f"the database cannot be reached, trying again: {words.one_line(error)}")
        self._is_reachable = False

    def _hint(self, hints: Hints) -> None:
        for step_id, step in self.state.steps.items():
            if step.is_active and (step_id, step.attempt) not in self._hinted:
                self._hinted.add((step_id, step.attempt))
                for line in hints(step_id, step):
                    self._view.remark(line)
