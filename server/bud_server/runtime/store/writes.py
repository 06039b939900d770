"""What a transaction has made of executions and not written yet: each row is written once, whatever befell it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from bud_server.runtime.evolve import Entry
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.store.rows import (
    Statements,
    ending_values,
    entry_values,
    is_same_ending,
    moving_values,
    step_values,
)


class Writes:
    """Rows of executions, steps and the log, put off until somebody looks at them or the transaction ends."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._executions: dict[str, tuple[ExecutionState, ExecutionState, float]] = {}
        self._entries: list[dict[str, Any]] = []
        self._steps: dict[tuple[str, str], StepState] = {}
        self._owners: dict[tuple[str, str], str | None] = {}

    def transition(self, before: ExecutionState, after: ExecutionState, entries: list[Entry], now: float) -> None:
        """Add what became of an execution."""
        first = self._executions.get(after.id, (before,))[0]
        self._executions[after.id] = first, after, now
        sequence = before.sequence
        self._entries += [entry_values(after.id, sequence + number, each) for number, each in enumerate(entries, 1)]

    def step(self, execution_id: str, step_id: str, state: StepState) -> None:
        """Add what became of a step; whoever owns its work keeps it, as long as there is any."""
        self._steps[execution_id, step_id] = state
        if state.work is None:
            self._owners[execution_id, step_id] = None

    def owner(self, execution_id: str, step_id: str, owner: str | None) -> None:
        """Hand a step's work to a worker, or to nobody."""
        self._owners[execution_id, step_id] = owner

    def write(self, connection: Connection) -> None:
        """Write everything."""
        for before, after, now in self._executions.values():
            self._write_execution(connection, before, after, now)
        if self._entries:
            connection.exec_driver_sql(self._statements.append, self._entries)
        if self._steps:
            connection.exec_driver_sql(self._statements.upsert_step, [*self._step_rows()])

    def _step_rows(self) -> Iterator[dict[str, Any]]:
        for place, state in self._steps.items():
            owner = {"owner": self._owners.get(place), "is_handed": place in self._owners}
            yield {**step_values(*place, state), **owner}

    def _write_execution(
        self, connection: Connection, before: ExecutionState, after: ExecutionState, now: float
    ) -> None:
        values = {**moving_values(after), "key": after.id, "revision": before.sequence, "updated_at": now}
        if is_same_ending(before, after):
            updated = connection.exec_driver_sql(self._statements.move_execution, values)
        else:
            updated = connection.exec_driver_sql(self._statements.update_execution, {**values, **ending_values(after)})
        if updated.rowcount != 1:
            raise RuntimeError(f"execution {after.id} changed while it was locked")
