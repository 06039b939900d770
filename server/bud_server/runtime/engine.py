"""Transitions of executions in the database: each one transaction, decided by `decide` and written as it says."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy import bindparam, or_, select
from sqlalchemy.engine import Row

from bud_server.runtime import inputs
from bud_server.runtime.decide import Refusal, Rules, decide
from bud_server.runtime.events import matching
from bud_server.runtime.evolve import Entry
from bud_server.runtime.outbox.box import put
from bud_server.runtime.outbox.notifications import Notification, notifications
from bud_server.runtime.plan import Plan
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import StepStatus, Work
from bud_server.runtime.store.database import Database, Rejection, Transaction
from bud_server.runtime.store.rows import Statements, as_text, load_state
from bud_server.runtime.store.tables import executions, steps, workers
from bud_server.runtime.store.writes import Writes

MOST_KEPT = 2000
"""States kept in memory."""
MOST_AT_ONCE = 100
"""Steps looked at in one transaction."""
_NO_OPTIONS = as_text({})
_QUEUES = ("attempt_queued", "work_queued")


class NotFoundError(Rejection):
    """There is no such execution."""


class RefusedError(Rejection):
    """What was asked does not fit where the execution stands; the message says why."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Work that a worker has taken, with all it needs to know."""

    execution_id: str
    step_id: str
    number: int
    work: Work
    fence: int
    plan: Plan
    state: ExecutionState
    row: Row[Any]
    """The execution's row as it was then; for what never changes: who started it, and how."""
    clock_offset: float
    """Seconds to add to time.monotonic() for the time by the database's clock."""


class LocalWorker(Protocol):
    """The worker of this process, which takes what comes up while it has room."""

    id: str

    def has_room(self, for_more: int) -> bool:
        """Whether it can take that many more. Called from any thread."""
        ...

    def take(self, assignment: Assignment) -> None:
        """Begin. Called from any thread, once the work is its own."""

    def stop(self, execution_id: str, step_id: str, fence: int) -> None:
        """Stop work if it is being done here. Called from any thread."""


class Plans(Protocol):
    """Plans by digest, with what evaluates their expressions."""

    def get(self, on: Transaction, digest: str) -> tuple[Plan, Rules]:
        """Return a plan that executions refer to."""
        ...


@dataclass(frozen=True, slots=True)
class Happened:
    """A transition."""

    execution_id: str
    before: ExecutionState
    after: ExecutionState
    entries: tuple[Entry, ...]
    tells: bool = False
    """Whether something was put into the outbox."""


Loaded = tuple[Row[Any], Plan, Rules, ExecutionState]
"""An execution's row, what it follows, and where it stands."""


class Engine:
    """All that moves executions on."""

    def __init__(self, database: Database, plans: Plans, worker: LocalWorker | None = None) -> None:
        self.database = database
        self.worker = worker
        self.listeners: list[Callable[[Happened], None]] = []
        """Called after each commit, from the thread that committed."""
        self._plans = plans
        self._statements = Statements(database)
        self._kept: OrderedDict[str, Loaded] = OrderedDict()

    # One transition

    def transition(self, on: Transaction, execution_id: str, *asked: inputs.Input) -> Happened:
        """Decide about inputs and write what follows. Raises Rejection, having written nothing."""
        row, plan, rules, state = self._load(on, execution_id)
        change = _Change(self, on, row, plan, rules, state)
        try:
            for each in asked:
                change.decide(each)
        except Refusal as refusal:
            raise RefusedError(str(refusal)) from refusal
        return change.write()

    def _load(self, on: Transaction, execution_id: str) -> Loaded:
        """Lock an execution and return where it stands. Raises NotFoundError."""
        known = on.written.get(execution_id)
        if known is not None:
            return cast(Loaded, known)
        kept = self._kept.get(execution_id)
        if kept is not None:
            sequence = on.session.exec_driver_sql(self._statements.lock_sequence, {"id": execution_id}).scalar()
            if sequence == kept[3].sequence:
                return kept
        row = on.session.execute(self._statements.lock, {"id": execution_id}).first()
        if row is None:
            raise NotFoundError(f"Execution {execution_id} not found")
        plan, rules = self._plans.get(on, row.plan)
        return row, plan, rules, load_state(on.session, row, plan.steps)

    def put_off(self, on: Transaction) -> Writes:
        """Return what collects the rows that a transaction changes."""
        if not isinstance(on.put_off, Writes):
            on.put_off = Writes(self._statements)
        return on.put_off

    def state(self, on: Transaction, execution_id: str) -> ExecutionState:
        """Return the state of an execution. Raises NotFoundError."""
        return self._load(on, execution_id)[3]

    def known_state(self, execution_id: str) -> ExecutionState | None:
        """Return the latest state that this process knows of an execution under way; None if it knows none."""
        kept = self._kept.get(execution_id)
        return None if kept is None else kept[3]

    def keep(self, loaded: Loaded) -> None:
        """Remember where an execution stands, which is committed."""
        state = loaded[3]
        if state.status.is_terminal:
            self._kept.pop(state.id, None)
            return
        self._kept[state.id] = loaded
        self._kept.move_to_end(state.id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    # Work, time and loss

    def claim(self, on: Transaction, most: int) -> int:
        """Take work that nobody has taken, for the worker of this process; return how much."""
        found = on.connection.execute(self._with_lock(_UNCLAIMED), {"most": min(most, MOST_AT_ONCE)}).all()
        taken = 0
        for found_step in found:
            execution_id, step_id = found_step.execution_id, found_step.step_id
            row, plan, rules, state = self._load(on, execution_id)
            if self.database.is_alone or self._is_unclaimed(on, execution_id, step_id):
                change = _Change(self, on, row, plan, rules, state)
                taken += change.claim(step_id)
                change.write()
        return taken

    def _is_unclaimed(self, on: Transaction, execution_id: str, step_id: str) -> bool:
        """Whether a step's work is still free now that its execution is locked, and not only when it was found."""
        owner = on.connection.execute(_OWNER, {"execution_id": execution_id, "step_id": step_id}).scalar_one()
        return owner is None

    def fire_due(self, on: Transaction) -> float | None:
        """Move on what time alone moves; return when to look again, or None if nothing waits for a moment."""
        moment = {"now": on.now, "most": MOST_AT_ONCE}
        due_steps = on.connection.execute(self._with_lock(_DUE_STEPS), moment).all()
        for due in due_steps:
            self.transition(on, due.execution_id, inputs.StepDue(due.step_id))
        due_executions = on.connection.execute(_DUE_EXECUTIONS, moment).scalars().all()
        for execution_id in due_executions:
            self.transition(on, execution_id, inputs.ExecutionDue())
        if len(due_steps) == MOST_AT_ONCE or len(due_executions) == MOST_AT_ONCE:
            return on.now
        moments = on.connection.execute(_NEXT_STEP).scalar(), on.connection.execute(_NEXT_EXECUTION).scalar()
        return min((moment for moment in moments if moment is not None), default=None)

    def take_over(self, on: Transaction, gone: Iterable[str] = ()) -> int:
        """Free the work of workers whose lease has run out, or that are known to be gone; return how much it was."""
        on.connection.execute(_FORGET_WORKERS, {"now": on.now, "gone": list(gone)})
        found = on.connection.execute(self._with_lock(_ORPHANED), {"most": MOST_AT_ONCE}).all()
        for orphan in found:
            self.transition(on, orphan.execution_id, inputs.WorkerLost(orphan.step_id, orphan.fence))
        return len(found)

    def _with_lock(self, statement: Any) -> Any:
        """Skip executions about which somebody else is deciding just now."""
        return statement.with_for_update(skip_locked=True, of=executions)


class _Change:
    """What one transaction does to one execution."""

    def __init__(
        self, engine: Engine, on: Transaction, row: Row[Any], plan: Plan, rules: Rules, state: ExecutionState
    ) -> None:
        self.engine, self.on, self.row = engine, on, row
        self.plan, self.rules = plan, rules
        self.before = self.state = state
        self.entries: list[Entry] = []
        self.claimed: dict[str, StepState] = {}
        self.queued: set[str] = set()

    def decide(self, asked: inputs.Input) -> None:
        """Add what follows from an input, and from what is found on the way."""
        self.on.points.append(type(asked).__name__)
        decided = decide(self.plan, self.state, asked, self.on.now, self.rules)
        self.entries += decided.entries
        self.state = decided.after
        for entry in decided.entries:
            if entry.kind in _QUEUES and entry.step is not None:
                self.queued.add(entry.step)
            elif entry.kind == "attempt_waiting" and entry.step is not None:
                self._wait(entry.step)
        if isinstance(asked, inputs.EventIgnored | inputs.EventFailed):
            self._look_for_event(asked.step)

    def _wait(self, step_id: str) -> None:
        step = self.state.steps[step_id]
        place = self.state.id, step_id, step.attempt
        if matching.wait_for(self.engine.database, self.on, *place, step.keys):
            self.decide(inputs.EventArrived(step_id, step.attempt))

    def _look_for_event(self, step_id: str) -> None:
        step = self.state.steps[step_id]
        is_free = step.status is StepStatus.WAITING and step.work is None and step.event_retry_at is None
        if is_free and matching.next_event(self.on.connection, self.state.id, step_id, step.attempt):
            self.decide(inputs.EventArrived(step_id, step.attempt))

    def claim(self, step_id: str) -> bool:
        """Take a step's work for the worker of this process; return whether there is any."""
        worker = self.engine.worker
        step = self.state.steps[step_id]
        if worker is None or step.work is None:
            return False
        if step.work in (Work.EXECUTE, Work.RECOVER):
            self.decide(inputs.AttemptStarted(step_id, step.fence, worker.id))
        self.claimed[step_id] = self.state.steps[step_id]
        return True

    def write(self) -> Happened:
        """Write everything; what must follow only from a commit is done after it."""
        worker = self.engine.worker
        for step_id in sorted(self.queued, key=lambda each: self.plan.steps[each].position):
            if worker is not None and worker.has_room(len(self.claimed) + 1):
                self.claim(step_id)
        told = [] if self.row.options == _NO_OPTIONS else list(self._notifications())
        happened = Happened(self.state.id, self.before, self.state, tuple(self.entries), bool(told))
        if self.entries or self.claimed:
            self._write_rows()
            put(self.on, told)
            self.on.written[self.state.id] = self.row, self.plan, self.rules, self.state
            self.on.after.append(lambda: self._committed(happened))
        return happened

    def _notifications(self) -> Iterator[Notification]:
        return notifications(json.loads(self.row.options), self.plan, self.state, self.entries)

    def _write_rows(self) -> None:
        writes = self.engine.put_off(self.on)
        if self.entries:
            writes.transition(self.before, self.state, self.entries, self.on.now)
        for step_id in self._touched():
            writes.step(self.state.id, step_id, self.state.steps[step_id])
            if step_id in self.queued or step_id in self.claimed:
                owner = self.engine.worker.id if self.engine.worker and step_id in self.claimed else None
                writes.owner(self.state.id, step_id, owner)
        for step_id in self._touched():
            was = self.before.steps[step_id].status is StepStatus.WAITING
            if was and self.state.steps[step_id].status is not StepStatus.WAITING:
                matching.stop_waiting(self.on, self.state.id, step_id)

    def _touched(self) -> list[str]:
        """Return the steps that are not as they were."""
        named = {entry.step for entry in self.entries if entry.step is not None} | self.claimed.keys()
        for entry in self.entries:
            named.update(entry.data.get("steps", ()))
        before, after = self.before.steps, self.state.steps
        return [step for step in named if before[step] is not after[step] or step in self.claimed]

    def _committed(self, happened: Happened) -> None:
        self.engine.keep((self.row, self.plan, self.rules, self.state))
        worker = self.engine.worker
        if worker is not None:
            for step_id, step in self.state.steps.items() if self._stops() else ():
                if step.stop is not None:
                    worker.stop(self.state.id, step_id, step.fence)
            self._hand_over(worker)
        for listener in self.engine.listeners:
            listener(happened)

    def _stops(self) -> bool:
        return any(entry.kind == "attempt_stopping" for entry in self.entries)

    def _hand_over(self, worker: LocalWorker) -> None:
        clock_offset = self.on.now - self.on.read_at
        for step_id, step in self.claimed.items():
            if step.work is not None:
                place = self.state.id, step_id, step.attempt, step.work
                worker.take(Assignment(*place, step.fence, self.plan, self.state, self.row, clock_offset))


_IN_EXECUTION = steps.join(executions, executions.c.id == steps.c.execution_id)
_UNCLAIMED = (
    select(steps.c.execution_id, steps.c.step_id)
    .select_from(_IN_EXECUTION)
    .where(steps.c.work.is_not(None), steps.c.owner.is_(None))
    .order_by(steps.c.execution_id)
    .limit(bindparam("most"))
)
_OWNER = select(steps.c.owner).where(
    steps.c.execution_id == bindparam("execution_id"), steps.c.step_id == bindparam("step_id")
)
_DUE_STEPS = (
    select(steps.c.execution_id, steps.c.step_id)
    .select_from(_IN_EXECUTION)
    .where(steps.c.due_at <= bindparam("now"))
    .order_by(steps.c.due_at)
    .limit(bindparam("most"))
)
_DUE_EXECUTIONS = (
    select(executions.c.id)
    .where(executions.c.due_at <= bindparam("now"))
    .order_by(executions.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT_STEP = select(steps.c.due_at).where(steps.c.due_at.is_not(None)).order_by(steps.c.due_at).limit(1)
_NEXT_EXECUTION = (
    select(executions.c.due_at).where(executions.c.due_at.is_not(None)).order_by(executions.c.due_at).limit(1)
)
_FORGET_WORKERS = workers.delete().where(
    or_(workers.c.lease_until < bindparam("now"), workers.c.id.in_(bindparam("gone", expanding=True)))
)
_ORPHANED = (
    select(steps.c.execution_id, steps.c.step_id, steps.c.fence)
    .select_from(_IN_EXECUTION)
    .where(
        steps.c.work.is_not(None),
        steps.c.owner.is_not(None),
        steps.c.owner.not_in(select(workers.c.id)),
    )
    .limit(bindparam("most"))
)
