"""wait_until finds the moment that is meant, whatever clocks do, and waits for a timer of the engine."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionError, EventAction, EventResult, StepStatus
from bud_actions.builtin.wait_until import Executor, wake_time
from bud_generated.builtin.wait_until import Params
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, declared, execute, tell

BERLIN, NEW_YORK, KOLKATA = "Europe/Berlin", "America/New_York", "Asia/Kolkata"


def woken_at(now: str, until: str, zone: str = "UTC") -> str:
    """Return the moment in UTC that is meant by a time, for an instant in UTC."""
    at = wake_time(Params(until_time=until, timezone=zone), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert at.utcoffset() == timedelta(0)
    return at.replace(tzinfo=None).isoformat()


@pytest.mark.parametrize(
    ("now", "until", "zone", "expected"),
    [
        pytest.param("2024-01-26T08:00", "09:00", "UTC", "2024-01-26T09:00:00", id="later today"),
        pytest.param("2024-01-26T10:00", "09:00", "UTC", "2024-01-27T09:00:00", id="tomorrow"),
        pytest.param("2024-01-26T09:00", "09:00", "UTC", "2024-01-27T09:00:00", id="now is not the next"),
        pytest.param("2024-01-26T08:59:59.999999", "09:00", "UTC", "2024-01-26T09:00:00", id="at once"),
        pytest.param("2024-01-26T08:00", "09:00:30", "UTC", "2024-01-26T09:00:30", id="with seconds"),
        pytest.param("2024-01-26T23:59:59", "00:00", "UTC", "2024-01-27T00:00:00", id="over midnight"),
        pytest.param("2024-12-31T23:30", "00:15", "UTC", "2025-01-01T00:15:00", id="over the year"),
        pytest.param("2024-02-28T12:00", "09:00", "UTC", "2024-02-29T09:00:00", id="onto a leap day"),
        pytest.param("2023-02-28T12:00", "09:00", "UTC", "2023-03-01T09:00:00", id="past no leap day"),
        pytest.param("2024-01-26T20:00", "09:00", KOLKATA, "2024-01-27T03:30:00", id="tomorrow there is today here"),
        pytest.param("2024-01-26T02:00", "23:00", NEW_YORK, "2024-01-26T04:00:00", id="yesterday there"),
        pytest.param("2024-03-30T12:00", "09:00", BERLIN, "2024-03-31T07:00:00", id="first day of summer time"),
        pytest.param("2024-10-26T12:00", "09:00", BERLIN, "2024-10-27T08:00:00", id="first day of winter time"),
        pytest.param("2024-03-30T22:00", "02:30", BERLIN, "2024-03-31T01:30:00", id="skipped in Berlin: 03:30"),
        pytest.param("2024-03-10T05:00", "02:30", NEW_YORK, "2024-03-10T07:30:00", id="skipped in New York: 03:30"),
        pytest.param("2024-10-26T22:00", "02:30", BERLIN, "2024-10-27T00:30:00", id="twice in Berlin: the first"),
        pytest.param("2024-11-03T04:00", "01:30", NEW_YORK, "2024-11-03T05:30:00", id="twice in New York: the first"),
        pytest.param("2024-10-27T00:45", "02:30", BERLIN, "2024-10-28T01:30:00", id="the second is not waited for"),
        pytest.param("1919-03-31T04:35", "23:45", "America/Toronto", "1919-03-31T04:45:00", id="moved over midnight"),
    ],
)
def test_a_time_of_day_means_its_next_occurrence(now: str, until: str, zone: str, expected: str) -> None:
    assert woken_at(now, until, zone) == expected


@pytest.mark.parametrize(
    ("now", "until", "zone", "expected"),
    [
        pytest.param("2024-01-26T09:00", "2024-01-27T09:00:00", "UTC", "2024-01-27T09:00:00", id="UTC"),
        pytest.param("2024-01-26T09:00", "2024-01-27T09:00", BERLIN, "2024-01-27T08:00:00", id="in the zone"),
        pytest.param("2024-01-26T09:00", "2024-01-27T09:00Z", BERLIN, "2024-01-27T09:00:00", id="Z before the zone"),
        pytest.param("2024-01-26T09:00", "2024-01-27T09:00:00+05:30", BERLIN, "2024-01-27T03:30:00", id="offset"),
        pytest.param("2024-01-26T09:00", "2024-01-27T09:00:00.5-0500", "UTC", "2024-01-27T14:00:00.500000", id="short"),
        pytest.param("2024-02-28T09:00", "2024-02-29T09:00", "UTC", "2024-02-29T09:00:00", id="leap day"),
        pytest.param("2024-03-30T09:00", "2024-03-31T02:30", BERLIN, "2024-03-31T01:30:00", id="skipped"),
        pytest.param("2024-10-26T09:00", "2024-10-27T02:30", BERLIN, "2024-10-27T00:30:00", id="twice"),
        pytest.param("2024-10-26T09:00", "2024-10-27T02:30+01:00", BERLIN, "2024-10-27T01:30:00", id="the second"),
        pytest.param("2024-01-26T09:00", "2024-02-02T09:00", "UTC", "2024-02-02T09:00:00", id="exactly a week"),
    ],
)
def test_a_date_with_time_means_that_moment(now: str, until: str, zone: str, expected: str) -> None:
    assert woken_at(now, until, zone) == expected


@given(
    now=st.datetimes(datetime(1970, 1, 3), datetime(2100, 1, 1)),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    zone=st.sampled_from([BERLIN, NEW_YORK, KOLKATA, "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut"]),
)
def test_the_next_occurrence_is_near_and_shows_the_time_on_the_clock(now: datetime, at: time, zone: str) -> None:
    start = now.replace(tzinfo=UTC)
    meant = wake_time(Params(until_time=at.isoformat(), timezone=zone), start)
    local = meant.astimezone(ZoneInfo(zone))
    skipped = datetime.combine(local.date(), at, ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))

    assert timedelta(0) < meant - start <= timedelta(hours=26)
    assert local.time() in (at, skipped.time())


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (
            "2024-01-26T08:59:59",
            "until_time must be in the future: 2024-01-26T08:59:59+00:00 has passed, it is 2024-01-26T09:00:00+00:00",
        ),
        (
            "2024-01-26T09:00",
            "until_time must be in the future: 2024-01-26T09:00:00+00:00 has passed, it is 2024-01-26T09:00:00+00:00",
        ),
        (
            "2024-02-02T09:00:01",
            "until_time cannot exceed 168 hours (1 week) from now: 2024-02-02T09:00:01+00:00 is later, "
            "it is 2024-01-26T09:00:00+00:00",
        ),
    ],
)
def test_a_moment_lies_ahead_by_at_most_a_week(until: str, message: str) -> None:
    with pytest.raises(ActionError) as raised:
        woken_at("2024-01-26T09:00", until)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    "until", ["2023-02-29T09:00", "2024-04-31T09:00", "0000-01-01T00:00", "0001-01-01T00:00+05:00"]
)
def test_a_day_that_does_not_exist_is_found_before_the_step_runs(until: str) -> None:
    message = f"Unrecognized time format: '{until}'; use HH:MM, HH:MM:SS or YYYY-MM-DDTHH:MM:SS, of a day that exists"

    assert Executor().validate_params({"until_time": until}) == [message]
    assert execute(Executor(), {"until_time": until}).error == message


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "Europe/", "leapseconds", "berlin"])
def test_an_unknown_time_zone_is_found_before_the_step_runs(zone: str) -> None:
    assert Executor().validate_params({"duration_hours": 1, "timezone": zone}) == [f"Invalid timezone: '{zone}'"]
    assert execute(Executor(), {"until_time": "09:00", "timezone": zone}).error == f"Invalid timezone: '{zone}'"


@pytest.mark.parametrize(
    "params", [{"duration_hours": 1}, {"until_time": "09:00", "timezone": KOLKATA}, {"until_time": "2001-01-01T09:00"}]
)
def test_what_only_a_clock_can_tell_is_left_to_the_run(params: dict[str, Any]) -> None:
    assert Executor().validate_params(params) == []


def test_params_that_no_rule_was_asked_about_need_one_of_both() -> None:
    for params in (Params(), Params(duration_hours=1, until_time="09:00")):
        with pytest.raises(ActionError, match="Either duration_hours or until_time"):
            wake_time(params, datetime.now(UTC))


@pytest.mark.parametrize("hours", [0.0167, 0.5, 168])
def test_a_duration_counts_from_now(hours: float) -> None:
    earliest = datetime.now(UTC) + timedelta(hours=hours)
    result = execute(Executor(), {"duration_hours": hours})
    latest = datetime.now(UTC) + timedelta(hours=hours)

    assert result.success
    assert result.awaiting_event
    assert result.wake_at is not None
    assert earliest <= result.wake_at <= latest
    assert declared("wait_until", result.outputs) == {
        "waited": False,
        "scheduled_wake_time": result.wake_at.isoformat(),
        "actual_wake_time": None,
        "wait_duration_seconds": round(hours * 3600),
    }


@pytest.mark.parametrize("hours", [0, 0.0166, 168.01, -1])
def test_a_duration_is_a_minute_to_a_week(hours: float) -> None:
    assert list(ParamValidator(CATALOG["wait_until"]["meta"]).validate({"duration_hours": hours}))


def test_the_longest_wait_ends_before_its_timeout() -> None:
    assert timedelta(hours=168).total_seconds() < CATALOG["wait_until"]["meta"]["timeout_seconds"]


def test_a_time_of_day_is_waited_for_in_its_zone() -> None:
    result = execute(Executor(), {"until_time": "09:00", "timezone": KOLKATA})

    assert result.wake_at is not None
    assert result.wake_at.astimezone(ZoneInfo(KOLKATA)).time() == time(9)
    assert declared("wait_until", result.outputs)["scheduled_wake_time"] == result.wake_at.isoformat()


def test_waking_ends_the_wait() -> None:
    waiting = execute(Executor(), {"duration_hours": 2}).outputs
    before = datetime.now(UTC)
    woken = tell(Executor(), "wake", waiting)
    outputs = declared("wait_until", woken.outputs)

    assert (woken.action, woken.status) == (EventAction.COMPLETE, StepStatus.COMPLETED)
    assert before <= datetime.fromisoformat(outputs["actual_wake_time"]) <= datetime.now(UTC)
    assert outputs == {**waiting, "waited": True, "actual_wake_time": outputs["actual_wake_time"]}


def test_other_events_do_not_end_it() -> None:
    waiting = execute(Executor(), {"duration_hours": 2}).outputs

    assert tell(Executor(), "workflow_completed", waiting) == EventResult(action=EventAction.IGNORE)


def test_the_last_day_of_the_calendar_is_too_far() -> None:
    with pytest.raises(ActionError, match="cannot exceed 168 hours"):
        woken_at("2024-01-26T09:00", "9999-12-31T23:59:59")
