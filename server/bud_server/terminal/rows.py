"""What is to be said of each step at a moment, however it is drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bud_server.runtime.evolve import Entry
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import StepStatus, Work
from bud_server.terminal import words


@dataclass(frozen=True, slots=True)
class Row:
    """One step."""

    step: str
    status: str
    """A word: `running`, `waiting`, `retrying` ..."""
    seconds: float | None
    """How long it has taken so far; None if it has not begun."""
    about: str
    """Which attempt it is, if not the first; how far it is, what it waits for, why it failed, or the last line it
    logged."""


def rows_of(state: ExecutionState, logs: Mapping[str, str], now: float) -> list[Row]:
    """Return all steps in the order of the definition; `logs` has the last line of each that logged one."""
    return [_row(step_id, step, logs.get(step_id, ""), now) for step_id, step in state.steps.items()]


def _row(step_id: str, step: StepState, log: str, now: float) -> Row:
    end = step.ended_at if step.ended_at is not None else now
    seconds = None if step.started_at is None else end - step.started_at
    attempt = f"attempt {step.attempt}" if step.attempt > 1 else ""
    return Row(step_id, status_word(step), seconds, "  ".join(filter(None, [attempt, _about(step, log, now)])))


def status_word(step: StepState) -> str:
    """Return where a step stands, in a word."""
    if step.status.is_terminal:
        return _ENDED.get(step.status, step.status.lower())
    if step.stop is not None:
        return "stopping"
    if step.retry_at is not None:
        return "retrying"
    if step.status is StepStatus.PENDING:
        return "queued" if step.is_active else "pending"
    return step.status.lower()


_ENDED = {StepStatus.TIMEOUT: "timed out"}


def _about(step: StepState, log: str, now: float) -> str:
    message = words.one_line((step.error or {}).get("message", ""))
    if step.status is StepStatus.SKIPPED:
        return words.skip_reason(step)
    if step.status is StepStatus.COMPLETED:
        return log
    if step.status.is_terminal:
        return message
    if step.retry_at is not None:
        return f"again at {words.moment(step.retry_at, now)}: {message}"
    is_waiting = step.status is StepStatus.WAITING and step.work in (None, Work.POLL)
    parts = [
        words.progress(step.progress) if step.progress else "",
        words.awaited(step, now) if is_waiting else "",
        log if step.is_active else "",
    ]
    return "  ".join(filter(None, parts))


def last_logs(logs: dict[str, str], entries: Iterable[Entry]) -> None:
    """Bring the last lines that steps logged up to date."""
    for entry in entries:
        if entry.kind == "log" and entry.step is not None and entry.data.get("event") != "executor_raised":
            logs[entry.step] = words.logged(entry.data)


def counts(rows: Iterable[Row]) -> str:
    """Count steps: `3 of 5 steps ended, 1 running, 1 waiting`."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.status] = found.get(row.status, 0) + 1
    total = sum(found.values())
    ended = total - sum(found.get(word, 0) for word in _OPEN)
    steps = "step" if total == 1 else "steps"
    under_way = [f"{found[word]} {word}" for word in _OPEN if word in found and word != "pending"]
    return ", ".join([f"{ended} of {total} {steps} ended", *under_way])


_OPEN = ("running", "waiting", "retrying", "stopping", "queued", "pending")


def most_telling(rows: list[Row], most: int) -> list[Row]:
    """Return at most so many rows, in their order: what is under way or failed before all else."""
    if len(rows) <= most:
        return rows
    ranks = {row.step: (_RANKS.get(row.status, 0), -(row.seconds or 0.0)) for row in rows}
    chosen = {row.step for row in sorted(rows, key=lambda row: ranks[row.step])[: max(0, most)]}
    return [row for row in rows if row.step in chosen]


_RANKS = {"completed": 2, "pending": 1, "skipped": 3, "cancelled": 2}
"""Later ones are left out first; what is not listed is shown first."""
