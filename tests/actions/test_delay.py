"""delay waits for a timer of the engine."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import EventAction, EventResult, StepStatus
from bud_actions.builtin.delay import Executor
from tests.actions.support import CATALOG, declared, execute, tell, yielded


@given(st.floats(0.001, 3600))
def test_a_step_is_woken_after_the_duration(seconds: float) -> None:
    earliest = datetime.now(UTC) + timedelta(seconds=seconds)
    result = execute(Executor(), {"duration_seconds": seconds, "reason": "warm up"})
    latest = datetime.now(UTC) + timedelta(seconds=seconds)

    assert result.success
    assert result.awaiting_event
    assert result.wake_at is not None
    assert earliest <= result.wake_at <= latest
    assert declared("delay", result.outputs) == {"delayed": False, "duration_seconds": seconds, "reason": "warm up"}


def test_waking_ends_the_wait() -> None:
    waiting = execute(Executor(), {"duration_seconds": 10, "reason": "warm up"})
    woken = tell(Executor(), "wake", waiting.outputs)

    assert (woken.action, woken.status) == (EventAction.COMPLETE, StepStatus.COMPLETED)
    assert declared("delay", woken.outputs) == {"delayed": True, "duration_seconds": 10, "reason": "warm up"}


@pytest.mark.parametrize("event_type", ["woken", "workflow_completed", ""])
def test_other_events_do_not_end_it(event_type: str) -> None:
    waiting = execute(Executor(), {"duration_seconds": 10})

    assert tell(Executor(), event_type, waiting.outputs) == EventResult(action=EventAction.IGNORE)


def test_no_duration_is_no_wait() -> None:
    assert yielded(Executor(), {"duration_seconds": 0}) == {"delayed": True, "duration_seconds": 0, "reason": ""}


def test_a_second_is_waited_for_unless_another_duration_is_given() -> None:
    assert execute(Executor(), {}).outputs == {"delayed": False, "duration_seconds": 1, "reason": ""}


def test_the_longest_wait_ends_before_its_timeout() -> None:
    meta = CATALOG["delay"]["meta"]
    longest = next(param for param in meta["params"] if param["name"] == "duration_seconds")["validation"]["max"]

    assert meta["execution_mode"] == "event_driven"
    assert longest < meta["timeout_seconds"]
