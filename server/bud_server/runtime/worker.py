"""The worker of a process: runs executors in a thread of its own, and reports what came of them."""

import asyncio
import contextlib
import json
import os
import socket
import threading
import uuid
from collections import deque
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor, EventContext, EventResult
from bud_server.runtime import failpoints, inputs
from bud_server.runtime.engine import Assignment, Engine, Happened, NotFoundError
from bud_server.runtime.events import matching
from bud_server.runtime.executors.beside import in_loop, in_thread
from bud_server.runtime.executors.call import Answer, Failure, Method, event_outcome, has, progress_of
from bud_server.runtime.executors.process import in_process
from bud_server.runtime.preparation import Preparation, Prepared, UnpreparedError
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.status import Work
from bud_server.runtime.store.database import Transaction

CLEANUP_SECONDS = 30.0
STOP_SECONDS = 10.0
"""How long a cancelled executor may take to come to its end."""
ANSWER_SECONDS = 60.0
"""How long an executor may take over an event, a poll or a moment."""
REPORT_SECONDS = 0.2
"""How long reports are collected before they are written."""
MOST_REPORTS = 1000
"""Reports kept until they are written; the rest is counted only."""
MOST_EVENT_TRIES = 5
FIRST_EVENT_RETRY_SECONDS = 1.0
LARGEST_OUTPUTS = 1024 * 1024
"""Bytes of a step's outputs as JSON."""
_log = structlog.get_logger("bud_server.worker")


class Worker:
    """Takes work while it has room."""

    def __init__(self, preparation: Preparation, secrets: Secrets, services: Mapping[str, str], capacity: int) -> None:
        self.id = uuid.uuid4().hex
        self.about = f"{socket.gethostname()} {os.getpid()}"
        self.engine: Engine
        """Set before the start."""
        self._preparation = preparation
        self._secrets = secrets
        self._services = services
        self._capacity = capacity
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bud-worker", daemon=True)
        self._busy: set[tuple[str, str, int]] = set()
        """Execution, step and fence of the work that is under way."""
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._taken: deque[Assignment] = deque()
        self._stopping: set[tuple[str, str, int]] = set()
        self._is_closing = False
        self.was_full = threading.Event()
        """Set when work had to be left in the queue."""

    # Called from any thread

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def has_room(self, for_more: int) -> bool:
        """Whether it can take that many more."""
        if self._is_closing:
            return False
        if len(self._busy) + for_more <= self._capacity:
            return True
        self.was_full.set()
        return False

    @property
    def room(self) -> int:
        """How much more it can take."""
        return 0 if self._is_closing else max(0, self._capacity - len(self._busy))

    def take(self, assignment: Assignment) -> None:
        """Begin with work that is its own."""
        self._busy.add(_key(assignment))
        is_first = not self._taken
        self._taken.append(assignment)
        if is_first:
            self._loop.call_soon_threadsafe(self._begin_taken)

    def stop(self, execution_id: str, step_id: str, number: int) -> None:
        """Stop an attempt if it is being made here."""
        self._loop.call_soon_threadsafe(self._stop, execution_id, step_id, number)

    def close(self, seconds: float) -> None:
        """Take nothing more; let what is under way end for so long, then leave the rest to others."""
        self._is_closing = True
        done: Future[None] = asyncio.run_coroutine_threadsafe(self._drain(seconds), self._loop)
        done.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # In its own loop

    async def _drain(self, seconds: float) -> None:
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=STOP_SECONDS)

    def _begin_taken(self) -> None:
        while self._taken:
            self._begin(self._taken.popleft())

    def _begin(self, given: Assignment) -> None:
        place = (given.execution_id, given.step_id)
        task = self._loop.create_task(self._perform(given))
        self._tasks[place] = task
        task.add_done_callback(lambda _task: self._finished(given, task))

    def _finished(self, given: Assignment, task: "asyncio.Task[None]") -> None:
        self._busy.discard(_key(given))
        self._stopping.discard((given.execution_id, given.step_id, given.number))
        place = (given.execution_id, given.step_id)
        if self._tasks.get(place) is task:
            del self._tasks[place]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work_failed", execution_id=given.execution_id, step_id=given.step_id, exc_info=error)
        if self.was_full.is_set() and not self._is_closing:
            self.was_full.clear()
            self.engine.database.write(self.claim)

    def claim(self, on: Transaction) -> None:
        """Take what is in the queue, as far as there is room."""
        room = self.room
        if room and self.engine.claim(on, room) == room:
            self.was_full.set()

    def _stop(self, execution_id: str, step_id: str, number: int) -> None:
        task = self._tasks.get((execution_id, step_id))
        if task is not None and (execution_id, step_id, number) not in self._stopping:
            self._stopping.add((execution_id, step_id, number))
            task.cancel()

    async def _perform(self, given: Assignment) -> None:
        reports = _Reports(self, given)
        try:
            prepared = self._preparation.prepare(given, reports.add)
        except UnpreparedError as error:
            await self._cannot(given, error)
            return
        reports.prepared = prepared
        async with reports:
            if given.work is Work.EXECUTE:
                await self._execute(given, prepared, reports)
            elif given.work is Work.RECOVER:
                await self._recover(given, prepared, reports)
            elif given.work is Work.CLEANUP:
                await self._clean_up(prepared)
                await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
            elif given.work is Work.POLL:
                await self._poll(given, prepared, reports)
            else:
                await self._on_event(given, prepared, reports)

    async def _cannot(self, given: Assignment, error: UnpreparedError) -> None:
        if given.work in (Work.CLEANUP, Work.POLL):
            await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
            return
        described = {"code": error.code, "message": str(error)}
        failed = inputs.AttemptFailed(given.step_id, given.fence, described, had_effect=False, is_final=True)
        await self._report(given, failed)

    async def _execute(self, given: Assignment, prepared: Prepared, reports: "_Reports") -> None:
        answer = await self._guarded(given, prepared, "execute", prepared.context)
        if answer is not None:
            await self._report_answer(given, prepared, answer, reports)

    async def _recover(self, given: Assignment, prepared: Prepared, reports: "_Reports") -> None:
        """Find out what became of an attempt whose worker was lost."""
        planned = given.plan.steps[given.step_id]
        if has(prepared.executor, "reconcile"):
            answer = await self._guarded(given, prepared, "reconcile", prepared.context)
            if answer is None and (given.execution_id, given.step_id, given.number) in self._stopping:
                return
            if answer is not None:
                await self._report_answer(given, prepared, answer, reports)
                return
        elif not planned.is_idempotent:
            message = (
                "The worker was lost while it ran this step. Whether the action took effect is unknown, and it is not "
                "idempotent: find out, and resolve the step."
            )
            error = {"code": "uncertain", "message": message}
            await self._report(given, inputs.AttemptFailed(given.step_id, given.fence, error, is_final=True))
            return
        await self._execute(given, prepared, reports)

    async def _guarded(
        self, given: Assignment, prepared: Prepared, method: Method, context: ActionContext | EventContext
    ) -> Answer:
        """Return an executor's answer; if it is stopped meanwhile, clean up, report that, and return None."""
        task = asyncio.ensure_future(self._called(prepared.executor, method, context))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            is_stopped = (given.execution_id, given.step_id, given.number) in self._stopping
            task.cancel()
            await asyncio.wait([task], timeout=STOP_SECONDS)
            if not is_stopped:
                raise
            current = asyncio.current_task()
            if current is not None:
                current.uncancel()
            await self._clean_up(prepared)
            await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
            return None

    async def _called(
        self, executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext
    ) -> Answer:
        """Return an executor's answer."""
        failpoints.reach(f"{method}.before")
        answer = await self._call(executor, method, context)
        failpoints.reach(f"{method}.after")
        return answer

    def _call(
        self, executor: BaseActionExecutor, method: Method, context: ActionContext | EventContext
    ) -> Coroutine[Any, Any, Answer]:
        if executor.isolation == "thread":
            return in_thread(executor, method, context)
        if executor.isolation == "process":
            return in_process(executor, method, context, self._services)
        return in_loop(executor, method, context)

    async def _clean_up(self, prepared: Prepared) -> None:
        if type(prepared.executor).cleanup is BaseActionExecutor.cleanup:
            return
        cleaning = self._called(prepared.executor, "cleanup", prepared.context)
        try:
            answer = await asyncio.wait_for(cleaning, CLEANUP_SECONDS)
        except TimeoutError:
            answer = Failure(f"cleanup took longer than {CLEANUP_SECONDS:g} seconds")
        if isinstance(answer, Failure):
            prepared.context.log("cleanup_failed", {"message": answer.message})

    async def _poll(self, given: Assignment, prepared: Prepared, reports: "_Reports") -> None:
        """Ask once more before the wait times out."""
        if has(prepared.executor, "poll"):
            own = dict(self._preparation.event_context(prepared, given, "", {}).step_outputs)
            prepared.context.step_outputs = {**prepared.context.step_outputs, given.step_id: own}
            answer = await self._in_time(prepared, "poll", prepared.context)
            if isinstance(answer, ActionResult) and not answer.awaiting_event:
                await self._report_answer(given, prepared, answer, reports)
                return
            if isinstance(answer, Failure):
                prepared.context.log("poll_failed", {"message": answer.message})
        await self._clean_up(prepared)
        await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))

    async def _in_time(self, prepared: Prepared, method: Method, context: ActionContext | EventContext) -> Answer:
        try:
            return await asyncio.wait_for(self._called(prepared.executor, method, context), ANSWER_SECONDS)
        except TimeoutError:
            return Failure(f"{method} took longer than {ANSWER_SECONDS:g} seconds")

    async def _on_event(self, given: Assignment, prepared: Prepared, reports: "_Reports") -> None:
        """Pass on the next event, or that the moment has come."""
        if given.work is Work.WAKE:
            event, event_type, body, tries = "", "wake", {"type": "wake"}, 0
        else:
            found = await asyncio.to_thread(self._next_event, given)
            if found is None:
                await self._report(given, inputs.EventIgnored(given.step_id, given.fence, ""))
                return
            event, event_type, body, tries = found
        context = self._preparation.event_context(prepared, given, event_type, body)
        answer = await self._in_time(prepared, "on_event", context)
        if isinstance(answer, EventResult):
            outcome = event_outcome(answer)
            if outcome is not None:
                await self._report_answer(given, prepared, outcome, reports, event)
                return
            progress = progress_of(answer)
            verdict = "ignored" if progress is None else "applied"
            await self._report(
                given, inputs.EventIgnored(given.step_id, given.fence, event, progress), (event, verdict)
            )
            return
        message = answer.message if isinstance(answer, Failure) else "on_event returned nothing"
        await self._event_failed(given, prepared, event, message, tries)

    def _next_event(self, given: Assignment) -> tuple[str, str, Any, int] | None:
        with self.engine.database.read() as on:
            row = matching.next_event(on.connection, given.execution_id, given.step_id, given.number)
        return None if row is None else (row.id, row.type, json.loads(row.body), row.tries)

    async def _event_failed(self, given: Assignment, prepared: Prepared, event: str, message: str, tries: int) -> None:
        error = {"code": "event", "message": prepared.mask(message)}
        if event and tries + 1 < MOST_EVENT_TRIES:
            wait = FIRST_EVENT_RETRY_SECONDS * 2**tries

            def again(on: Transaction) -> Happened:
                matching.tried(on.connection, event)
                failed = inputs.EventFailed(given.step_id, given.fence, event, error, on.now + wait)
                return self.engine.transition(on, given.execution_id, failed)

            await self._written(given, again)
        elif event:
            failed = inputs.EventFailed(given.step_id, given.fence, event, error, None)
            await self._report(given, failed, (event, f"dead: {error['message']}"))
        else:
            await self._report(given, inputs.AttemptFailed(given.step_id, given.fence, error))

    async def _report_answer(
        self, given: Assignment, prepared: Prepared, answer: Answer, reports: "_Reports", event: str = ""
    ) -> None:
        """Report how an attempt ended, or that it waits."""
        asked = self._outcome(given, prepared, answer)
        if isinstance(asked, inputs.AttemptFailed):
            await self._clean_up(prepared)
        await self._report(given, asked, (event, "applied"), reports.taken())

    def _outcome(self, given: Assignment, prepared: Prepared, answer: Answer) -> inputs.Input:
        step, fence = given.step_id, given.fence
        if not isinstance(answer, ActionResult):
            failure = answer if isinstance(answer, Failure) else Failure("the executor returned nothing")
            if failure.trace:
                prepared.context.log("executor_raised", {"trace": failure.trace})
            error = {"code": "failed", "message": prepared.mask(failure.message)}
            return inputs.AttemptFailed(step, fence, error, had_effect=failure.had_effect)
        try:
            outputs = self._kept(answer.outputs, prepared)
        except ValueError as error:
            fault = {"code": "outputs", "message": str(error)}
            return inputs.AttemptFailed(step, fence, fault, is_final=True)
        if not answer.success:
            error_text = prepared.mask(answer.error or "The action failed and gave no reason")
            described = {"code": "failed", "message": error_text}
            return inputs.AttemptFailed(step, fence, described, outputs, had_effect=answer.had_effect)
        if answer.awaiting_event:
            keys = [str(answer.external_workflow_id)] if answer.external_workflow_id else []
            keys += [*map(str, answer.correlation_keys), prepared.context.callback.token]
            wake_at = None if answer.wake_at is None else answer.wake_at.timestamp()
            keys = list(dict.fromkeys(keys))
            return inputs.AttemptWaiting(step, fence, tuple(keys), outputs, answer.timeout_seconds, wake_at)
        return inputs.AttemptSucceeded(step, fence, outputs, tuple(prepared.context.skipped_steps))

    def _kept(self, outputs: Any, prepared: Prepared) -> dict[str, Any]:
        """Return outputs as they are kept. Raises ValueError if they cannot be."""
        if not isinstance(outputs, Mapping):
            raise ValueError(f"outputs must be an object, not {type(outputs).__name__}")
        try:
            text = json.dumps(dict(outputs), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"the outputs cannot be written as JSON: {error}") from error
        if len(text) > LARGEST_OUTPUTS:
            raise ValueError(f"the outputs are larger than {LARGEST_OUTPUTS // 1024} KiB")
        try:
            kept: dict[str, Any] = self._secrets.seal_found(json.loads(text), prepared.found)
        except SecretsError as error:
            raise ValueError(str(error)) from error
        return kept

    # Reporting

    async def _report(
        self,
        given: Assignment,
        asked: inputs.Input,
        event: tuple[str, str] = ("", ""),
        reported: "tuple[tuple[str, Mapping[str, Any]], ...]" = (),
    ) -> None:
        def job(on: Transaction) -> Happened:
            earlier = (inputs.Reported(given.step_id, given.fence, reported),) if reported else ()
            happened = self.engine.transition(on, given.execution_id, *earlier, asked)
            if event[0] and happened.entries:
                state = "dead" if event[1].startswith("dead") else "matched"
                matching.handled(on, event[0], event[1], state)
            return happened

        await self._written(given, job)

    async def _written(self, given: Assignment, job: Any) -> None:
        """Have a report committed; while the database cannot be reached, keep it and try again."""
        wait = 0.05
        while True:
            try:
                await asyncio.wrap_future(self.engine.database.write(job))
                return
            except NotFoundError:
                return
            except (SQLAlchemyError, OSError) as error:
                _log.warning("report_delayed", execution_id=given.execution_id, step_id=given.step_id, error=str(error))
                await asyncio.sleep(wait)
                wait = min(2.0, wait * 2)


def _key(given: Assignment) -> tuple[str, str, int]:
    return (given.execution_id, given.step_id, given.fence)


class _Reports:
    """What an executor tells while it runs, written now and then."""

    def __init__(self, worker: Worker, given: Assignment) -> None:
        self.prepared: Prepared | None = None
        self._worker = worker
        self._given = given
        self._items: list[tuple[str, Mapping[str, Any]]] = []
        self._dropped = 0
        self._lock = threading.Lock()
        self._flushing: asyncio.Task[None] | None = None

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take a report, from any thread."""
        kept = self._worker._secrets.seal_found(_plain(data), self.prepared.found if self.prepared else ())
        with self._lock:
            if len(self._items) >= MOST_REPORTS:
                self._dropped += 1
                return
            self._items.append((kind, kept))

    def taken(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """Return what has been told since the last time."""
        with self._lock:
            items, self._items = self._items, []
            if self._dropped:
                items.append(("log", {"event": "reports_dropped", "data": {"count": self._dropped}}))
                self._dropped = 0
        return tuple(items)

    async def __aenter__(self) -> None:
        self._flushing = asyncio.ensure_future(self._flush())

    async def __aexit__(self, *_: object) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flushing

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            items = self.taken()
            if items:
                given = self._given
                await self._worker._report(given, inputs.Reported(given.step_id, given.fence, items))


def _plain(data: Mapping[str, Any]) -> Any:
    """Return data as JSON; what is no JSON is told as text."""
    return json.loads(json.dumps(dict(data), default=str, skipkeys=True, allow_nan=True).replace("NaN", "null"))
