"""Plans and executions to try single rules with."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bud_server.runtime import inputs
from bud_server.runtime.decide import decide
from bud_server.runtime.evolve import Entry
from bud_server.runtime.plan import Plan, PlannedStep, Retries
from bud_server.runtime.state import StepState, new_state
from bud_server.runtime.status import Work
from tests.runtime.player import DrawnRules

RETRIES = Retries(max_attempts=3, first_seconds=10.0, multiplier=2.0)
FAILURE = {"code": "failed", "message": "it failed"}
UNCERTAIN = {"code": "uncertain", "message": "nobody knows"}


def step(step_id: str, *depends_on: str, **members: Any) -> PlannedStep:
    return PlannedStep(step_id, step_id, "log", "1.0.0", 0, depends_on, **members)


def plan(*steps: PlannedStep, **members: Any) -> Plan:
    dependents: dict[str, list[str]] = {each.id: [] for each in steps}
    for each in steps:
        for dependency in each.depends_on:
            dependents[dependency].append(each.id)
    placed = {
        each.id: replace(each, position=position, dependents=tuple(dependents[each.id]))
        for position, each in enumerate(steps)
    }
    return Plan("tried", placed, **members)


class Run:
    """An execution that has begun, and all that happens to it."""

    def __init__(self, *steps: PlannedStep, **members: Any) -> None:
        self.plan = plan(*steps, **members)
        self.state = new_state("tried", tuple(self.plan.steps), {})
        self.now = 1000.0
        self.entries: list[Entry] = []
        self.tell(inputs.Start())

    def tell(self, asked: inputs.Input) -> tuple[Entry, ...]:
        decided, self.state = decide(self.plan, self.state, asked, self.now, DrawnRules())
        self.entries += decided
        return decided

    def __getitem__(self, step_id: str) -> StepState:
        return self.state.steps[step_id]

    @property
    def statuses(self) -> dict[str, str]:
        return {step_id: each.status.value for step_id, each in self.state.steps.items()}

    @property
    def works(self) -> dict[str, Work]:
        return {step_id: each.work for step_id, each in self.state.steps.items() if each.work is not None}

    def begin(self, *steps: str) -> None:
        for each in steps:
            self.tell(inputs.AttemptStarted(each, self[each].fence, "w"))

    def succeed(self, step_id: str, *skips: str, **outputs: Any) -> None:
        self.begin(step_id)
        self.tell(inputs.AttemptSucceeded(step_id, self[step_id].fence, outputs, skips))

    def fail(self, step_id: str, error: Mapping[str, Any] = FAILURE, **members: Any) -> None:
        self.begin(step_id)
        self.tell(inputs.AttemptFailed(step_id, self[step_id].fence, error, **members))

    def wait(self, step_id: str, **members: Any) -> None:
        self.begin(step_id)
        self.tell(inputs.AttemptWaiting(step_id, self[step_id].fence, ("key",), **members))

    def arrive(self, step_id: str) -> tuple[Entry, ...]:
        return self.tell(inputs.EventArrived(step_id, self[step_id].attempt))

    def stopped(self, step_id: str) -> None:
        self.tell(inputs.AttemptStopped(step_id, self[step_id].fence))

    def lose(self, step_id: str) -> None:
        self.tell(inputs.WorkerLost(step_id, self[step_id].fence))

    def cancel(self) -> None:
        self.tell(inputs.CancelRequested("somebody"))

    def retry(self, params: Mapping[str, Any] | None = None) -> None:
        self.tell(inputs.RetryRequested("somebody", params))

    def resolve(self, step_id: str, outcome: str, **outputs: Any) -> None:
        self.tell(inputs.StepResolved(step_id, "somebody", outcome, outputs))

    def after(self, seconds: float, step_id: str | None = None) -> tuple[Entry, ...]:
        """Let time pass, and tell of it: to a step, or to the execution."""
        self.now += seconds
        return self.tell(inputs.ExecutionDue() if step_id is None else inputs.StepDue(step_id))

    def code(self, step_id: str) -> str | None:
        error = self[step_id].error
        return None if error is None else str(error["code"])

    @property
    def end(self) -> tuple[str, str | None]:
        """Its status, and the code of its error."""
        return self.state.status.value, None if self.state.error is None else self.state.error["code"]
