"""Runs executors by hand, and holds what they yield to what their action files declare."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from bud_actions.base import ActionContext, ActionResult, EventContext, EventResult
from bud_actions.base.executor import BaseActionExecutor
from bud_schemas import ParamValidator

CATALOG = json.loads(
    (Path(__file__).parents[2] / "generated/python/bud_generated/catalog.json").read_text(encoding="utf-8")
)["actions"]


def execute(executor: BaseActionExecutor, params: Mapping[str, Any], **context: Any) -> ActionResult:
    """Execute with the params as a server would complete them."""
    action = type(executor).__module__.rpartition(".")[2]
    validator = ParamValidator(CATALOG[action]["meta"])
    assert not list(validator.validate(params))
    return asyncio.run(executor.execute(ActionContext(params=validator.complete(params), **context)))


def tell(executor: BaseActionExecutor, event_type: str, step_outputs: Mapping[str, Any]) -> EventResult:
    """Tell an executor that waits of an event."""
    event = EventContext(
        step_execution_id="e/s",
        execution_id="e",
        external_workflow_id="",
        event_type=event_type,
        event_data={"type": event_type},
        step_outputs=step_outputs,
    )
    return asyncio.run(executor.on_event(event))


def declared(action: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs, if they can be written as JSON and are what the action declares."""
    written: dict[str, Any] = json.loads(json.dumps(dict(outputs), allow_nan=False))
    Draft202012Validator(CATALOG[action]["outputs_schema"]).validate(written)
    return written


def yielded(executor: BaseActionExecutor, params: Mapping[str, Any], **context: Any) -> dict[str, Any]:
    """Return the outputs of an execution that succeeds at once."""
    result = execute(executor, params, **context)
    assert result.success, result.error
    assert not result.awaiting_event
    return declared(type(executor).__module__.rpartition(".")[2], result.outputs)
