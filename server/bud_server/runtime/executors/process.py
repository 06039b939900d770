"""Executors in processes of their own, which can be killed whatever they do.

The two sides exchange lines of JSON: the request goes in, reports and the answer come out. The process ends when its
input does, so that it never outlives the worker.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor, EventContext, EventResult
from bud_server.outside import Outside
from bud_server.runtime.executors.call import Answer, Failure, Method

LONGEST_LINE = 16 * 1024 * 1024
GRACE_SECONDS = 2.0
"""Between asking a process to end and killing it."""


async def in_process(
    executor: BaseActionExecutor,
    method: Method,
    context: ActionContext | EventContext,
    outside: Outside,
) -> Answer:
    """Return the answer of an executor run in a new process. Cancelling ends the process and all that it started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bud_server.runtime.executors.host",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=LONGEST_LINE,
    )
    try:
        return await _converse(process, _request(executor, method, context, outside), context)
    finally:
        await _end(process)


def _request(
    executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext, outside: Outside
) -> bytes:
    kind = type(executor)
    request = {
        "executor": f"{kind.__module__}:{kind.__qualname__}",
        "method": method,
        "outside": outside.document(),
        "context": context_document(context),
    }
    return json.dumps(request).encode() + b"\n"


_ASKED_FOR = ("services", "outbound", "report", "holds", "skipped_steps", "callback")


def context_document(context: ActionContext | EventContext) -> dict[str, Any]:
    """Return what a context tells, as JSON; what it can be asked for is made anew on the other side."""
    told = {name: value for name, value in vars(context).items() if name not in _ASKED_FOR}
    if isinstance(context, EventContext):
        return told
    outputs = {step: dict(values) for step, values in context.step_outputs.items()}
    return {**told, "step_outputs": outputs, "callback": asdict(context.callback)}


async def _converse(
    process: asyncio.subprocess.Process, request: bytes, context: ActionContext | EventContext
) -> Answer:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    try:
        process.stdin.write(request)
        await process.stdin.drain()
        async for line in process.stdout:
            kind, value = json.loads(line)
            if kind == "answer":
                return _read_answer(value, context)
            if isinstance(context, ActionContext):
                context.report(kind, value)
    except (BrokenPipeError, ConnectionResetError, ValueError) as error:
        await process.wait()
        return Failure(f"The executor's process broke off: {error}")
    code = await process.wait()
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return Failure(f"The executor's process {how} before it answered")


def _read_answer(value: Mapping[str, Any], context: ActionContext | EventContext) -> Answer:
    kind = value["kind"]
    document = value["value"]
    if kind == "none":
        return None
    if kind == "failure":
        return Failure(**document)
    if kind == "event":
        return EventResult(**document)
    if isinstance(context, ActionContext):
        context.skipped_steps.extend(value["skipped_steps"])
    if document["wake_at"] is not None:
        document["wake_at"] = datetime.fromisoformat(document["wake_at"])
    document["correlation_keys"] = tuple(document["correlation_keys"])
    return ActionResult(**document)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process and its children: first by closing its input, then by a signal that cannot be ignored."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), GRACE_SECONDS)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    await process.wait()
