"""Executors in the worker's own event loop, and in threads with a loop each."""

import asyncio
import threading
from dataclasses import replace

from bud_actions.base import ActionContext, BaseActionExecutor, EventContext
from bud_server.runtime.executors.call import Answer, Method, call
from bud_server.services.across import Across


async def in_loop(executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext) -> Answer:
    """Return the answer of an executor that does not block. Cancelling cancels it."""
    return await call(executor, method, context)


async def in_thread(executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext) -> Answer:
    """Return the answer of an executor that may block.

    Cancelling cancels what it awaits. Code that blocks cannot be interrupted: its thread is left to itself, and what it
    returns is not looked at.
    """
    outer = asyncio.get_running_loop()
    if context.services is not None:
        context = replace(context, services=Across(context.services, outer))
    answer: asyncio.Future[Answer] = outer.create_future()
    inner = asyncio.new_event_loop()
    task = inner.create_task(call(executor, method, context))

    def run() -> None:
        try:
            result = inner.run_until_complete(task)
        except asyncio.CancelledError:
            return
        finally:
            inner.close()
        if not outer.is_closed():
            outer.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(result))

    threading.Thread(target=run, name=f"bud-{type(executor).__module__}", daemon=True).start()
    try:
        return await answer
    except asyncio.CancelledError:
        if not inner.is_closed():
            inner.call_soon_threadsafe(task.cancel)
        raise
