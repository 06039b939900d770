"""Progress as plain lines, one for each change: for logs, and for terminals that cannot redraw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

from bud_server.runtime.evolve import Entry
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.terminal import words


class Lines:
    """Writes each change as it becomes known."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, state: ExecutionState, entries: Sequence[Entry], now: float) -> None:
        """Write what is new; `state` is what it led to."""
        for entry in entries:
            for line in lines_of(entry, state.steps, now):
                self.remark(line)

    def remark(self, line: str) -> None:
        """Write a line about the execution as a whole."""
        print(line, file=self._out, flush=True)

    def close(self) -> None:
        """Nothing is left to do."""


class Silence:
    """Shows nothing but remarks that need a person."""

    def __init__(self, out: TextIO) -> None:
        self._lines = Lines(out)

    def show(self, state: ExecutionState, entries: Sequence[Entry], now: float) -> None:
        """Show nothing."""

    def remark(self, line: str) -> None:
        """Write a line about the execution as a whole."""
        self._lines.remark(line)

    def close(self) -> None:
        """Nothing is left to do."""


def lines_of(entry: Entry, steps: Mapping[str, StepState], now: float) -> list[str]:
    """Return what a log entry means to somebody who follows; nothing for what only the runtime needs to know."""
    if entry.kind == "steps_skipped":
        reason = words.one_line(entry.data["message"])
        return [f"{step}: skipped: {reason}" for step in entry.data["steps"]]
    if entry.step is None:
        return []
    describe = _SAID.get(entry.kind)
    said = describe(entry.data, steps[entry.step], now) if describe else []
    return [f"{entry.step}: {line}" for line in said if line]


Data = Mapping[str, Any]


def _message(data: Data) -> str:
    return words.one_line((data.get("error") or {}).get("message", ""))


def _running(data: Data, _step: StepState, _now: float) -> list[str]:
    return ["running" if data["number"] == 1 else f"running, attempt {data['number']}"]


def _waiting(data: Data, _step: StepState, now: float) -> list[str]:
    waits = StepState(keys=tuple(data["keys"]), attempt_deadline=data["deadline"], wake_at=data["wake_at"])
    return [f"waiting {words.awaited(waits, now)}"]


def _failed_attempt(data: Data, _step: StepState, now: float) -> list[str]:
    again = f"; again at {words.moment(data['retry_at'], now)}" if data["retry_at"] is not None else ""
    return [f"attempt {data['number']} failed: {_message(data)}{again}"]


def _log(data: Data, _step: StepState, _now: float) -> list[str]:
    if data.get("event") == "executor_raised":
        trace = str(words.named(data.get("data")).get("trace", ""))
        return [f"| {words.one_line(line)}" for line in _indented(trace)]
    return [f"log: {words.logged(data)}"]


def _indented(trace: str) -> Iterable[str]:
    """Yield the lines of a trace, their indentation kept."""
    for line in trace.splitlines():
        if line.strip():
            yield line.replace("\t", "    ")


def _progress(data: Data, _step: StepState, _now: float) -> list[str]:
    return [words.progress(data)]


def _ignored(data: Data, _step: StepState, _now: float) -> list[str]:
    if data["progress"] is not None:
        return [words.progress(data["progress"])]
    return ["an event changed nothing"] if data["event"] else []


def _stopping(data: Data, _step: StepState, _now: float) -> list[str]:
    return ["stopping: " + ("its time is over" if data["why"] == "timeout" else "the execution is ending")]


def _completed(_data: Data, step: StepState, _now: float) -> list[str]:
    return [f"completed{_after(step, ' in')}"]


def _failed(data: Data, step: StepState, _now: float) -> list[str]:
    how = "timed out" if data["status"] == "TIMEOUT" else "failed"
    return [f"{how}{_after(step, ' after')}: {_message(data)}"]


def _after(step: StepState, word: str) -> str:
    if step.started_at is None or step.ended_at is None:
        return ""
    return f"{word} {words.span(step.ended_at - step.started_at)}"


_SAID: Mapping[str, Callable[[Data, StepState, float], list[str]]] = {
    "attempt_started": _running,
    "attempt_waiting": _waiting,
    "attempt_stopping": _stopping,
    "attempt_failed": _failed_attempt,
    "event_ignored": _ignored,
    "event_failed": lambda data, _step, _now: [f"an event could not be handled: {_message(data)}"],
    "log": _log,
    "progress": _progress,
    "metrics": lambda data, _step, _now: [f"metrics: {words.metrics(data)}"],
    "step_completed": _completed,
    "step_failed": _failed,
    "step_cancelled": lambda _data, _step, _now: ["cancelled"],
}
