"""The only place where it is decided what happens next. Free of I/O: the same question gets the same answer."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from bud_server.runtime import inputs
from bud_server.runtime.evolve import Entry, apply
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import ExecutionStatus, StepStatus, Work

MOST_LOSSES = 3
"""Workers that one step may take down before it is given up."""
ABANDON_SECONDS = 60.0
"""How long a worker may take to stop an attempt and clean up."""
JITTER = 0.1
"""Share of a retry's wait by which it varies, so that what failed together does not come back together."""


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """What was asked does not fit the state; the message says why."""


class Rules(Protocol):
    """What a pipeline's expressions say of a state."""

    def holds(self, step: PlannedStep, state: ExecutionState) -> bool:
        """Whether a step's condition is true. Raises ValueError, saying why, if it says nothing of the kind."""
        ...

    def outputs(self, plan: Plan, state: ExecutionState) -> dict[str, Any]:
        """Return the execution's outputs. Raises ValueError if one cannot be had."""
        ...


class Decision(NamedTuple):
    """What follows from an input."""

    entries: tuple[Entry, ...]
    """What is to be added to the log; nothing if the input comes too late to change anything."""
    after: ExecutionState
    """The state that the entries lead to."""


def decide(plan: Plan, state: ExecutionState, asked: inputs.Input, now: float, rules: Rules) -> Decision:
    """Return what follows from an input. Raises Refusal for what a person asked and cannot have."""
    transition = _Transition(plan, state, now, rules)
    _HANDLERS[type(asked)](transition, asked)
    transition.settle()
    return Decision(tuple(transition.entries), transition.state)


class _Transition:
    def __init__(self, plan: Plan, state: ExecutionState, now: float, rules: Rules) -> None:
        self.plan = plan
        self.state = state.copy()
        self.now = now
        self.rules = rules
        self.entries: list[Entry] = []
        self._touched: set[str] = set()
        """Steps one of whose dependencies has ended."""
        self._admitted: list[str] = []
        """Steps that nothing hinders any more."""

    # What is noted

    def note(self, kind: str, step: str | None = None, **data: Any) -> None:
        entry = Entry(kind, step, data, self.now)
        apply(self.state, entry)
        self.entries.append(entry)

    def complete(self, step: str, outputs: Mapping[str, Any], **more: Any) -> None:
        self.note("step_completed", step, number=self.state.steps[step].attempt, outputs=dict(outputs), **more)
        self._touched.update(self.plan.steps[step].dependents)

    def fail(self, step: str, error: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> None:
        status = StepStatus.TIMEOUT if error["code"] == "timeout" else StepStatus.FAILED
        number = self.state.steps[step].attempt
        self.note("step_failed", step, number=number, status=status, outputs=outputs, error=dict(error))
        self._touched.update(self.plan.steps[step].dependents)
        if self.plan.is_fail_fast and not self.plan.steps[step].goes_on_after_failure:
            self.end(ExecutionStatus.FAILED, _of_step(step, error))

    def skip(self, steps: Iterable[str], reason: str, message: str) -> None:
        skipped = list(steps)
        if skipped:
            self.note("steps_skipped", steps=skipped, reason=reason, message=message)
            for step in skipped:
                self._touched.update(self.plan.steps[step].dependents)

    def queue(self, step: str, work: Work = Work.EXECUTE) -> None:
        """Let an attempt be made."""
        planned, state = self.plan.steps[step], self.state.steps[step]
        data: dict[str, Any] = {"number": state.attempt + 1, "work": work}
        if not state.is_active and planned.timeout_seconds is not None:
            data["step_deadline"] = self.now + planned.timeout_seconds
        self.note("attempt_queued", step, **data)

    # What follows from it

    def look_at(self, steps: Iterable[str]) -> None:
        """Have steps judged as if a dependency of each had ended."""
        self._touched.update(steps)

    def settle(self) -> None:
        """Do what has become possible, until nothing more is."""
        if self.state.status.is_terminal:
            return
        while self._touched and not self.state.ending:
            eligible = [step for step in self._touched if self._is_eligible(step)]
            self._touched = set()
            for step in sorted(eligible, key=self._position):
                self._judge(step)
        if not self.state.ending:
            self._start()
        if self.state.unfinished == 0 and self.state.status is ExecutionStatus.RUNNING:
            self._finish()

    def _position(self, step: str) -> int:
        return self.plan.steps[step].position

    def _is_eligible(self, step: str) -> bool:
        """Whether it has yet to be judged, and all its dependencies have ended."""
        states = self.state.steps
        if states[step].status is not StepStatus.PENDING or states[step].is_active or step in self.state.ready:
            return False
        return all(states[each].status.is_terminal for each in self.plan.steps[step].depends_on)

    def _judge(self, step: str) -> None:
        """Skip a step, fail it or let it start, unless another has ended the execution meanwhile."""
        if self.state.ending:
            return
        planned = self.plan.steps[step]
        hindrance = self._hindrance(planned)
        if hindrance is not None:
            self.skip([step], "dependency", hindrance)
            return
        try:
            holds = self.rules.holds(planned, self.state)
        except ValueError as error:
            self.fail(step, {"code": "condition", "message": f"The condition cannot be evaluated: {error}"})
            return
        if holds:
            self._admitted.append(step)
        else:
            self.skip([step], "condition", "The condition is false")

    def _hindrance(self, planned: PlannedStep) -> str | None:
        """Return why a step whose dependencies have all ended cannot run; None if it can."""
        if not planned.depends_on:
            return None
        for each in planned.depends_on:
            status = self.state.steps[each].status
            if self._is_failure(each) or status is StepStatus.CANCELLED:
                return f"Step '{each}' ended as {status}"
        if all(self.state.steps[each].status is StepStatus.SKIPPED for each in planned.depends_on):
            return "All steps it depends on were skipped"
        return None

    def failed_steps(self) -> list[str]:
        """Return the steps whose failure fails the execution, in the order of the definition."""
        return [step for step in self.state.steps if self._is_failure(step)]

    def _is_failure(self, step: str) -> bool:
        failed = self.state.steps[step].status in (StepStatus.FAILED, StepStatus.TIMEOUT)
        return failed and not self.plan.steps[step].goes_on_after_failure

    def _start(self) -> None:
        """Start what is ready, as far as there is room: what became ready earlier first."""
        admitted = sorted(self._admitted, key=self._position)
        room = 0 if self.state.ready else self.plan.most_parallel - self.state.active
        if admitted[room:]:
            self.note("steps_ready", steps=admitted[room:])
        for step in admitted[:room]:
            self.queue(step)
        while self.state.ready and self.state.active < self.plan.most_parallel:
            self.queue(self.state.ready[0])

    def end(self, status: ExecutionStatus, error: Mapping[str, Any] | None) -> None:
        """Stop everything that is under way, and start nothing more."""
        if self.state.ending or self.state.status.is_terminal:
            return
        self.note("execution_ending", status=status, error=error)
        message = error["message"] if error else ""
        waiting = [
            step
            for step, state in self.state.steps.items()
            if not state.is_active and state.status is StepStatus.PENDING
        ]
        self.skip(waiting, "ending", f"The execution is ending: {message}")
        for step, state in list(self.state.steps.items()):
            if state.is_active:
                self.stop(step, "cancel")

    def stop(self, step: str, why: str) -> None:
        """Stop an attempt, cleaning up after it; confirmed by AttemptStopped if a worker has to do something."""
        state = self.state.steps[step]
        if state.stop is not None:
            return
        leaves_something = _leaves_something(state)
        if not (leaves_something or _is_with_worker(state)):
            self.stopped(step, why)
            return
        self.note("attempt_stopping", step, number=state.attempt, why=why, abandon_at=self.now + ABANDON_SECONDS)
        if leaves_something:
            self.note("work_queued", step, number=state.attempt, work=Work.CLEANUP)

    def stopped(self, step: str, why: str, remark: str = "") -> None:
        """Note that an attempt has stopped."""
        state = self.state.steps[step]
        if why == "cancel" or self.state.ending:
            error = {"code": "cancelled", "message": "The step was cancelled" + remark}
            self.note("step_cancelled", step, number=state.attempt, error=error)
            return
        is_over = state.step_deadline is not None and state.step_deadline <= self.now
        planned = self.plan.steps[step]
        seconds = planned.timeout_seconds if is_over else planned.attempt_seconds
        if state.status is StepStatus.WAITING and not is_over:
            spent = " waiting for an event"
        else:
            spent = f" after {seconds:g} seconds" if seconds else ""
        error = {"code": "timeout", "message": f"The step timed out{spent}{remark}"}
        may_retry = planned.is_idempotent and not is_over  # a stopped attempt may have had its effect
        if not (may_retry and self.retry(step, error, state.outputs)):
            self.fail(step, error, state.outputs)

    def retry(self, step: str, error: Mapping[str, Any], outputs: Mapping[str, Any] | None) -> bool:
        """Plan another attempt if there may be one; return whether there will be."""
        planned, state = self.plan.steps[step], self.state.steps[step]
        retries = planned.retries
        if retries is None or state.tries >= retries.max_attempts or self.state.ending:
            return False
        wait = retries.seconds_after(state.tries) * _jitter(self.state.id, step, state.attempt)
        retry_at = self.now + wait
        note: dict[str, Any] = {"error": dict(error), "outputs": outputs, "retry_at": retry_at}
        self.note("attempt_failed", step, number=state.attempt, **note)
        return True

    def _finish(self) -> None:
        if self.state.ending is not None:
            self.note("execution_ended", status=self.state.ending, outputs=None, error=self.state.error)
            return
        failed = self.failed_steps()
        if failed:
            error = _of_step(failed[0], self.state.steps[failed[0]].error or {})
            self.note("execution_ended", status=ExecutionStatus.FAILED, outputs=None, error=error)
            return
        try:
            outputs = self.rules.outputs(self.plan, self.state)
        except ValueError as error:
            message = f"The outputs of the pipeline cannot be evaluated: {error}"
            fault = {"code": "outputs", "message": message}
            self.note("execution_ended", status=ExecutionStatus.FAILED, outputs=None, error=fault)
            return
        self.note("execution_ended", status=ExecutionStatus.COMPLETED, outputs=outputs, error=None)

    # What is asked of an attempt

    def current(self, step: str, fence: int) -> StepState | None:
        """Return the state of a step if whoever had that fence still has its work."""
        state = self.state.steps[step]
        return state if state.is_active and state.work is not None and state.fence == fence else None


def _of_step(step: str, error: Mapping[str, Any]) -> dict[str, Any]:
    message = f"Step '{step}' failed: {error.get('message', '')}"
    return {"code": "step_failed", "message": message, "step": step}


def _is_with_worker(state: StepState) -> bool:
    """Whether a worker has, or may have, something to stop."""
    return state.work is not None and state.status is not StepStatus.PENDING


def _leaves_something(state: StepState) -> bool:
    """Whether no worker has an attempt that may have left something behind: it waits, or its worker was lost."""
    if state.status is StepStatus.WAITING:
        return state.work is None
    return state.status is StepStatus.PENDING and state.work is Work.RECOVER


def _jitter(execution: str, step: str, attempt: int) -> float:
    """Return a factor near 1 that is always the same for an attempt."""
    drawn = hashlib.blake2b(f"{execution}/{step}/{attempt}".encode(), digest_size=8).digest()
    return 1 - JITTER + 2 * JITTER * int.from_bytes(drawn, "big") / 2**64


def _start(on: _Transition, _asked: inputs.Start) -> None:
    if on.state.status is not ExecutionStatus.PENDING:
        return
    on.note("execution_started", deadline=on.now + on.plan.timeout_seconds)
    on.look_at(on.plan.steps)


def _attempt_started(on: _Transition, asked: inputs.AttemptStarted) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None or state.work not in (Work.EXECUTE, Work.RECOVER) or state.status is not StepStatus.PENDING:
        return
    seconds = on.plan.steps[asked.step].attempt_seconds
    deadline = None if seconds is None else on.now + seconds
    on.note("attempt_started", asked.step, number=state.attempt, worker=asked.worker, deadline=deadline)


def _attempt_succeeded(on: _Transition, asked: inputs.AttemptSucceeded) -> None:
    """Complete a step; what has succeeded has, even if it was about to be stopped."""
    state = on.current(asked.step, asked.fence)
    if state is None:
        return
    on.complete(asked.step, {**(state.outputs or {}), **asked.outputs})
    untouched = [step for step in asked.skips if _is_untouched(on, step)]
    on.skip(untouched, "branch", f"Step '{asked.step}' decided against it")


def _is_untouched(on: _Transition, step: str) -> bool:
    state = on.state.steps.get(step)
    return state is not None and state.status is StepStatus.PENDING and not state.is_active


def _attempt_failed(on: _Transition, asked: inputs.AttemptFailed) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None:
        return
    if state.stop is not None and asked.error["code"] != "uncertain":
        on.stopped(asked.step, state.stop)
        return
    may_retry = not asked.is_final and (on.plan.steps[asked.step].is_idempotent or not asked.had_effect)
    outputs = {**(state.outputs or {}), **asked.outputs}
    if not (may_retry and on.retry(asked.step, asked.error, outputs)):
        on.fail(asked.step, asked.error, outputs)


def _attempt_waiting(on: _Transition, asked: inputs.AttemptWaiting) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None:
        return
    seconds = asked.timeout_seconds
    if seconds is None:
        seconds = on.plan.steps[asked.step].attempt_seconds
    on.note(
        "attempt_waiting",
        asked.step,
        number=state.attempt,
        keys=list(asked.keys),
        outputs=dict(asked.outputs),
        deadline=None if seconds is None else on.now + seconds,
        wake_at=asked.wake_at,
    )
    if state.stop is not None:
        on.note("work_queued", asked.step, number=state.attempt, work=Work.CLEANUP)


def _attempt_stopped(on: _Transition, asked: inputs.AttemptStopped) -> None:
    state = on.current(asked.step, asked.fence)
    if state is not None:
        on.stopped(asked.step, state.stop or "timeout")


def _worker_lost(on: _Transition, asked: inputs.WorkerLost) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None or state.work is None:
        return
    if state.work not in (Work.EXECUTE, Work.RECOVER):
        on.note("work_queued", asked.step, number=state.attempt, work=state.work)
    elif state.stop is not None:
        on.note("work_queued", asked.step, number=state.attempt, work=Work.CLEANUP)
    elif not asked.has_begun:
        error = {"code": "unassigned", "message": "The worker never heard that this attempt was its own"}
        on.note("attempt_failed", asked.step, number=state.attempt, error=error, outputs=state.outputs, retry_at=None)
        on.queue(asked.step, state.work)
    else:
        error = {"code": "lost", "message": "The worker was lost while it made this attempt"}
        on.note("attempt_failed", asked.step, number=state.attempt, error=error, outputs=state.outputs, retry_at=None)
        if state.losses + 1 < MOST_LOSSES:
            on.queue(asked.step, Work.RECOVER)
        else:
            message = f"{MOST_LOSSES} workers were lost while they ran this step"
            on.fail(asked.step, {"code": "lost", "message": message}, state.outputs)


def _event_arrived(on: _Transition, asked: inputs.EventArrived) -> None:
    state = on.state.steps[asked.step]
    if is_waiting(state, asked.number) and state.work is None and state.stop is None:
        on.note("work_queued", asked.step, number=state.attempt, work=Work.EVENT)


def is_waiting(state: StepState, attempt: int) -> bool:
    """Whether that attempt of a step waits, so that an event still reaches it."""
    return state.status is StepStatus.WAITING and state.attempt == attempt


def _event_ignored(on: _Transition, asked: inputs.EventIgnored) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None:
        return
    on.note("event_ignored", asked.step, number=state.attempt, event=asked.event, progress=asked.progress)
    _clean_up_if_stopping(on, asked.step, state)


def _event_failed(on: _Transition, asked: inputs.EventFailed) -> None:
    state = on.current(asked.step, asked.fence)
    if state is None:
        return
    note = {"event": asked.event, "error": dict(asked.error), "retry_at": asked.retry_at}
    on.note("event_failed", asked.step, number=state.attempt, **note)
    _clean_up_if_stopping(on, asked.step, state)


def _clean_up_if_stopping(on: _Transition, step: str, state: StepState) -> None:
    if state.stop is not None:
        on.note("work_queued", step, number=state.attempt, work=Work.CLEANUP)


def _reported(on: _Transition, asked: inputs.Reported) -> None:
    if on.current(asked.step, asked.fence) is not None:
        for kind, data in asked.items:
            on.note(kind, asked.step, **data)


def _step_due(on: _Transition, asked: inputs.StepDue) -> None:
    """Do what the earliest moment that has come asks for, however late it is looked at."""
    state = on.state.steps[asked.step]
    if state.due_at is None or state.due_at > on.now:
        return
    if state.stop is not None:
        on.stopped(asked.step, state.stop, "; its worker did not confirm that it stopped")
        return
    moments = {
        "wake": state.wake_at,
        "event": state.event_retry_at,
        "retry": state.retry_at,
        "attempt": state.attempt_deadline,
        "step": state.step_deadline,
    }
    earliest = next(name for name, moment in moments.items() if moment == state.due_at)
    if earliest in ("wake", "event"):
        on.note("work_queued", asked.step, number=state.attempt, work=Work(earliest))
    elif earliest == "retry":
        on.queue(asked.step)
    else:
        _time_out(on, asked.step, state)


def _time_out(on: _Transition, step: str, state: StepState) -> None:
    """End an attempt whose time is over; one that waits for an event is asked once more."""
    if state.status is StepStatus.WAITING and state.work is None:
        on.note("work_queued", step, number=state.attempt, work=Work.POLL)
    else:
        on.stop(step, "timeout")


def _execution_due(on: _Transition, _asked: inputs.ExecutionDue) -> None:
    if on.state.due_at is not None and on.state.due_at <= on.now:
        message = f"The execution timed out after {on.plan.timeout_seconds:g} seconds"
        on.end(ExecutionStatus.FAILED, {"code": "timeout", "message": message})


def _cancel(on: _Transition, asked: inputs.CancelRequested) -> None:
    if on.state.status.is_terminal:
        raise Refusal(f"The execution has ended already, as {on.state.status}")
    because = f": {asked.reason}" if asked.reason else ""
    error = {"code": "cancelled", "message": f"Cancelled by {asked.by}{because}"}
    if on.state.status is ExecutionStatus.PENDING:
        on.note("execution_started", deadline=on.now + on.plan.timeout_seconds)
    on.end(ExecutionStatus.CANCELLED, error)


def _retry(on: _Transition, asked: inputs.RetryRequested) -> None:
    if not on.state.status.is_terminal:
        raise Refusal("The execution has not ended yet; cancel it first")
    if on.state.status is ExecutionStatus.COMPLETED:
        raise Refusal("The execution completed; there is nothing to try again")
    uncertain = [step for step, state in on.state.steps.items() if _is_uncertain(state)]
    if uncertain:
        named = ", ".join(f"'{step}'" for step in uncertain)
        raise Refusal(f"Nobody knows whether {named} took effect; find out, and resolve each, which goes on by itself")
    _resume(on, asked.by, asked.params)


def _resume(on: _Transition, by: str, params: Mapping[str, Any] | None, again: str | None = None) -> None:
    """Set back what did not complete and go on; but for branches that were decided against, and for uncertain steps
    other than `again`.
    """
    on.note("execution_retried", by=by, params=params, deadline=on.now + on.plan.timeout_seconds)
    reset = [step for step, state in on.state.steps.items() if step == again or _is_open(state)]
    on.note("steps_reset", steps=reset)
    failed = on.failed_steps()
    if failed and on.plan.is_fail_fast:
        on.end(ExecutionStatus.FAILED, _of_step(failed[0], on.state.steps[failed[0]].error or {}))
    on.look_at(on.plan.steps)


def _is_open(state: StepState) -> bool:
    is_decided = state.status is StepStatus.SKIPPED and state.reason == "branch"
    return not (state.status is StepStatus.COMPLETED or is_decided or _is_uncertain(state))


def _is_uncertain(state: StepState) -> bool:
    return (state.error or {}).get("code") == "uncertain"


def _resolve(on: _Transition, asked: inputs.StepResolved) -> None:
    state = on.state.steps.get(asked.step)
    if state is None or not _is_uncertain(state):
        raise Refusal(f"Step '{asked.step}' did not end as uncertain; there is nothing to resolve")
    if not on.state.status.is_terminal:
        raise Refusal("Other steps are still under way; resolve the step when the execution has ended")
    if asked.outcome == "failed":
        message = f"{(state.error or {})['message']} {asked.by} found that it failed."
        on.note(
            "step_failed",
            asked.step,
            number=state.attempt,
            status=StepStatus.FAILED,
            outputs=state.outputs,
            error={"code": "failed", "message": message},
        )
        return
    if asked.outcome == "completed":
        on.complete(asked.step, asked.outputs, by=asked.by)
    _resume(on, asked.by, None, again=asked.step if asked.outcome == "retry" else None)


_HANDLERS: Mapping[type, Callable[[_Transition, Any], None]] = {
    inputs.Start: _start,
    inputs.AttemptStarted: _attempt_started,
    inputs.AttemptSucceeded: _attempt_succeeded,
    inputs.AttemptFailed: _attempt_failed,
    inputs.AttemptWaiting: _attempt_waiting,
    inputs.AttemptStopped: _attempt_stopped,
    inputs.WorkerLost: _worker_lost,
    inputs.EventArrived: _event_arrived,
    inputs.EventIgnored: _event_ignored,
    inputs.EventFailed: _event_failed,
    inputs.Reported: _reported,
    inputs.StepDue: _step_due,
    inputs.ExecutionDue: _execution_due,
    inputs.CancelRequested: _cancel,
    inputs.RetryRequested: _retry,
    inputs.StepResolved: _resolve,
}
