"""A slow interpreter of executions, written from the rules alone: what `decide` and `evolve` are compared with.

It looks at every step after every input, and keeps nothing that it could count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bud_server.runtime import inputs
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.status import ExecutionStatus, StepStatus, Work

MOST_LOSSES = 3
ABANDON_SECONDS = 60.0
JITTER = 0.1
FAILURES = (StepStatus.FAILED, StepStatus.TIMEOUT)
ATTEMPTS = (Work.EXECUTE, Work.RECOVER)


class RefusedError(Exception):
    """What was asked does not fit where the execution stands."""


@dataclass
class Step:
    """Where one step stands."""

    status: StepStatus = StepStatus.PENDING
    is_under_way: bool = False
    attempt: int = 0
    tries: int = 0
    losses: int = 0
    work: Work | None = None
    is_taken: bool = False
    """Whether a worker has begun the attempt."""
    fence: int = 0
    stop: str | None = None
    outputs: Mapping[str, Any] | None = None
    code: str | None = None
    reason: str | None = None
    keys: tuple[str, ...] = ()
    progress: Mapping[str, Any] | None = None
    step_deadline: float | None = None
    attempt_deadline: float | None = None
    wake_at: float | None = None
    event_retry_at: float | None = None
    abandon_at: float | None = None
    retry_at: float | None = None
    retry_after: float | None = None
    """Seconds until the next attempt, before jitter; the player sets `retry_at` to what was decided."""

    @property
    def is_open(self) -> bool:
        """Whether it has neither ended nor begun."""
        return self.status is StepStatus.PENDING and not self.is_under_way

    def forget_moments(self) -> None:
        """Wait for nothing."""
        self.keys = ()
        self.stop = self.attempt_deadline = self.wake_at = self.event_retry_at = self.abandon_at = None
        self.retry_at = self.retry_after = None

    @property
    def due_at(self) -> float | None:
        """When time alone moves it on."""
        if self.status.is_terminal:
            return None
        if self.stop is not None:
            return self.abandon_at
        if self.work in (Work.EVENT, Work.WAKE, Work.POLL, Work.CLEANUP):
            return None
        moments = (self.step_deadline, self.attempt_deadline, self.wake_at, self.retry_at, self.event_retry_at)
        return min((moment for moment in moments if moment is not None), default=None)


@dataclass
class Reference:
    """An execution of a plan."""

    plan: Plan
    params: Mapping[str, Any] = field(default_factory=dict)
    status: ExecutionStatus = ExecutionStatus.PENDING
    ending: ExecutionStatus | None = None
    outputs: Mapping[str, Any] | None = None
    code: str | None = None
    deadline: float | None = None
    ready: list[str] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.steps = {step_id: Step() for step_id in self.plan.steps}

    def under_way(self) -> list[str]:
        """Return the steps that take up room."""
        return [step_id for step_id, step in self.steps.items() if step.is_under_way]

    # Inputs

    def tell(self, asked: inputs.Input, now: float) -> None:
        """Take an input. Raises RefusedError, having changed nothing."""
        self.now = now
        match asked:
            case inputs.Start():
                self._begin()
            case inputs.CancelRequested():
                self._cancel()
            case inputs.ExecutionDue():
                if self.deadline is not None and now >= self.deadline:
                    self._be_ending(ExecutionStatus.FAILED, "timeout")
            case inputs.RetryRequested(params=params):
                self._retry(params)
            case inputs.StepResolved():
                self._resolve(asked)
            case inputs.StepDue(step=step_id):
                self._due(step_id)
            case inputs.EventArrived(step=step_id, number=number):
                self._event(step_id, number)
            case _:
                step = self.steps[asked.step]
                if step.work is not None and step.fence == asked.fence:
                    self._report(asked.step, step, asked)
        self._settle()

    def _begin(self) -> None:
        if self.status is ExecutionStatus.PENDING:
            self.status = ExecutionStatus.RUNNING
            self.deadline = self.now + self.plan.timeout_seconds

    def _cancel(self) -> None:
        if self.status.is_terminal:
            raise RefusedError
        if self.ending is None:
            self.status = ExecutionStatus.RUNNING
            self._be_ending(ExecutionStatus.CANCELLED, "cancelled")

    def _be_ending(self, status: ExecutionStatus, code: str) -> None:
        self.ending, self.code, self.deadline = status, code, None

    def _retry(self, params: Mapping[str, Any] | None) -> None:
        if self.status not in (ExecutionStatus.FAILED, ExecutionStatus.CANCELLED):
            raise RefusedError
        if any(step.code == "uncertain" for step in self.steps.values()):
            raise RefusedError
        self._go_on(params)

    def _go_on(self, params: Mapping[str, Any] | None) -> None:
        self.status, self.deadline = ExecutionStatus.RUNNING, self.now + self.plan.timeout_seconds
        self.ending = self.outputs = self.code = None
        self.params = self.params if params is None else params
        for step_id, step in self.steps.items():
            is_kept = step.status is StepStatus.COMPLETED or step.reason == "branch" or step.code == "uncertain"
            if not is_kept:
                self.steps[step_id] = Step(attempt=step.attempt, fence=step.fence)

    def _resolve(self, asked: inputs.StepResolved) -> None:
        step = self.steps[asked.step]
        if not self.status.is_terminal or step.code != "uncertain":
            raise RefusedError
        if asked.outcome == "failed":
            step.code = "failed"
            return
        if asked.outcome == "completed":
            step.status, step.outputs, step.code = StepStatus.COMPLETED, asked.outputs, None
        else:
            step.code = None
        self._go_on(None)

    # What workers report

    def _report(self, step_id: str, step: Step, asked: Any) -> None:
        match asked:
            case inputs.AttemptStarted():
                self._started(step_id, step)
            case inputs.AttemptSucceeded(outputs=outputs, skips=skips):
                self._succeeded(step_id, step, outputs, skips)
            case inputs.AttemptFailed():
                self._failed(step_id, step, asked)
            case inputs.AttemptWaiting():
                self._waits(step_id, step, asked)
            case inputs.AttemptStopped():
                self._stopped(step_id, step)
            case inputs.WorkerLost():
                self._lost(step_id, step)
            case inputs.EventIgnored(progress=progress):
                step.progress = step.progress if progress is None else progress
                self._wait_on(step)
            case inputs.EventFailed(retry_at=retry_at):
                step.event_retry_at = retry_at
                self._wait_on(step)
            case inputs.Reported(items=items):
                for kind, data in items:
                    step.progress = data if kind == "progress" else step.progress

    def _started(self, step_id: str, step: Step) -> None:
        if step.is_taken or step.work not in ATTEMPTS:
            return
        step.is_taken, step.status = True, StepStatus.RUNNING
        step.tries += step.work is Work.EXECUTE
        step.attempt_deadline = self._from_now(self.plan.steps[step_id].attempt_seconds)

    def _wait_on(self, step: Step) -> None:
        step.work = None
        if step.stop is not None:
            self._queue(step, Work.CLEANUP)

    def _from_now(self, seconds: float | None) -> float | None:
        return None if seconds is None else self.now + seconds

    def _succeeded(self, step_id: str, step: Step, outputs: Mapping[str, Any], skips: tuple[str, ...]) -> None:
        self._end(step, StepStatus.COMPLETED, outputs=self._beside(step, outputs))
        for step_id in skips:
            if step_id in self.steps and self.steps[step_id].is_open:
                self._end(self.steps[step_id], StepStatus.SKIPPED, reason="branch")

    def _beside(self, step: Step, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return outputs together with those that a waiting attempt told of before."""
        return {**(step.outputs or {}), **outputs} if step.status is StepStatus.WAITING else outputs

    def _failed(self, step_id: str, step: Step, asked: inputs.AttemptFailed) -> None:
        if step.stop is not None and asked.error["code"] != "uncertain":
            self._stopped(step_id, step)
            return
        planned = self.plan.steps[step_id]
        is_safe = planned.is_idempotent or not asked.had_effect
        outputs = self._beside(step, asked.outputs)
        self._fail(planned, step, StepStatus.FAILED, asked.error["code"], outputs, is_safe and not asked.is_final)

    def _fail(
        self,
        planned: PlannedStep,
        step: Step,
        status: StepStatus,
        code: str,
        outputs: Mapping[str, Any] | None,
        may_retry: bool,
    ) -> None:
        retries = planned.retries
        if may_retry and self.ending is None and retries is not None and step.tries < retries.max_attempts:
            step.forget_moments()
            step.status, step.work, step.code, step.outputs = StepStatus.RUNNING, None, code, outputs
            step.retry_after = retries.seconds_after(step.tries)
            return
        self._end(step, status, code=code, outputs=outputs)

    def _waits(self, step_id: str, step: Step, asked: inputs.AttemptWaiting) -> None:
        own = self.plan.steps[step_id].attempt_seconds
        limit = own if asked.timeout_seconds is None else asked.timeout_seconds
        step.outputs = self._beside(step, asked.outputs)
        step.status, step.keys = StepStatus.WAITING, asked.keys
        step.attempt_deadline, step.wake_at = self._from_now(limit), asked.wake_at
        self._wait_on(step)

    def _lost(self, step_id: str, step: Step) -> None:
        if step.work not in ATTEMPTS:
            self._queue(step, step.work)
        elif step.stop is not None:
            self._queue(step, Work.CLEANUP)
        else:
            step.losses += 1
            if step.losses == MOST_LOSSES:
                self._end(step, StepStatus.FAILED, code="lost", outputs=step.outputs)
            else:
                self._attempt(step_id, Work.RECOVER)

    def _queue(self, step: Step, work: Work | None) -> None:
        step.work, step.event_retry_at = work, None
        step.fence += 1

    # Time and events

    def _event(self, step_id: str, number: int) -> None:
        step = self.steps[step_id]
        is_free = step.status is StepStatus.WAITING and step.work is None and step.stop is None
        if is_free and step.attempt == number:
            self._queue(step, Work.EVENT)

    def _due(self, step_id: str) -> None:
        step = self.steps[step_id]
        if step.due_at is None or self.now < step.due_at:
            return
        if step.stop is not None:
            self._stopped(step_id, step)
        elif step.due_at == step.wake_at:
            step.wake_at = None
            self._queue(step, Work.WAKE)
        elif step.due_at == step.event_retry_at:
            self._queue(step, Work.EVENT)
        elif step.due_at == step.retry_at:
            self._attempt(step_id, Work.EXECUTE)
        else:
            self._time_out(step_id, step)

    def _is_over(self, moment: float | None) -> bool:
        return moment is not None and self.now >= moment

    def _time_out(self, step_id: str, step: Step) -> None:
        if step.status is StepStatus.WAITING:
            self._queue(step, Work.POLL)
        elif not self._stop(step, "timeout"):
            self._timed_out(step_id, step)

    def _stop(self, step: Step, why: str) -> bool:
        """Have an attempt stopped and what it left behind released; return False if there is nothing of the kind."""
        is_idle_wait = step.status is StepStatus.WAITING and step.work is None
        is_in_doubt = step.work is Work.RECOVER and not step.is_taken
        if is_idle_wait or is_in_doubt:
            self._queue(step, Work.CLEANUP)
        elif step.work is None or not step.is_taken:
            return False
        step.stop, step.abandon_at = why, self.now + ABANDON_SECONDS
        return True

    def _stopped(self, step_id: str, step: Step) -> None:
        if step.stop == "cancel" or self.ending is not None:
            self._end(step, StepStatus.CANCELLED, code="cancelled", outputs=step.outputs)
        else:
            self._timed_out(step_id, step)

    def _timed_out(self, step_id: str, step: Step) -> None:
        planned = self.plan.steps[step_id]
        may_retry = planned.is_idempotent and not self._is_over(step.step_deadline)
        self._fail(planned, step, StepStatus.TIMEOUT, "timeout", step.outputs, may_retry)

    # What follows

    def _settle(self) -> None:
        if self.status is not ExecutionStatus.RUNNING:
            return
        if self.ending is None and self.plan.is_fail_fast and self._has_failed():
            self._be_ending(ExecutionStatus.FAILED, "step_failed")
        became_ready = self._judge_all()
        if self._has_failed() and self.plan.is_fail_fast and self.ending is None:
            self._be_ending(ExecutionStatus.FAILED, "step_failed")
        if self.ending is not None:
            self._wind_down()
        else:
            self.ready = [step_id for step_id in self.ready if self.steps[step_id].is_open] + became_ready
            while self.ready and len(self.under_way()) < self.plan.most_parallel:
                self._attempt(self.ready.pop(0), Work.EXECUTE)
        if all(step.status.is_terminal for step in self.steps.values()):
            self._finish()

    def _has_failed(self) -> bool:
        return any(
            step.status in FAILURES and not self.plan.steps[step_id].goes_on_after_failure
            for step_id, step in self.steps.items()
        )

    def _judge_all(self) -> list[str]:
        """Decide about every step whose dependencies have ended; return those that may start.

        What one round of decisions makes eligible is decided about in the next.
        """
        ready: list[str] = []
        while eligible := [step_id for step_id in self.plan.steps if self._is_eligible(step_id, ready)]:
            for step_id in eligible:
                if self._may_start(self.plan.steps[step_id], self.steps[step_id]):
                    ready.append(step_id)
                if self._has_failed() and self.plan.is_fail_fast:
                    return []
        return [step_id for step_id in self.plan.steps if step_id in ready]

    def _is_eligible(self, step_id: str, ready: list[str]) -> bool:
        is_known = self.ending is not None or step_id in self.ready or step_id in ready
        is_open = self.steps[step_id].is_open and not is_known
        return is_open and self._are_dependencies_over(self.plan.steps[step_id])

    def _are_dependencies_over(self, planned: PlannedStep) -> bool:
        return all(self.steps[each].status.is_terminal for each in planned.depends_on)

    def _may_start(self, planned: PlannedStep, step: Step) -> bool:
        if self._is_cut_off(planned):
            self._end(step, StepStatus.SKIPPED, reason="dependency")
        else:
            try:
                if holds(planned.condition, {step_id: each.status for step_id, each in self.steps.items()}):
                    return True
                self._end(step, StepStatus.SKIPPED, reason="condition")
            except ValueError:
                self._end(step, StepStatus.FAILED, code="condition")
        return False

    def _is_cut_off(self, planned: PlannedStep) -> bool:
        befores = [(self.plan.steps[each], self.steps[each].status) for each in planned.depends_on]
        is_broken = any(
            status is StepStatus.CANCELLED or (status in FAILURES and not before.goes_on_after_failure)
            for before, status in befores
        )
        return is_broken or (bool(befores) and all(status is StepStatus.SKIPPED for _, status in befores))

    def _attempt(self, step_id: str, work: Work) -> None:
        step, planned = self.steps[step_id], self.plan.steps[step_id]
        if not step.is_under_way:
            step.is_under_way, step.step_deadline = True, self._from_now(planned.timeout_seconds)
        step.forget_moments()
        step.status, step.is_taken, step.outputs, step.code = StepStatus.PENDING, False, None, None
        step.attempt += 1
        self._queue(step, work)

    def _wind_down(self) -> None:
        self.ready = []
        for step in self.steps.values():
            if step.is_open:
                self._end(step, StepStatus.SKIPPED, reason="ending")
            elif step.is_under_way and step.stop is None and not self._stop(step, "cancel"):
                self._end(step, StepStatus.CANCELLED, code="cancelled", outputs=step.outputs)

    def _finish(self) -> None:
        status, outputs = self.ending, None
        if status is None:
            status = ExecutionStatus.FAILED if self._has_failed() else ExecutionStatus.COMPLETED
            self.code = "step_failed" if self._has_failed() else None
        if status is ExecutionStatus.COMPLETED:
            try:
                outputs = outputs_of(self.plan, {step_id: each.status for step_id, each in self.steps.items()})
            except ValueError:
                status, self.code = ExecutionStatus.FAILED, "outputs"
        self.status, self.outputs, self.deadline = status, outputs, None

    def _end(
        self,
        step: Step,
        status: StepStatus,
        *,
        code: str | None = None,
        reason: str | None = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        ended = Step(status, attempt=step.attempt, tries=step.tries, losses=step.losses, fence=step.fence)
        step.__dict__.update(vars(replace(ended, code=code, reason=reason, outputs=outputs, progress=step.progress)))


def holds(condition: str | bool | None, statuses: Mapping[str, StepStatus]) -> bool:
    """Whether a drawn condition is true: `None`, a boolean, `completed <step>`, or anything else, which is an error."""
    if isinstance(condition, bool) or condition is None:
        return condition is not False
    word, _, step_id = condition.partition(" ")
    if word != "completed":
        raise ValueError(f"{condition} is no condition")
    return statuses[step_id] is StepStatus.COMPLETED


def outputs_of(plan: Plan, statuses: Mapping[str, StepStatus]) -> dict[str, Any]:
    """Return the outputs of an execution of a drawn plan. Raises ValueError if the plan has broken ones."""
    if "broken" in plan.outputs:
        raise ValueError("broken")
    return {"completed": [step_id for step_id, status in statuses.items() if status is StepStatus.COMPLETED]}
