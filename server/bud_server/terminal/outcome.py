"""What a run says in the end."""

import json
import shlex
from typing import Any

from bud_server.pipelines import PipelineFile, PipelineProblem
from bud_server.pipelines.problem import Path
from bud_server.runtime.secrets import masked
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import ExecutionStatus, StepStatus
from bud_server.settings import Settings
from bud_server.terminal import words
from bud_server.terminal.follow import How

MENDS = {
    "failed": "mend what it names and run it again, or retry the execution over HTTP to go on where it failed",
    "params": "correct the step's params, or what they refer to",
    "condition": "correct the step's condition, or what it refers to",
    "outputs": "correct the outputs, or what they refer to",
    "permission": "start it as somebody who has the permission",
    "missing_executor": "install the action's package; bud doctor shows what is installed",
    "secret": "set secret_key (BUD_SECRET_KEY) to the key that the secrets were kept with",
    "timeout": "raise its timeout_seconds, or find out what it waited for",
    "lost": "find out what ends the workers: the memory of the machine is the first thing to look at",
    "uncertain": "find out whether it took effect, then resolve the step over HTTP: .../steps/{step}/resolve",
    "event": "see what the event brought; bud serve shows it at /events",
}
"""What to do about a failure, by its code."""
_IS_JSON = "-H 'content-type: application/json'"
ELSEWHERE = "bud worker, bud serve or another bud run on the same database takes it up"


def failure(state: ExecutionState, file: PipelineFile) -> PipelineProblem | None:
    """Return why an execution failed, with its place in the pipeline's file and the mend; None if it did not."""
    if state.error is None or state.status is ExecutionStatus.CANCELLED:
        return None
    step_id = state.error.get("step")
    code = state.error["code"]
    if step_id is not None:
        code = (state.steps[step_id].error or state.error)["code"]
    mend = MENDS.get(code)
    hint = None if mend is None else mend.format(step=step_id)
    found = PipelineProblem(code, _path(file, code, step_id), words.one_line(state.error["message"]), hint=hint)
    return file.located([found])[0]


def _path(file: PipelineFile, code: str, step_id: str | None) -> Path:
    pipeline = file.reading.pipeline
    if step_id is None or pipeline is None:
        return ("outputs",) if code == "outputs" else ("settings", "timeout_seconds")
    return ("steps", next(index for index, step in enumerate(pipeline.steps) if step.id == step_id))


def summary(state: ExecutionState, how: How, now: float) -> str:
    """Return one line about an execution: how it stands, how long it took, and its id."""
    end = now if state.ended_at is None else state.ended_at
    spent = words.span(end - (state.started_at or end))
    if how is How.ENDED:
        return f"{_ENDED[state.status]} {spent}, execution {state.id}"
    said = "waiting" if how is How.WAITS else "left as it is"
    return f"{said} after {spent}, execution {state.id}; {ELSEWHERE}"


_ENDED = {
    ExecutionStatus.COMPLETED: "completed in",
    ExecutionStatus.FAILED: "failed after",
    ExecutionStatus.CANCELLED: "cancelled after",
}


def document(state: ExecutionState, problem: PipelineProblem | None, file: PipelineFile) -> dict[str, Any]:
    """Return what became of an execution for programs, secrets masked."""
    error = None if state.error is None else {**masked(state.error), "mend": problem.hint if problem else None}
    return {
        "execution_id": state.id,
        "pipeline": file.name,
        "status": state.status.value,
        "outputs": masked(state.outputs),
        "error": error,
        "steps": {step_id: _step_document(step) for step_id, step in state.steps.items()},
    }


def _step_document(step: StepState) -> dict[str, Any]:
    is_over = step.started_at is not None and step.ended_at is not None
    found: dict[str, Any] = {
        "status": step.status.value,
        "attempts": step.attempt,
        "seconds": round((step.ended_at or 0) - (step.started_at or 0), 3) if is_over else None,
        "outputs": masked(step.outputs),
        "error": masked(step.error),
    }
    if step.status is StepStatus.WAITING:
        found["waits_for"] = words.event_keys(step)
        found["wakes_at"] = step.wake_at
    return found


def as_json(value: object) -> str:
    """Return a result as it is printed."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def delivery(settings: Settings, step_id: str, step: StepState) -> list[str]:
    """Say how the event that a step waits for can be delivered; nothing if it waits for a moment."""
    if step.wake_at is not None:
        return []
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    keys = words.event_keys(step)
    if keys:
        body = shlex.quote(json.dumps({"workflow_id": keys[0]}))
        what, how = (
            f"an event whose workflow_id is {words.one_line(keys[0])}",
            f"curl {base}/events {_IS_JSON} -d {body}",
        )
    else:  # the token of its callback is for the other side only
        what, how = "its callback, or for an event given to it", f"curl {base}/events/EVENT/deliver {_IS_JSON} -d ..."
    return [f"{step_id} waits for {what}; to deliver it, with bud serve on the same database:", f"  {how}"]
