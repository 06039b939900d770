"""Executor of wait_until."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bud_actions.base import (
    ActionContext,
    ActionError,
    Awaiting,
    EventAction,
    EventContext,
    EventResult,
    StepStatus,
    TypedExecutor,
)
from bud_generated.builtin.wait_until import Outputs, Params

LONGEST = timedelta(hours=168)


class Executor(TypedExecutor[Params, Outputs]):
    """Lets a step wait for a moment, without holding a worker."""

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        now = context.now
        try:
            wake_at = wake_time(params, now)
        except ActionError as error:
            raise ActionError(str(error), _asleep(None, None).to_dict(), had_effect=False) from error
        outputs = _asleep(wake_at.isoformat(), round((wake_at - now).total_seconds()))
        return Awaiting(wake_at=wake_at, outputs=outputs.to_dict())

    async def on_event(self, context: EventContext) -> EventResult:
        if context.event_type != "wake":
            return EventResult(action=EventAction.IGNORE)
        woken = {"waited": True, "actual_wake_time": datetime.now(UTC).isoformat()}
        outputs = Outputs.from_dict({**context.step_outputs, **woken})
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs.to_dict())

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        given = Params.from_dict(params)
        try:
            zone = _zone(given.timezone)
            if given.until_time is not None:
                _meant(given.until_time, zone, datetime.now(UTC))
        except ActionError as error:
            return [str(error)]
        return []


def _asleep(until: str | None, seconds: float | None) -> Outputs:
    """Return the outputs before the moment has come; without a moment, those of a failure."""
    return Outputs(waited=False, scheduled_wake_time=until, actual_wake_time=None, wait_duration_seconds=seconds)


def wake_time(params: Params, now: datetime) -> datetime:
    """Return when to go on, in UTC. Raises ActionError if that is not a moment within a week after `now`."""
    zone = _zone(params.timezone)
    if params.duration_hours is not None and params.until_time is None:
        return now + timedelta(hours=params.duration_hours)
    if params.until_time is None or params.duration_hours is not None:
        raise ActionError("Either duration_hours or until_time must be specified, but not both")
    moment = _meant(params.until_time, zone, now)
    if moment <= now:
        raise ActionError(f"until_time must be in the future: {_shown(moment)} has passed, it is {_shown(now)}")
    if moment - now > LONGEST:
        raise ActionError(
            f"until_time cannot exceed 168 hours (1 week) from now: {_shown(moment)} is later, it is {_shown(now)}"
        )
    return moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ActionError(f"Invalid timezone: '{name}'") from error


def _meant(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the moment that a date with time means, or the next one after `now` at a time of day; in UTC."""
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone))
        return _next(time.fromisoformat(text), zone, now)
    except (ValueError, OverflowError) as error:
        raise ActionError(
            f"Unrecognized time format: '{text}'; use HH:MM, HH:MM:SS or YYYY-MM-DDTHH:MM:SS, of a day that exists"
        ) from error


def _next(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the first moment after `now` at which it is that time of day.

    Yesterday counts, for its time may have been moved past midnight when clocks went forward.
    """
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=offset) for offset in (-1, 0, 1, 2))
    return next(moment for day in days if (moment := _in_utc(datetime.combine(day, at, zone))) > now)


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC. A time that clocks skip is moved forward; of one that comes twice, the first is meant."""
    return moment.astimezone(UTC)


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
