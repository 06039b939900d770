"""How moments, spans and what executors tell read in a terminal."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bud_server.runtime.preparation import KEY_PREFIX
from bud_server.runtime.secrets import masked
from bud_server.runtime.state import StepState

MOST_SHOWN = 500
"""Characters of one line."""


def span(seconds: float) -> str:
    """Return a span of time: `40 ms`, `1.4 s`, `12 s`, `3 m 05 s` or `2 h 10 m`."""
    if seconds < 0.95:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} m"


def moment(at: float, now: float) -> str:
    """Return a moment by the clock of this place, with its date unless that is today's."""
    local = datetime.fromtimestamp(at).astimezone()
    is_today = local.date() == datetime.fromtimestamp(now).astimezone().date()
    return local.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


def one_line(text: object) -> str:
    """Return a text that stays on its line: without control characters, and not too long."""
    calm = "".join(each if each.isprintable() else " " for each in str(text)).strip()
    return calm if len(calm) <= MOST_SHOWN else f"{calm[: MOST_SHOWN - 1]}…"


def awaited(step: StepState, now: float) -> str:
    """Say what a waiting step waits for and until when: `for run-42 until 14:03:10`."""
    until = step.wake_at if step.wake_at is not None else step.attempt_deadline
    parts = [f"for {one_line(key)}" for key in event_keys(step)[:1]]
    if not parts and step.wake_at is None:
        parts = ["for an event"]
    if until is not None:
        parts.append(f"until {moment(until, now)}")
    return " ".join(parts)


def event_keys(step: StepState) -> list[str]:
    """Return what an event may name to reach a step, without its callback token."""
    return [key for key in step.keys if not key.startswith(KEY_PREFIX)]


def progress(data: Mapping[str, Any]) -> str:
    """Return how far a step is: `40 %`, with the category if it has one."""
    share = _share(data.get("current"), data.get("total"))
    return " ".join(filter(None, [share, one_line(data.get("category") or "")]))


def _share(current: object, total: object) -> str:
    if isinstance(current, int | float) and isinstance(total, int | float) and total > 0:
        return f"{100 * current / total:.0f} %"
    return ""


def logged(data: Mapping[str, Any]) -> str:
    """Return a line of a step's log: its message, or its event with the values."""
    values = named(data.get("data"))
    event = masked(data.get("event", ""))
    level = values.pop("level", "info")
    prefix = "" if level in ("info", None) else f"{level}: "
    if "message" in values:
        event = values.pop("message") if event == "message" else f"{event}: {values.pop('message')}"
    return one_line(f"{prefix}{event}{_pairs(values)}")


def _pairs(values: Mapping[str, Any]) -> str:
    return "".join(f" {name}={value if isinstance(value, str) else as_json(value)}" for name, value in values.items())


def metrics(data: Mapping[str, Any]) -> str:
    """Return figures of a step: `loss=0.1 epoch=3`."""
    category = masked(data.get("category") or "")
    return one_line(f"{category}{_pairs(named(data.get('values')))}")


def named(values: Any) -> dict[str, Any]:
    """Return named values as they may be shown, even if their names may not."""
    shown = masked(values or {})
    return dict(shown) if isinstance(shown, Mapping) else {"values": shown}


def as_json(value: object) -> str:
    """Return a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def skip_reason(step: StepState) -> str:
    """Say why a step was skipped."""
    return _REASONS.get(step.reason or "", "")


_REASONS = {
    "condition": "its condition does not hold",
    "branch": "a branch led elsewhere",
    "dependency": "a step it depends on did not complete",
    "ending": "the execution was ending",
}
