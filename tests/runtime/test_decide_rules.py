"""Each rule by which executions go on, alone."""

from typing import Any

import pytest

from bud_server.runtime import inputs
from bud_server.runtime.decide import Refusal
from bud_server.runtime.status import ExecutionStatus, Work
from tests.runtime.reference import ABANDON_SECONDS, JITTER
from tests.runtime.support import RETRIES, UNCERTAIN, Run, step

# Which steps run


def test_a_step_starts_when_all_it_depends_on_has_ended() -> None:
    run = Run(step("a"), step("b"), step("c", "a", "b"))
    run.succeed("a")
    assert run.works == {"b": Work.EXECUTE}
    run.succeed("b")
    assert run.works == {"c": Work.EXECUTE}
    run.succeed("c")
    assert run.end == ("COMPLETED", None)


def test_a_false_condition_skips_and_a_broken_one_fails() -> None:
    run = Run(step("a", condition=False), step("b", condition="an error"), is_fail_fast=False)
    assert (run["a"].reason, run.code("b")) == ("condition", "condition")
    assert run.statuses == {"a": "SKIPPED", "b": "FAILED"}
    assert run.end == ("FAILED", "step_failed")


def test_no_step_is_attempted_that_ends_before_it_starts() -> None:
    run = Run(step("a"), step("b", condition="an error"))
    assert run.statuses == {"a": "SKIPPED", "b": "FAILED"}
    assert run["a"].attempt == 0


def test_a_skip_goes_on_through_two_levels() -> None:
    run = Run(step("a", condition=False), step("b", "a"), step("c", "b"))
    assert [run[each].reason for each in "abc"] == ["condition", "dependency", "dependency"]
    assert run.end == ("COMPLETED", None)


def test_one_dependency_that_was_not_skipped_is_enough() -> None:
    run = Run(step("a", condition=False), step("b"), step("c", "a", "b"))
    run.succeed("b")
    assert run.works == {"c": Work.EXECUTE}


def test_a_branch_that_is_decided_against_is_skipped_with_what_follows() -> None:
    run = Run(step("a"), step("b", "a"), step("c", "a"), step("d", "b"))
    run.succeed("a", "b", "unknown")
    assert [run[each].reason for each in "bd"] == ["branch", "dependency"]
    assert run.works == {"c": Work.EXECUTE}


def test_a_branch_that_is_under_way_is_not_skipped() -> None:
    run = Run(step("a"), step("b"))
    run.succeed("a", "b")
    assert run.works == {"b": Work.EXECUTE}


def test_a_branch_that_is_ready_is_skipped() -> None:
    run = Run(step("a"), step("b"), step("c"), most_parallel=1)
    run.succeed("a", "b")
    assert run["b"].reason == "branch"
    assert run.works == {"c": Work.EXECUTE}


def test_no_more_steps_are_under_way_than_may_be_and_waits_count() -> None:
    run = Run(*(step(each) for each in "abcd"), most_parallel=2)
    assert [list(run.works), list(run.state.ready)] == [["a", "b"], ["c", "d"]]
    run.wait("a")
    assert list(run.state.ready) == ["c", "d"]
    run.succeed("b")
    assert [list(run.works), list(run.state.ready)] == [["c"], ["d"]]


def test_what_becomes_ready_together_starts_in_the_order_of_the_definition() -> None:
    steps = step("a"), step("x", "a", condition=False), step("y", "a", "x"), step("z", "a")
    run = Run(*steps, most_parallel=1)
    run.succeed("a")
    assert [list(run.works), list(run.state.ready)] == [["y"], ["z"]]


def test_what_was_ready_earlier_starts_earlier() -> None:
    run = Run(step("late", "a"), step("a"), step("b"), step("c"), most_parallel=2)
    run.succeed("a")
    assert [list(run.works), list(run.state.ready)] == [["b", "c"], ["late"]]


# Failures


def test_fail_fast_skips_what_has_not_begun_and_stops_the_rest() -> None:
    run = Run(step("a"), step("b"), step("c", "a"), step("d", "b"))
    run.begin("b")
    run.fail("a")
    assert run.statuses == {"a": "FAILED", "b": "RUNNING", "c": "SKIPPED", "d": "SKIPPED"}
    assert (run["c"].reason, run["b"].stop, run.end[0]) == ("ending", "cancel", "RUNNING")
    run.stopped("b")
    assert (run.statuses["b"], run.end) == ("CANCELLED", ("FAILED", "step_failed"))


def test_without_fail_fast_independent_branches_go_on() -> None:
    run = Run(step("a"), step("b"), step("c", "a"), step("d", "b"), is_fail_fast=False)
    run.fail("a")
    run.succeed("b")
    run.succeed("d")
    assert run.statuses == {"a": "FAILED", "b": "COMPLETED", "c": "SKIPPED", "d": "COMPLETED"}
    assert (run["c"].reason, run.end) == ("dependency", ("FAILED", "step_failed"))


def test_a_step_may_fail_without_any_harm() -> None:
    run = Run(step("a", goes_on_after_failure=True), step("b", "a"))
    run.fail("a")
    run.succeed("b")
    assert (run.statuses["a"], run.end) == ("FAILED", ("COMPLETED", None))


def test_outputs_that_cannot_be_evaluated_fail_the_execution() -> None:
    run = Run(step("a"), outputs={"broken": True})
    run.succeed("a")
    assert run.end == ("FAILED", "outputs")


def test_the_outputs_are_evaluated_at_the_end() -> None:
    run = Run(step("a"), step("b", condition=False))
    run.succeed("a")
    assert run.state.outputs == {"completed": ["a"]}


def test_an_execution_without_steps_completes() -> None:
    assert Run().end == ("COMPLETED", None)


# Retries


def test_a_failed_attempt_is_made_again_after_about_the_wait_and_only_so_often() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    for wait in (10.0, 20.0):
        run.fail("a")
        retry_at = run["a"].retry_at
        assert retry_at is not None
        assert abs(retry_at - run.now - wait) <= JITTER * wait
        assert run.after(wait * (1 - JITTER) - 0.1, "a") == ()
        run.after(wait * 3 * JITTER, "a")
        assert run.works == {"a": Work.EXECUTE}
    run.fail("a")
    assert (run["a"].tries, run.end) == (3, ("FAILED", "step_failed"))


def test_different_steps_are_tried_again_at_different_moments() -> None:
    run = Run(*(step(f"s{each}", retries=RETRIES, is_idempotent=True) for each in range(9)))
    for each in range(9):
        run.fail(f"s{each}")
    assert len({each.retry_at for each in run.state.steps.values()}) == 9


def test_what_is_not_idempotent_is_made_again_only_if_nothing_changed() -> None:
    run = Run(step("a", retries=RETRIES), step("b", retries=RETRIES), is_fail_fast=False)
    run.fail("a", had_effect=True)
    run.fail("b", had_effect=False)
    assert (run.statuses["a"], run["b"].retry_at is not None) == ("FAILED", True)


def test_a_final_failure_is_not_made_again() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    run.fail("a", is_final=True)
    assert run.end[0] == "FAILED"


def test_nothing_of_a_failed_attempt_is_left_in_the_outputs_of_the_next() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    run.fail("a", outputs={"partial": 1})
    run.after(20.0, "a")
    run.succeed("a", whole=2)
    assert run["a"].outputs == {"whole": 2}


def test_nothing_is_made_again_once_the_execution_is_ending() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    run.begin("a")
    run.cancel()
    run.fail("a")
    assert run.statuses == {"a": "CANCELLED"}


# Time


def test_a_running_attempt_that_takes_too_long_is_stopped_and_made_again() -> None:
    run = Run(step("a", attempt_seconds=5.0, retries=RETRIES, is_idempotent=True))
    run.begin("a")
    run.after(5.0, "a")
    assert (run["a"].stop, run.statuses["a"]) == ("timeout", "RUNNING")
    run.stopped("a")
    assert (run.code("a"), run["a"].retry_at is not None) == ("timeout", True)


def test_a_timeout_of_what_is_not_idempotent_is_not_made_again() -> None:
    run = Run(step("a", attempt_seconds=5.0, retries=RETRIES))
    run.begin("a")
    run.after(5.0, "a")
    run.stopped("a")
    assert (run.statuses["a"], run.end) == ("TIMEOUT", ("FAILED", "step_failed"))


def test_the_deadline_of_a_step_ends_it_whatever_its_retries_say() -> None:
    run = Run(step("a", timeout_seconds=8.0, retries=RETRIES, is_idempotent=True))
    run.fail("a")
    run.after(8.0, "a")
    assert run.statuses == {"a": "TIMEOUT"}


def test_the_deadline_of_a_step_stops_a_running_attempt() -> None:
    run = Run(step("a", timeout_seconds=8.0, retries=RETRIES, is_idempotent=True))
    run.begin("a")
    run.after(8.0, "a")
    assert (run["a"].stop, run.statuses["a"]) == ("timeout", "RUNNING")
    run.stopped("a")
    assert run.statuses == {"a": "TIMEOUT"}


def test_a_step_that_no_worker_took_times_out_at_its_deadline() -> None:
    run = Run(step("a", timeout_seconds=8.0))
    run.after(8.0, "a")
    assert run.statuses == {"a": "TIMEOUT"}


def test_the_deadline_of_an_execution_ends_it() -> None:
    run = Run(step("a"), step("b", "a"), timeout_seconds=50.0)
    run.begin("a")
    assert run.after(49.0) == ()
    run.after(1.0)
    assert (run["b"].reason, run["a"].stop) == ("ending", "cancel")
    run.stopped("a")
    assert run.end == ("FAILED", "timeout")


def test_a_worker_that_does_not_confirm_a_stop_is_not_waited_for() -> None:
    run = Run(step("a"))
    run.begin("a")
    fence = run["a"].fence
    run.cancel()
    assert run.after(ABANDON_SECONDS - 1, "a") == ()
    run.after(1.0, "a")
    assert run.end == ("CANCELLED", "cancelled")
    assert run.tell(inputs.AttemptStopped("a", fence)) == ()


# Events and waits


def test_an_event_completes_a_step_beside_what_it_told_before() -> None:
    run = Run(step("a"))
    run.wait("a", outputs={"id": 1})
    run.arrive("a")
    assert run.works == {"a": Work.EVENT}
    run.succeed("a", found=2)
    assert run["a"].outputs == {"id": 1, "found": 2}


def test_a_step_waits_on_after_an_event_that_is_ignored() -> None:
    run = Run(step("a"))
    run.wait("a")
    run.arrive("a")
    run.tell(inputs.EventIgnored("a", run["a"].fence, "e", {"current": 50}))
    assert (run.statuses["a"], run["a"].keys, run["a"].progress) == ("WAITING", ("key",), {"current": 50})
    run.arrive("a")
    assert run.works == {"a": Work.EVENT}


def test_an_event_that_could_not_be_handled_is_handled_again_later() -> None:
    run = Run(step("a"))
    run.wait("a")
    run.arrive("a")
    run.tell(inputs.EventFailed("a", run["a"].fence, "e", {"code": "event", "message": ""}, run.now + 4.0))
    assert run.works == {}
    run.after(4.0, "a")
    assert run.works == {"a": Work.EVENT}


def test_an_event_that_is_late_or_of_an_earlier_attempt_changes_nothing() -> None:
    run = Run(step("a"), step("b"))
    run.wait("b")
    assert run.tell(inputs.EventArrived("b", run["b"].attempt - 1)) == ()
    run.succeed("a")
    assert run.arrive("a") == ()


def test_the_deadline_of_a_wait_polls_once_more() -> None:
    run = Run(step("a"))
    run.wait("a", timeout_seconds=30.0)
    run.after(30.0, "a")
    assert run.works == {"a": Work.POLL}
    run.stopped("a")
    assert run.statuses == {"a": "TIMEOUT"}


def test_a_poll_may_find_that_the_work_is_done() -> None:
    run = Run(step("a"))
    run.wait("a", timeout_seconds=30.0)
    run.after(30.0, "a")
    run.succeed("a")
    assert run.end == ("COMPLETED", None)


def test_the_moment_that_a_step_waits_for_wakes_it() -> None:
    run = Run(step("a"))
    run.wait("a", wake_at=1007.0)
    run.after(7.0, "a")
    assert run.works == {"a": Work.WAKE}
    run.succeed("a")
    assert run.end == ("COMPLETED", None)


def test_a_deadline_waits_while_an_event_is_being_handled() -> None:
    run = Run(step("a"))
    run.wait("a", timeout_seconds=30.0)
    run.arrive("a")
    assert run["a"].due_at is None
    assert run.after(31.0, "a") == ()
    run.tell(inputs.EventIgnored("a", run["a"].fence, "e"))
    run.after(0.0, "a")
    assert run.works == {"a": Work.POLL}


# Lost workers


def test_a_lost_attempt_is_followed_by_one_that_finds_out() -> None:
    run = Run(step("a"))
    run.begin("a")
    fence = run["a"].fence
    run.lose("a")
    assert (run["a"].attempt, run["a"].tries, run.works) == (2, 1, {"a": Work.RECOVER})
    assert run["a"].fence > fence
    assert run.tell(inputs.AttemptSucceeded("a", fence)) == ()


def test_three_losses_are_the_end() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    for _ in range(3):
        run.begin("a")
        run.lose("a")
    assert (run.statuses["a"], run.code("a"), run["a"].attempt) == ("FAILED", "lost", 3)


@pytest.mark.parametrize("work", [Work.EVENT, Work.WAKE, Work.POLL, Work.CLEANUP])
def test_other_work_that_is_lost_is_queued_again(work: Work) -> None:
    run = Run(step("a"))
    run.wait("a", timeout_seconds=30.0, wake_at=1007.0 if work is Work.WAKE else None)
    if work is Work.CLEANUP:
        run.cancel()
    elif work is Work.EVENT:
        run.arrive("a")
    else:
        run.after(7.0 if work is Work.WAKE else 30.0, "a")
    fence = run["a"].fence
    run.lose("a")
    assert (run.works, run["a"].fence, run["a"].attempt) == ({"a": work}, fence + 1, 1)


def test_a_moment_that_came_before_the_deadline_counts_however_late_it_is_looked_at() -> None:
    run = Run(step("a", timeout_seconds=20.0))
    run.wait("a", timeout_seconds=10.0, wake_at=1007.0)
    run.after(1000.0, "a")
    assert run.works == {"a": Work.WAKE}


def test_work_that_its_worker_never_heard_of_is_no_loss() -> None:
    run = Run(step("a", is_idempotent=False))
    for _ in range(5):
        run.begin("a")
        run.tell(inputs.WorkerLost("a", run["a"].fence, has_begun=False))
    assert (run.works, run["a"].attempt, run["a"].losses) == ({"a": Work.EXECUTE}, 6, 0)


def test_what_succeeded_before_it_could_be_stopped_has_succeeded() -> None:
    run = Run(step("a"))
    run.begin("a")
    run.cancel()
    run.succeed("a")
    assert (run.statuses["a"], run.state.status) == ("COMPLETED", ExecutionStatus.CANCELLED)


def test_what_the_worker_of_earlier_work_says_changes_nothing() -> None:
    run = Run(step("a"))
    run.begin("a")
    old = run["a"].fence
    run.lose("a")
    run.begin("a")
    error = {"code": "failed", "message": ""}
    stale: tuple[inputs.Input, ...] = (
        inputs.AttemptStarted("a", old, "w"),
        inputs.AttemptSucceeded("a", old),
        inputs.AttemptFailed("a", old, error),
        inputs.AttemptWaiting("a", old),
        inputs.AttemptStopped("a", old),
        inputs.WorkerLost("a", old),
        inputs.EventIgnored("a", old, "e"),
        inputs.EventFailed("a", old, "e", error, None),
        inputs.Reported("a", old, (("log", {}),)),
    )
    assert [run.tell(each) for each in stale] == [()] * len(stale)


def test_an_attempt_starts_once() -> None:
    run = Run(step("a"))
    run.begin("a", "a")
    assert run["a"].tries == 1


# Cancelling


def test_cancelling_what_no_worker_took_ends_it_at_once() -> None:
    run = Run(step("a"), step("b", "a"))
    run.cancel()
    assert run.statuses == {"a": "CANCELLED", "b": "SKIPPED"}
    assert run.end == ("CANCELLED", "cancelled")


@pytest.mark.parametrize("attempt_seconds", [None, 5.0])
def test_cancelling_a_running_attempt_waits_until_it_has_stopped(attempt_seconds: float | None) -> None:
    run = Run(step("a", attempt_seconds=attempt_seconds))
    run.begin("a")
    run.cancel()
    assert (run["a"].stop, run.end[0]) == ("cancel", "RUNNING")
    run.stopped("a")
    assert run.end == ("CANCELLED", "cancelled")


def test_cancelling_a_wait_cleans_up() -> None:
    run = Run(step("a"))
    run.wait("a")
    run.cancel()
    assert run.works == {"a": Work.CLEANUP}
    assert run.arrive("a") == ()
    run.stopped("a")
    assert run.end == ("CANCELLED", "cancelled")


def test_cancelling_an_attempt_whose_worker_was_lost_cleans_up() -> None:
    run = Run(step("a"))
    run.begin("a")
    run.lose("a")
    run.cancel()
    assert (run.works, run["a"].stop) == ({"a": Work.CLEANUP}, "cancel")
    run.stopped("a")
    assert run.end == ("CANCELLED", "cancelled")


def test_cancelling_before_the_next_try_ends_it_at_once() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    run.fail("a")
    run.cancel()
    assert run.end == ("CANCELLED", "cancelled")
    assert run["a"].due_at is None


def test_cancelling_a_second_try_that_no_worker_took_ends_it_at_once() -> None:
    run = Run(step("a", retries=RETRIES, is_idempotent=True))
    run.fail("a")
    run.after(20.0, "a")
    run.cancel()
    assert run.end == ("CANCELLED", "cancelled")


def test_a_wait_that_begins_while_it_is_being_stopped_is_cleaned_up() -> None:
    run = Run(step("a"))
    run.begin("a")
    run.cancel()
    run.wait("a")
    assert run.works == {"a": Work.CLEANUP}


def test_what_has_ended_cannot_be_cancelled() -> None:
    run = Run(step("a"))
    run.succeed("a")
    with pytest.raises(Refusal, match="has ended already, as COMPLETED"):
        run.cancel()


# Trying executions again, and resolving steps


def test_a_retried_execution_keeps_what_completed_and_what_was_decided() -> None:
    run = Run(step("a"), step("b", "a"), step("c", "a"), step("d", "c"))
    run.succeed("a", "b", kept=1)
    run.fail("c")
    assert run.end[0] == "FAILED"
    run.retry({"new": 1})
    assert run.statuses == {"a": "COMPLETED", "b": "SKIPPED", "c": "PENDING", "d": "PENDING"}
    assert (run["a"].outputs, run["c"].attempt, run.state.params) == ({"kept": 1}, 2, {"new": 1})
    run.succeed("c")
    run.succeed("d")
    assert run.end == ("COMPLETED", None)
    assert [entry.kind for entry in run.entries].count("execution_ended") == 2


def test_a_cancelled_execution_can_be_tried_again_with_the_params_it_had() -> None:
    run = Run(step("a"))
    run.cancel()
    run.retry()
    assert (run.works, run.state.params, run.state.deadline) == ({"a": Work.EXECUTE}, {}, run.now + 7200.0)


def test_what_completed_or_has_not_ended_cannot_be_tried_again() -> None:
    run = Run(step("a"))
    with pytest.raises(Refusal, match="has not ended yet"):
        run.retry()
    run.succeed("a")
    with pytest.raises(Refusal, match="nothing to try again"):
        run.retry()


def _uncertain() -> Run:
    run = Run(step("a"), step("b", "a"))
    run.begin("a")
    run.lose("a")
    run.fail("a", UNCERTAIN, is_final=True)
    assert run.end == ("FAILED", "step_failed")
    return run


def test_an_uncertain_step_that_is_found_to_have_completed_is_not_made_again() -> None:
    run = _uncertain()
    run.resolve("a", "completed", found=1)
    assert (run.statuses["a"], run["a"].outputs, run.works) == ("COMPLETED", {"found": 1}, {"b": Work.EXECUTE})


def test_an_uncertain_step_that_is_found_to_have_failed_stays_so() -> None:
    run = _uncertain()
    run.resolve("a", "failed")
    assert (run.statuses["a"], run.code("a"), run.end[0]) == ("FAILED", "failed", "FAILED")
    with pytest.raises(Refusal, match="nothing to resolve"):
        run.resolve("a", "completed")


def test_an_uncertain_step_is_made_again_if_a_person_says_so() -> None:
    run = _uncertain()
    run.resolve("a", "retry")
    assert (run.works, run["a"].attempt) == ({"a": Work.EXECUTE}, 3)


def _two_uncertain(**members: Any) -> Run:
    run = Run(step("a"), step("b"), step("c", "a", "b"), **members)
    for each in ("a", "b"):
        run.begin(each)
    for each in ("a", "b"):
        run.lose(each)
        run.begin(each)
    for each in ("a", "b"):
        run.tell(inputs.AttemptFailed(each, run[each].fence, UNCERTAIN, is_final=True))
    return run


def test_what_is_uncertain_is_not_tried_again_with_the_rest() -> None:
    run = _two_uncertain(is_fail_fast=False)
    with pytest.raises(Refusal, match="Nobody knows whether 'a', 'b' took effect"):
        run.retry()


@pytest.mark.parametrize("outcome", ["completed", "retry"])
def test_resolving_one_step_leaves_the_other_uncertain(outcome: str) -> None:
    run = _two_uncertain(is_fail_fast=False)
    run.resolve("a", outcome)
    assert run.works == ({"a": Work.EXECUTE} if outcome == "retry" else {})
    assert run.code("b") == "uncertain"
    if outcome == "retry":
        run.succeed("a")
    assert (run.end[0], run.statuses["c"]) == ("FAILED", "SKIPPED")

    run.resolve("b", "completed")
    run.succeed("c")
    assert run.end == ("COMPLETED", None)


def test_a_fail_fast_execution_goes_on_once_nothing_is_uncertain() -> None:
    run = _two_uncertain(is_fail_fast=True)
    assert (run.end[0], run.code("a"), run.code("b")) == ("FAILED", "uncertain", "uncertain")
    run.resolve("a", "completed")
    assert (run.end[0], run.works) == ("FAILED", {})

    run.resolve("b", "completed")
    run.succeed("c")
    assert run.end == ("COMPLETED", None)


def test_no_other_step_can_be_resolved() -> None:
    run = Run(step("a"))
    run.fail("a")
    with pytest.raises(Refusal, match="nothing to resolve"):
        run.resolve("a", "completed")


# Size


def test_a_chain_of_2000_steps_comes_to_its_end() -> None:
    run = Run(step("s0"), *(step(f"s{each}", f"s{each - 1}") for each in range(1, 2000)))
    for each in range(2000):
        run.succeed(f"s{each}")
    assert run.end == ("COMPLETED", None)


def test_a_fan_out_to_2000_steps_comes_to_its_end() -> None:
    run = Run(step("first"), *(step(f"s{each}", "first") for each in range(2000)), most_parallel=100)
    run.succeed("first")
    for each in range(2000):
        assert run.state.active <= 100
        run.succeed(f"s{each}")
    assert run.end == ("COMPLETED", None)


def test_a_skip_of_2000_steps_is_decided_at_once() -> None:
    run = Run(step("s0", condition=False), *(step(f"s{each}", f"s{each - 1}") for each in range(1, 2000)))
    assert set(run.statuses.values()) == {"SKIPPED"}
