"""The process of one executor: reads a request, runs it, writes reports and the answer, and ends."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from operator import attrgetter
from typing import Any, TextIO

from bud_actions.base import ActionContext, Callback, EventContext, EventResult
from bud_server.outside import Outside
from bud_server.runtime.executors.answer import outputs_text
from bud_server.runtime.executors.call import Answer, Failure, call


def main() -> None:
    """Serve one request."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the executor prints is for the terminal, not for the worker
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    answer, skipped = asyncio.run(_answer(request, replies))
    _write(replies, "answer", {**_document(answer), "skipped_steps": skipped})
    replies.close()


def _end_with_input() -> None:
    """End at once, with all that was started here, when the worker closes the input or is gone."""
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


async def _answer(request: Mapping[str, Any], replies: TextIO) -> tuple[Answer, list[str]]:
    module, _, name = request["executor"].partition(":")
    executor = attrgetter(name)(import_module(module))()
    document = request["context"]
    outside = Outside.from_document(request["outside"])
    async with outside.reach() as services:
        if request["method"] == "on_event":
            return await call(executor, "on_event", EventContext(**document, services=services)), []
        context = ActionContext(
            **{**document, "callback": Callback(**document["callback"])},
            services=services,
            outbound=outside.addresses(),
            report=lambda kind, data: _write(replies, kind, data),
        )
        answer = await call(executor, request["method"], context)
    return answer, context.skipped_steps


def _write(replies: TextIO, kind: str, value: object) -> None:
    replies.write(json.dumps([kind, value], default=str, skipkeys=True) + "\n")
    replies.flush()


def _document(answer: Answer) -> dict[str, Any]:
    if answer is None:
        return {"kind": "none", "value": None}
    document = asdict(answer)
    if isinstance(answer, Failure):
        return {"kind": "failure", "value": document}
    if isinstance(answer, EventResult):
        return {"kind": "event", "value": document}
    try:
        outputs_text(answer.outputs)
    except ValueError as error:
        return {"kind": "failure", "value": asdict(Failure(str(error)))}
    if answer.wake_at is not None:
        document["wake_at"] = answer.wake_at.isoformat()
    return {"kind": "result", "value": document}


if __name__ == "__main__":
    main()
