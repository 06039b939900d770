"""A process that has pipelines run to their ends. Whenever it is killed, another one goes on where it was."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime import failpoints
from bud_server.runtime.engine import RefusedError
from bud_server.runtime.events.inbox import Event
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.settings import Settings
from tests.chaos import actions, ledger

SECONDS = 30.0
"""Within which everything must have ended."""


def step(step_id: str, action: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    """Return a step of a pipeline."""
    return {"id": step_id, "action": action, "depends_on": list(depends_on), **more}


def keyed(scenario: str, step_id: str) -> dict[str, Any]:
    """Return the params of a step that waits for an event of its own."""
    return {"key": f"{scenario}/{step_id}"}


RETRY = {"max_attempts": 3, "backoff_seconds": 0.01}
PIPELINES: Mapping[str, Mapping[str, Any]] = {
    "work": {
        "settings": {"fail_fast": False},
        "steps": [
            step("first", "effect"),
            step("flaky", "flaky", "first", retry=RETRY),
            step("once", "once", "first", on_failure="continue"),
            step("reconciled", "reconciled", "first", params={"value": "work"}),
            step("wait", "waiting", "first", params=keyed("work", "wait")),
            step("slow", "slow", "first", timeout_seconds=1, on_failure="continue"),
            step("polled", "polled", "first"),
            step("skipped", "effect", "first", condition="{{ steps.first.outputs.value == 'no' }}"),
            step("last", "effect", "flaky", "once", "reconciled", "wait", "slow", "polled"),
        ],
        "outputs": {"value": "{{ steps.wait.outputs.value }}"},
    },
    "cancelled": {
        "steps": [
            step("running", "slow"),
            step("wait", "waiting", params=keyed("cancelled", "wait")),
            step("never", "effect", "wait"),
        ]
    },
    "late": {"settings": {"timeout_seconds": 1}, "steps": [step("slow", "slow"), step("never", "effect", "slow")]},
    "retried": {"steps": [step("done", "effect"), step("broken", "broken", "done"), step("last", "effect", "broken")]},
    "resolved": {"steps": [step("once", "once", params={"value": "resolved"}), step("last", "effect", "once")]},
}
EVENTS = (("stumble", "1"), ("progress", "2"), ("noise", "3"), ("done", "4"), ("done", "5"))
"""What is said to the step `wait`, and the event's id."""


@dataclass(slots=True)
class Driver:
    """Has all pipelines run, doing again whatever it cannot know to have been done."""

    runtime: Runtime
    states: dict[str, ExecutionState] = field(default_factory=dict)

    def run(self) -> None:
        """Return when everything has ended. Raises TimeoutError if something has not."""
        for name in PIPELINES:
            self.states[name] = self._start(name)
        self._tell("work", EVENTS)
        end = time.monotonic() + SECONDS
        while not all(self._look(name) for name in PIPELINES):
            if time.monotonic() > end:
                raise TimeoutError(str(self.states))
            time.sleep(0.01)
        self._tell("work", [("done", "6")])

    def _start(self, name: str) -> ExecutionState:
        document = {"name": name, **PIPELINES[name]}
        reading = read_pipeline(document)
        if reading.pipeline is None:
            raise ValueError(reading.problems)
        asked = Request(pipeline=reading.pipeline, params={}, subject=ANYONE, idempotency_key=name)
        return self.runtime.executions.start(asked).result()

    def _tell(self, name: str, said: Any) -> None:
        for say, event_id in said:
            event = Event("test", f"{name}-{event_id}", "test", {"say": say}, (f"{name}/wait",))
            self.runtime.inbox.receive(event).result()

    def _look(self, name: str) -> bool:
        """Do what is next for a pipeline; return whether it has ended."""
        execution_id = self.states[name].id
        state = self.states[name] = self.runtime.database.write(
            lambda on: self.runtime.engine.state(on, execution_id)
        ).result()
        if name == "cancelled" and state.ending is None and not state.status.is_terminal:
            return self._cancel_when_under_way(state)
        if name == "retried" and state.status is ExecutionStatus.FAILED:
            ledger.write("mended", "", 0)
            self._ask(self.runtime.executions.retry(execution_id, "test"))
            return False
        if state.status is ExecutionStatus.FAILED and name in ("resolved", "work"):
            for step_id, each in state.steps.items():
                if (each.error or {}).get("code") == "uncertain":
                    self._ask(self.runtime.executions.resolve(execution_id, step_id, "test", "completed", {}))
                    return False
        return state.status.is_terminal

    def _cancel_when_under_way(self, state: ExecutionState) -> bool:
        is_running = state.steps["running"].status is StepStatus.RUNNING
        if is_running and state.steps["wait"].status is StepStatus.WAITING:
            self._ask(self.runtime.executions.cancel(state.id, "test"))
        return False

    def _ask(self, asked: Any) -> None:
        try:
            asked.result()
        except RefusedError:
            return  # done before the last kill, or by now


def main(database: str, ledger_path: str, failpoint: str, lease_seconds: int = 2) -> None:
    """Run in this process, to die at a failpoint if one is named."""
    os.environ[ledger.VARIABLE] = ledger_path
    failpoints.arm(failpoint)
    settings = Settings(database=database, lease_seconds=lease_seconds, shutdown_seconds=1)
    catalog = actions.catalog()
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        Driver(runtime).run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
