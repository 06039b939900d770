"""Plays a program to its end: tells `decide` and the reference the same, and compares them after every input."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast

from sqlalchemy.engine import Row

from bud_server.runtime import inputs
from bud_server.runtime.decide import Refusal, decide
from bud_server.runtime.evolve import Entry, evolve
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.state import ExecutionState, StepState, new_state
from bud_server.runtime.status import StepStatus, Work
from bud_server.runtime.store.rows import entry_of, entry_values, execution_values, step_state, step_values
from tests.runtime.drawn import Program
from tests.runtime.reference import JITTER, Reference, RefusedError, Step, holds, outputs_of

MOST_MOVES = 5000
QUIET = 90
"""How often, beside the number of faults, nothing out of the ordinary happens."""
BEGINNING = 1_000_000.0
ATTEMPTS = (Work.EXECUTE, Work.RECOVER)


class DrawnRules:
    """What the conditions and outputs of drawn plans say."""

    def holds(self, step: PlannedStep, state: ExecutionState) -> bool:
        return holds(step.condition, {step_id: each.status for step_id, each in state.steps.items()})

    def outputs(self, plan: Plan, state: ExecutionState) -> dict[str, Any]:
        return outputs_of(plan, {step_id: each.status for step_id, each in state.steps.items()})


class Given(NamedTuple):
    """Work that a worker has taken."""

    step: str
    fence: int
    work: Work


class SeenStep(NamedTuple):
    """What can be seen of a step."""

    status: StepStatus
    is_under_way: bool
    attempt: int
    tries: int
    losses: int
    work: Work | None
    fence: int
    stop: str | None
    outputs: object
    code: str | None
    reason: str | None
    keys: tuple[str, ...]
    progress: object
    moments: tuple[float | None, ...]
    due_at: float | None


def seen(step: StepState) -> SeenStep:
    moments = (step.step_deadline, step.attempt_deadline, step.wake_at, step.event_retry_at, step.abandon_at)
    code = None if step.error is None else step.error["code"]
    return SeenStep(
        step.status, step.is_active, step.attempt, step.tries, step.losses, step.work, step.fence, step.stop,
        step.outputs, code, step.reason, step.keys, step.progress, (*moments, step.retry_at), step.due_at,
    )  # fmt: skip


def expected(step: Step) -> SeenStep:
    moments = (step.step_deadline, step.attempt_deadline, step.wake_at, step.event_retry_at, step.abandon_at)
    return SeenStep(
        step.status, step.is_under_way, step.attempt, step.tries, step.losses, step.work, step.fence, step.stop,
        step.outputs, step.code, step.reason, step.keys, step.progress, (*moments, step.retry_at), step.due_at,
    )  # fmt: skip


@dataclass
class Player:
    """One execution of a program, in both interpreters."""

    program: Program
    now: float = BEGINNING
    entries: list[Entry] = field(default_factory=list)
    told: list[tuple[float, inputs.Input]] = field(default_factory=list)
    decided: list[tuple[Entry, ...] | None] = field(default_factory=list)
    """For each input; None if it was refused."""
    taken: dict[str, Given] = field(default_factory=dict)
    former: list[Given] = field(default_factory=list)
    """Work that was taken once, and may still be reported about."""

    def __post_init__(self) -> None:
        self.plan = self.program.plan
        self.rules = DrawnRules()
        self.state = new_state("drawn", tuple(self.plan.steps), {"old": True})
        self.reference = Reference(self.plan, {"old": True})
        self.choices = iter(self.program.choices)
        self.is_calm = False
        self.completed: set[str] = set()

    # Telling

    def tell(self, asked: inputs.Input) -> tuple[Entry, ...] | None:
        """Tell both, compare them, and return what was decided; None if it was refused."""
        self.told.append((self.now, asked))
        decided = self._decided(asked)
        self.decided.append(decided)
        is_refused = self._tell_reference(asked)
        assert is_refused == (decided is None), f"refused by one only: {asked}"
        before = self.state
        if decided is not None:
            self.state = evolve(self.state, decided)
            self.entries += decided
        self._adopt_jitter()
        self._compare(before)
        self._check(before, decided or ())
        return decided

    def _decided(self, asked: inputs.Input) -> tuple[Entry, ...] | None:
        try:
            decided, after = decide(self.plan, self.state, asked, self.now, self.rules)
        except Refusal:
            return None
        assert after == evolve(self.state, decided), "the log says something else than the state"
        return decided

    def _tell_reference(self, asked: inputs.Input) -> bool:
        try:
            self.reference.tell(asked, self.now)
        except RefusedError:
            return True
        return False

    def _adopt_jitter(self) -> None:
        for step_id, step in self.reference.steps.items():
            retry_at = self.state.steps[step_id].retry_at
            if step.retry_after is not None and step.retry_at is None and retry_at is not None:
                assert abs(retry_at - self.now - step.retry_after) <= JITTER * step.retry_after + 1e-6
                step.retry_at = retry_at

    def _compare(self, before: ExecutionState) -> None:
        reference, state = self.reference, self.state
        for step_id, step in reference.steps.items():
            wanted, found = expected(step), seen(state.steps[step_id])
            assert found == wanted, (step_id, {
                name: (a, b) for name, a, b in zip(SeenStep._fields, found, wanted, strict=True) if a != b
            })  # fmt: skip
        code = None if state.error is None else state.error["code"]
        found_all = (state.status, state.ending, state.outputs, code, state.ready, state.deadline, state.params)
        wanted_all = (
            reference.status, reference.ending, reference.outputs, reference.code, tuple(reference.ready),
            reference.deadline, reference.params,
        )  # fmt: skip
        assert found_all == wanted_all, (found_all, wanted_all)
        assert state.active == len(reference.under_way())
        assert state.unfinished == sum(not step.status.is_terminal for step in reference.steps.values())

    # Invariants

    def _check(self, before: ExecutionState, decided: tuple[Entry, ...]) -> None:
        assert self.state.sequence == before.sequence + len(decided) == len(self.entries)
        assert self.state.active <= self.plan.most_parallel
        for entry in decided:
            if entry.kind == "attempt_queued":
                self._check_attempt(entry)
            elif entry.kind == "step_completed" and entry.step is not None:
                self.completed.add(entry.step)
        for step_id, step in self.state.steps.items():
            if step is not before.steps[step_id]:
                assert _read_back(step_id, step) == step
        if self.state.status.is_terminal:
            self._check_ended()

    def _check_attempt(self, entry: Entry) -> None:
        planned = self.plan.steps[entry.step or ""]
        assert entry.step not in self.completed, "a completed step is attempted again"
        states = self.reference.steps
        assert all(states[each].status.is_terminal for each in planned.depends_on)
        assert holds(planned.condition, {step_id: step.status for step_id, step in states.items()})

    def _check_ended(self) -> None:
        kinds = [entry.kind for entry in self.entries]
        ended, retried = kinds.count("execution_ended"), kinds.count("execution_retried")
        assert ended == retried + 1, "an execution ends once"
        assert self.state.active == self.state.unfinished == 0
        assert self.state.due_at is None
        assert not self.state.ready
        for step in self.state.steps.values():
            assert (step.due_at, step.work, step.keys, step.stop, step.is_active) == (None, None, (), None, False)

    def check_replay(self) -> None:
        """The same inputs are decided in the same way; the log, read back from its rows, says the same as the state."""
        state = new_state("drawn", tuple(self.plan.steps), {"old": True})
        for (now, asked), decided in zip(self.told, self.decided, strict=True):
            if decided is not None:
                assert decide(self.plan, state, asked, now, self.rules).entries == decided
                state = evolve(state, decided)
        again = [_entry_read_back(number, entry) for number, entry in enumerate(self.entries, 1)]
        replayed = evolve(new_state("drawn", tuple(self.plan.steps), {"old": True}), again)
        assert replayed == self.state
        assert execution_values(replayed) == execution_values(self.state)

    # Playing

    def choose(self, below: int) -> int:
        """Return the next number of the program; 0 once there are none left."""
        drawn = next(self.choices, None)
        if drawn is None:
            self.is_calm = True
            return 0
        return drawn % below

    def play(self) -> "Player":
        """Play to the end."""
        self.tell(inputs.Start())
        for _ in range(MOST_MOVES):
            if self.state.status.is_terminal and self.is_calm:
                self.check_replay()
                return self
            if self.is_calm or not self._disturb(self.choose(QUIET + len(FAULTS))):
                self._go_on()
        raise AssertionError(f"it does not end: {self.state}")

    def _go_on(self) -> None:
        """Do something that is to be expected: what comes first, once there are no choices left."""
        takes = [partial(self.take, given) for given in self.queued()]
        answers = [partial(self._answer, given) for given in self.current()]
        events = [partial(self._event, step_id) for step_id in self._waiting()]
        moves: list[Callable[[], None]] = [
            *takes,
            *answers,
            *takes,
            *answers,
            *([] if self.is_calm else events),
            self._let_time_pass,
        ]
        moves[self.choose(len(moves))]()

    def _event(self, step_id: str) -> None:
        self.tell(inputs.EventArrived(step_id, self.state.steps[step_id].attempt))

    def queued(self) -> list[Given]:
        """Return the work that no worker has taken."""
        works = [(step_id, step) for step_id, step in self.state.steps.items() if step.work is not None]
        all_work = [Given(step_id, step.fence, cast(Work, step.work)) for step_id, step in works]
        return [given for given in all_work if self.taken.get(given.step) != given]

    def current(self) -> list[Given]:
        """Return the work that workers have taken and not yet reported about."""
        return [
            given
            for given in self.taken.values()
            if (self.state.steps[given.step].fence, self.state.steps[given.step].work) == (given.fence, given.work)
        ]

    def _waiting(self) -> list[str]:
        return [
            step_id
            for step_id, step in self.state.steps.items()
            if step.status is StepStatus.WAITING and step.work is None
        ]

    def take(self, given: Given) -> None:
        """Let a worker have work."""
        self.taken[given.step] = given
        self.former.append(given)
        if given.work in ATTEMPTS:
            self.tell(_started(given))
            if not self.is_calm and self.choose(9) == 8:
                assert self.tell(_started(given)) == (), "an attempt started twice"

    def _let_time_pass(self) -> None:
        """Go to the next moment for which anything waits."""
        moments = [(step.due_at, step_id) for step_id, step in self.state.steps.items() if step.due_at is not None]
        due_at, step_id = min(moments, default=(None, ""))
        if self.state.deadline is not None and (due_at is None or self.state.deadline <= due_at):
            self.now = max(self.now, self.state.deadline)
            self.tell(inputs.ExecutionDue())
            return
        assert due_at is not None, "nothing can move it on"
        self.now = max(self.now, due_at)
        assert self.tell(inputs.StepDue(step_id)), "a moment came and changed nothing"

    # What workers answer

    def _answer(self, given: Given) -> None:
        answers = list(self._answers(given, self.state.steps[given.step].stop is not None))
        self.tell(answers[self.choose(len(answers))](given))

    def _answers(self, given: Given, is_stopping: bool) -> Iterator[Callable[[Given], inputs.Input]]:
        if given.work is Work.CLEANUP:
            yield from (_stopped, _stopped, _lost)
            return
        if is_stopping or given.work is Work.POLL:
            yield from (_stopped, _stopped)
        yield from (self._success, self._success, self._failure, self._failure, self._report, _lost)
        if given.work in ATTEMPTS:
            yield from (self._wait, self._wait, self._wait)
            yield from (_lost,) * (3 if given.work is Work.RECOVER else 1)
        elif given.work in (Work.EVENT, Work.WAKE):
            yield from (self._ignored, self._ignored, self._event_failed)

    def _report(self, given: Given) -> inputs.Input:
        items = (("log", {"text": "x"}), ("progress", {"current": self.choose(9)}), ("metrics", {"x": 1}))
        return inputs.Reported(given.step, given.fence, items)

    def _ignored(self, given: Given) -> inputs.Input:
        return inputs.EventIgnored(given.step, given.fence, "e", {"current": 1} if self.choose(2) else None)

    def _event_failed(self, given: Given) -> inputs.Input:
        retry_at = self.now + 2.0 if self.choose(2) else None
        return inputs.EventFailed(given.step, given.fence, "e", {"code": "event", "message": ""}, retry_at)

    def _success(self, given: Given) -> inputs.Input:
        skips = (f"s{self.choose(30)}", f"s{self.choose(30)}") if self.choose(4) == 3 else ()
        return inputs.AttemptSucceeded(given.step, given.fence, {"by": given.fence}, skips)

    def _failure(self, given: Given) -> inputs.Input:
        code = "uncertain" if given.work is Work.RECOVER and self.choose(2) else "failed"
        is_final = code == "uncertain" or self.choose(4) == 3
        outputs = {"left": given.fence} if self.choose(2) else {}
        had_effect = bool(self.choose(3))
        return inputs.AttemptFailed(
            given.step, given.fence, {"code": code, "message": ""}, outputs, had_effect=had_effect, is_final=is_final
        )

    def _wait(self, given: Given) -> inputs.Input:
        seconds = (None, 3.0, 50.0)[self.choose(3)]
        wake_at = (None, self.now + 1.0, self.now + 60.0)[self.choose(3)]
        keys = (f"key {given.fence}", "other")
        return inputs.AttemptWaiting(given.step, given.fence, keys, {"begun": given.fence}, seconds, wake_at)

    # Faults, and what people ask

    def _disturb(self, drawn: int) -> bool:
        """Let something happen that is out of the ordinary; return whether anything was drawn."""
        if drawn < QUIET:
            return self.state.status.is_terminal and self._try_again()
        FAULTS[drawn - QUIET](self)
        return True

    def _cancel(self) -> None:
        self.tell(inputs.CancelRequested("somebody"))

    def _retry(self) -> None:
        self.tell(inputs.RetryRequested("somebody", {"new": True} if self.choose(2) else None))

    def _early_end(self) -> None:
        self.tell(inputs.ExecutionDue())

    def _try_again(self) -> bool:
        """Retry an execution that has ended while there is more to play."""
        self._resolve() if self.choose(3) == 0 else self._retry()
        return True

    def _start_again(self) -> None:
        assert self.tell(inputs.Start()) == ()

    def _step(self) -> str:
        return f"s{self.choose(len(self.plan.steps))}"

    def _early(self) -> None:
        self.tell(inputs.StepDue(self._step()))

    def _stray_event(self) -> None:
        step_id = self._step()
        self.tell(inputs.EventArrived(step_id, max(0, self.state.steps[step_id].attempt - self.choose(2))))

    def _pass_some_time(self) -> None:
        self.now += (0.1, 3.0, 30.0)[self.choose(3)]

    def _late_time(self) -> None:
        if not self.state.status.is_terminal:
            self._let_time_pass()

    def _resolve(self) -> None:
        uncertain = [step_id for step_id, step in self.reference.steps.items() if step.code == "uncertain"]
        step_id = uncertain[0] if uncertain else self._step()
        outcome = ("completed", "failed", "retry")[self.choose(3)]
        self.tell(inputs.StepResolved(step_id, "somebody", outcome, {"found": True}))

    def _stale(self) -> None:
        """Let a worker report what it no longer has, or report twice."""
        gone = [given for given in self.former if given not in self.current()]
        if not gone:
            return
        given = gone[self.choose(len(gone))]
        answers = [*self._answers(given, is_stopping=True), _started]
        assert self.tell(answers[self.choose(len(answers))](given)) == (), "a stale report changed something"


FAULTS: tuple[Callable[[Player], None], ...] = (
    Player._cancel,
    Player._retry,
    Player._early,
    Player._early_end,
    Player._start_again,
    Player._stray_event,
    Player._stray_event,
    Player._pass_some_time,
    Player._pass_some_time,
    Player._resolve,
    *[Player._stale] * 8,
    *[Player._late_time] * 4,
)


def _started(given: Given) -> inputs.Input:
    return inputs.AttemptStarted(given.step, given.fence, "w")


def _stopped(given: Given) -> inputs.Input:
    return inputs.AttemptStopped(given.step, given.fence)


def _lost(given: Given) -> inputs.Input:
    return inputs.WorkerLost(given.step, given.fence)


class StepRow(NamedTuple):
    """A step's row, as it is read."""

    execution_id: str
    step_id: str
    status: str
    attempt: int
    work: str | None
    fence: int
    stop: str | None
    due_at: float | None
    outputs: str | None
    error: str | None
    started_at: float | None
    ended_at: float | None
    detail: str


class EntryRow(NamedTuple):
    """The row of a log entry, as it is read."""

    execution_id: str
    sequence: int
    at: float
    kind: str
    step_id: str | None
    data: str


def _read_back(step_id: str, step: StepState) -> StepState:
    return step_state(cast(Row[Any], StepRow(**step_values("drawn", step_id, step))))


def _entry_read_back(number: int, entry: Entry) -> Entry:
    return entry_of(cast(Row[Any], EntryRow(**entry_values("drawn", number, entry))))


def as_lines(player: Player) -> str:
    """Return what was told, for the report of a failure."""
    return "\n".join(f"{now - BEGINNING:10.2f}  {asked}" for now, asked in player.told[-40:])
