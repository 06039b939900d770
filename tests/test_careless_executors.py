"""Executors do what they like: whatever that is fails their own step, says so, and harms no other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bud_actions.base import (
    ActionContext,
    ActionResult,
    BaseActionExecutor,
    EventAction,
    EventContext,
    EventResult,
)
from tests.support.api import EXECUTORS, ended, run, serving, settings_in, step, until


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("it cannot say")


@dataclass
class Raising(BaseActionExecutor):
    """Counts how often it is executed, and raises."""

    error: BaseException
    executed: list[int] = field(default_factory=list)

    async def execute(self, context: ActionContext) -> ActionResult:
        self.executed.append(context.attempt)
        raise self.error


class RaisingInThread(Raising):
    isolation = "thread"


@dataclass
class Answering(BaseActionExecutor):
    """Answers what it was given."""

    answer: Any = None
    event_answer: Any = None
    problems: Any = ()

    async def execute(self, context: ActionContext) -> ActionResult:
        return self.answer  # type: ignore[no-any-return]

    async def on_event(self, context: EventContext) -> EventResult:
        return self.event_answer  # type: ignore[no-any-return]

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        if isinstance(self.problems, BaseException):
            raise self.problems
        return self.problems  # type: ignore[no-any-return]


ERRORS = [
    SystemExit(3),
    KeyboardInterrupt(),
    asyncio.CancelledError("somebody else's"),
    GeneratorExit(),
    BaseException("of no kind"),
    MuteError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", [Raising, RaisingInThread])
def test_whatever_is_raised_fails_the_step_once_and_leaves_the_worker_working(
    kind: type[Raising], error: BaseException, tmp_path: Path
) -> None:
    executor = kind(error)
    with serving(settings_in(tmp_path), {**EXECUTORS, "linger": executor}) as client:
        found = ended(client, run(client, step("a", "linger"))["execution_id"])
        assert found["status"] == "FAILED"
        assert type(error).__name__ in found["error_info"]["message"]
        assert run(client, step("a"))["status"] == "completed"
        assert client.get("/ready").status_code == 200
    assert executor.executed == [1]


def waiting(**given: Any) -> ActionResult:
    return ActionResult(success=True, awaiting_event=True, **given)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("done", "returned str, not ActionResult"),
        (waiting(timeout_seconds=float("nan")), "timeout_seconds nan, which must be more than 0 seconds"),
        (waiting(timeout_seconds=float("inf")), "timeout_seconds inf"),
        (waiting(timeout_seconds="5"), "timeout_seconds '5'"),
        (waiting(wake_at=datetime(2026, 1, 1)), "wake_at datetime, which must be a datetime with a time zone"),
        (waiting(external_workflow_id="a\0b"), "an id 'a\\x00b'"),
        (waiting(external_workflow_id="\ud800"), "an id '\\ud800'"),
        (waiting(external_workflow_id="x" * 501), "of up to 500 characters"),
        (waiting(correlation_keys="key"), "correlation_keys 'key', which must be a list of ids"),
        (ActionResult(success=False, error=object()), "error object, which must be a text"),  # type: ignore[arg-type]
        (ActionResult(success=False, error="x" * 100_000), "(100,000 characters)"),
    ],
)
def test_an_answer_that_means_nothing_is_the_executors_fault(answer: object, said: str, tmp_path: Path) -> None:
    with serving(settings_in(tmp_path), {**EXECUTORS, "linger": Answering(answer)}) as client:
        found = ended(client, run(client, step("a", "linger"))["execution_id"])
        seen = client.get(f"/executions/{found['id']}/steps/a").json()

    assert found["status"] == "FAILED"
    assert said in seen["error_message"]
    assert len(seen["error_message"]) < 11_000


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        (RuntimeError("no"), "Answering.validate_params failed: RuntimeError: no"),
        (SystemExit(1), "Answering.validate_params failed: SystemExit"),
        (None, "Answering.validate_params failed: TypeError"),
        (["size: too large"], "size: too large"),
    ],
)
def test_params_that_an_executor_cannot_check_are_not_run(problems: object, said: str, tmp_path: Path) -> None:
    executor = Answering(ActionResult(success=True), problems=problems)
    with serving(settings_in(tmp_path), {**EXECUTORS, "linger": executor}) as client:
        found = ended(client, run(client, step("a", "linger"))["execution_id"])
        assert said in client.get(f"/executions/{found['id']}/steps/a").json()["error_message"]


@pytest.mark.parametrize(
    "answer",
    [
        EventResult(action="nonsense"),  # type: ignore[arg-type]
        EventResult(action=EventAction.UPDATE_PROGRESS, progress=float("nan")),
        EventResult(action=EventAction.COMPLETE, status="paused"),  # type: ignore[arg-type]
        "done",
    ],
)
def test_an_event_that_cannot_be_handled_is_tried_again(answer: object, tmp_path: Path) -> None:
    executor = Answering(waiting(external_workflow_id="careless"), event_answer=answer)
    with serving(settings_in(tmp_path), {**EXECUTORS, "listen": executor}) as client:
        found = run(client, step("a", "listen", key="k"))["execution_id"]
        client.post("/events", json={"workflow_id": "careless"})
        entries = until(
            lambda: client.get(f"/executions/{found}/events").json(), lambda seen: "event_failed" in str(seen)
        )
        assert client.get(f"/executions/{found}/steps/a").json()["status"] != "FAILED"
        executor.event_answer = EventResult(action=EventAction.COMPLETE)
        assert ended(client, found)["status"] == "COMPLETED"
    assert "Answering.on_event returned" in str(entries)
