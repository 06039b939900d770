"""The worker of a process: runs executors in a thread of its own, and reports what came of them."""

import asyncio
import json
import os
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

import structlog
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor, EventContext, EventResult
from bud_server.outside import Outside
from bud_server.runtime import failpoints, inputs
from bud_server.runtime.engine import Assignment, Engine, Happened, NotFoundError
from bud_server.runtime.events import matching
from bud_server.runtime.executors.answer import outputs_text
from bud_server.runtime.executors.beside import in_loop, in_thread
from bud_server.runtime.executors.call import Answer, Failure, Method, event_outcome, has, progress_of, shortened
from bud_server.runtime.executors.process import in_process
from bud_server.runtime.found import Found
from bud_server.runtime.preparation import Preparation, Prepared, UnpreparedError
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.status import Work
from bud_server.runtime.store.database import Transaction
from bud_server.services.reach import Reach

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
_Key = tuple[str, str, int]
"""Execution, step and fence."""
_log = structlog.get_logger("bud_server.worker")


class Worker:
    """Takes work while it has room."""

    def __init__(
        self, preparation: Preparation, secrets: Secrets, outside: Outside, reach: Reach, capacity: int
    ) -> None:
        """Take `reach` as what its executors call services with; other processes make their own from `outside`."""
        self.id = uuid.uuid4().hex
        self.about = f"{socket.gethostname()} {os.getpid()}"
        self.engine: Engine
        """Set before the start."""
        self._preparation = preparation
        self._secrets = secrets
        self._outside = outside
        self._reach = reach
        self._capacity = capacity
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bud-worker", daemon=True)
        self._busy: set[_Key] = set()
        """The work that is under way."""
        self._tasks: dict[_Key, asyncio.Task[None]] = {}
        self._reports: dict[_Key, _Reports] = {}
        self._stops: dict[_Key, asyncio.Future[None]] = {}
        """Done when the work is to be stopped."""
        self._telling: set[asyncio.Task[None]] = set()
        self._mail: deque[Callable[[], None]] = deque()
        """What its loop is to do, read once a commit: to wake a thread for each costs more than what it then does."""
        self._heard: set[_Key] = set()
        """Work that the server itself failed to do; very little, if any."""
        self._is_closing = False
        self.was_full = threading.Event()
        """Set when work had to be left in the queue."""

    # Called from any thread

    def start(self) -> None:
        """Start the thread."""
        self.engine.database.after_telling.append(self._wake)
        self._thread.start()

    def has_room(self, for_more: int) -> bool:
        """Whether it can take that many more."""
        if self._is_closing:
            return False
        if len(self._busy) + for_more <= self._capacity:
            return True
        self.was_full.set()
        return False

    def has_heard_of(self, execution_id: str, step_id: str, fence: int) -> bool:
        """Whether work that is no longer under way was begun, and what came of it could not be reported."""
        return (execution_id, step_id, fence) in self._heard

    def is_busy_with(self, execution_id: str, step_id: str, fence: int) -> bool:
        """Whether it has that work. Called from any thread."""
        return (execution_id, step_id, fence) in self._busy

    @property
    def is_alive(self) -> bool:
        """Whether it can do anything at all."""
        return self._thread.is_alive()

    @property
    def room(self) -> int:
        """How much more it can take."""
        return 0 if self._is_closing else max(0, self._capacity - len(self._busy))

    def take(self, assignment: Assignment) -> None:
        """Begin with work that is its own, as soon as the commit that made it so is through."""
        self._busy.add(_key(assignment))
        self._mail.append(lambda: self._begin(assignment))

    def _wake(self) -> None:
        if self._mail:
            self._loop.call_soon_threadsafe(self._read_mail)

    def stop(self, execution_id: str, step_id: str, fence: int) -> None:
        """Stop work if it is being done here."""
        self._loop.call_soon_threadsafe(self._stop, execution_id, step_id, fence)

    def close(self, seconds: float) -> None:
        """Take nothing more; let what is under way end for so long, then leave the rest to others."""
        self._is_closing = True
        if self.is_alive:
            done: Future[None] = asyncio.run_coroutine_threadsafe(self._drain(seconds), self._loop)
            done.result()
        self.engine.database.after_telling.remove(self._wake)
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
        await self._reach.requests.close()

    def _read_mail(self) -> None:
        while self._mail:
            self._mail.popleft()()

    def _begin(self, given: Assignment) -> None:
        task = self._loop.create_task(self._perform(given))
        self._tasks[_key(given)] = task
        task.add_done_callback(lambda _task: self._finished(given))

    def _finished(self, given: Assignment) -> None:
        self._busy.discard(_key(given))
        del self._tasks[_key(given)]
        if self.was_full.is_set() and not self._is_closing:
            self.was_full.clear()
            self.engine.database.write(self.claim)

    def claim(self, on: Transaction) -> None:
        """Take what is in the queue, as far as there is room."""
        room = self.room
        if room and self.engine.claim(on, room) == room:
            self.was_full.set()

    def _stop(self, execution_id: str, step_id: str, fence: int) -> None:
        key = (execution_id, step_id, fence)
        if key in self._busy:
            stop = self._stops.setdefault(key, self._loop.create_future())
            if not stop.done():
                stop.set_result(None)

    async def _perform(self, given: Assignment) -> None:
        key = _key(given)
        reports = self._reports[key] = _Reports(lambda: self._tell_soon(given))
        self._stops.setdefault(key, self._loop.create_future())
        try:
            await self._prepare_and_do(given, reports)
        except _StoppedError:
            return
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            _log.error("work_failed", execution_id=given.execution_id, step_id=given.step_id, exc_info=error)
            self._heard.add(key)
            fault = {"code": "internal", "message": f"The server failed to do this: {type(error).__name__}"}
            await self._report(given, inputs.AttemptFailed(given.step_id, given.fence, fault))
        finally:
            del self._reports[key]
            self._stops.pop(key, None)

    def _tell_soon(self, given: Assignment) -> None:
        """Have what an executor tells collected for a moment, then written. Called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.call_later, REPORT_SECONDS, self._begin_telling, given)

    def _begin_telling(self, given: Assignment) -> None:
        if _key(given) in self._reports:
            task = self._loop.create_task(self._tell(given))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _prepare_and_do(self, given: Assignment, reports: "_Reports") -> None:
        try:
            prepared = self._preparation.prepare(given, reports.add)
        except UnpreparedError as error:
            await self._cannot(given, error)
            return
        reports.found = prepared.found
        if given.work is Work.EXECUTE:
            await self._execute(given, prepared)
        elif given.work is Work.RECOVER:
            await self._recover(given, prepared)
        elif given.work is Work.CLEANUP:
            await self._clean_up(prepared)
            await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
        elif given.work is Work.POLL:
            await self._poll(given, prepared)
        else:
            await self._on_event(given, prepared)

    async def _cannot(self, given: Assignment, error: UnpreparedError) -> None:
        if given.work in (Work.CLEANUP, Work.POLL):
            await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
            return
        described = {"code": error.code, "message": str(error)}
        failed = inputs.AttemptFailed(given.step_id, given.fence, described, had_effect=False, is_final=True)
        await self._report(given, failed)

    async def _execute(self, given: Assignment, prepared: Prepared) -> None:
        answer = await self._guarded(given, prepared, "execute", prepared.context)
        await self._report_answer(given, prepared, answer)

    async def _recover(self, given: Assignment, prepared: Prepared) -> None:
        """Find out what became of an attempt whose worker was lost."""
        planned = given.plan.steps[given.step_id]
        answer: Answer = Failure("There is no reconcile to ask")
        if has(prepared.executor, "reconcile"):
            answer = await self._guarded(given, prepared, "reconcile", prepared.context)
        if answer is None or (isinstance(answer, Failure) and planned.is_idempotent):
            await self._execute(given, prepared)
        elif isinstance(answer, Failure):
            await self._report_uncertain(given, prepared, answer)
        else:
            await self._report_answer(given, prepared, answer)

    async def _report_uncertain(self, given: Assignment, prepared: Prepared, why: Failure) -> None:
        message = (
            "The worker was lost while it ran this step. Whether the action took effect is unknown, and it is not "
            f"idempotent: find out, and resolve the step. ({prepared.mask(why.message)})"
        )
        error = {"code": "uncertain", "message": message}
        await self._report(given, inputs.AttemptFailed(given.step_id, given.fence, error, is_final=True))

    async def _guarded(
        self, given: Assignment, prepared: Prepared, method: Method, context: ActionContext | EventContext
    ) -> Answer:
        """Return an executor's answer; if it is stopped meanwhile, clean up, report that, and raise _StoppedError."""
        stop = self._stops[_key(given)]
        task: asyncio.Future[Answer] = asyncio.ensure_future(self._called(prepared.executor, method, context))
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_done = task.done()
            task.cancel()
        if is_done:
            return task.result()
        await asyncio.wait([task], timeout=STOP_SECONDS)
        await self._clean_up(prepared)
        await self._report(given, inputs.AttemptStopped(given.step_id, given.fence))
        raise _StoppedError

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
            return in_process(executor, method, context, self._outside)
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

    async def _poll(self, given: Assignment, prepared: Prepared) -> None:
        """Ask once more before the wait times out."""
        if has(prepared.executor, "poll"):
            own = dict(self._preparation.event_context(prepared, given, "", {}).step_outputs)
            prepared.context.step_outputs = {**prepared.context.step_outputs, given.step_id: own}
            answer = await self._in_time(prepared, "poll", prepared.context)
            if isinstance(answer, ActionResult) and not answer.awaiting_event:
                await self._report_answer(given, prepared, answer)
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

    async def _on_event(self, given: Assignment, prepared: Prepared) -> None:
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
                await self._report_answer(given, prepared, outcome, event)
                return
            told = progress_of(answer)
            progress = None if told is None else prepared.found.masked(told)
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

    async def _report_answer(self, given: Assignment, prepared: Prepared, answer: Answer, event: str = "") -> None:
        """Report how an attempt ended, or that it waits."""
        asked = self._outcome(given, prepared, answer)
        if isinstance(asked, inputs.AttemptFailed):
            await self._clean_up(prepared)
        await self._report(given, asked, (event, "applied"))

    def _outcome(self, given: Assignment, prepared: Prepared, answer: Answer) -> inputs.Input:
        step, fence = given.step_id, given.fence
        if not isinstance(answer, ActionResult):
            failure = answer if isinstance(answer, Failure) else Failure("the executor returned nothing")
            if failure.trace:
                prepared.context.log("executor_raised", {"trace": prepared.mask(failure.trace)})
            error = {"code": "failed", "message": prepared.mask(failure.message)}
            return inputs.AttemptFailed(step, fence, error, had_effect=failure.had_effect)
        try:
            outputs = self._kept(answer.outputs, prepared)
            keys = _keys(answer, prepared) if answer.awaiting_event else ()
        except ValueError as error:
            fault = {"code": "outputs", "message": prepared.mask(str(error))}
            return inputs.AttemptFailed(step, fence, fault, is_final=True)
        if not answer.success:
            error_text = shortened(prepared.mask(answer.error or "The action failed and gave no reason"))
            described = {"code": "failed", "message": error_text}
            return inputs.AttemptFailed(step, fence, described, outputs, had_effect=answer.had_effect)
        if answer.awaiting_event:
            wake_at = None if answer.wake_at is None else answer.wake_at.timestamp()
            return inputs.AttemptWaiting(step, fence, keys, outputs, answer.timeout_seconds, wake_at)
        return inputs.AttemptSucceeded(step, fence, outputs, tuple(prepared.context.skipped_steps))

    def _kept(self, outputs: Any, prepared: Prepared) -> dict[str, Any]:
        """Return outputs as they are kept. Raises ValueError if they cannot be."""
        if not isinstance(outputs, Mapping):
            raise ValueError(f"outputs must be an object, not {type(outputs).__name__}")
        text = outputs_text(dict(outputs))
        if len(text) > LARGEST_OUTPUTS:
            raise ValueError(f"the outputs are larger than {LARGEST_OUTPUTS // 1024} KiB")
        kept: dict[str, Any] = json.loads(text)
        declared = {output["name"] for output in prepared.meta["outputs"]}
        if any(map(prepared.found.is_in, kept.keys() - declared)):
            raise ValueError("the name of an output holds a secret value, and names cannot be kept secret: use another")
        try:
            return self._secrets.sealed_members(kept, prepared.found)
        except SecretsError as error:
            raise ValueError(str(error)) from error

    # Reporting

    async def _report(self, given: Assignment, asked: inputs.Input, event: tuple[str, str] = ("", "")) -> None:
        """Have written what came of some work, after what the executor told on the way."""
        told = self._told(given)

        def job(on: Transaction) -> Happened:
            happened = self.engine.transition(on, given.execution_id, *told, asked)
            if event[0] and happened.entries:
                state = "dead" if event[1].startswith("dead") else "matched"
                matching.handled(on, event[0], event[1], state)
            return happened

        await self._written(given, job)

    def _told(self, given: Assignment) -> tuple[inputs.Input, ...]:
        """Return what an executor has told since the last time, as input."""
        reports = self._reports.get(_key(given))
        items = reports.taken() if reports is not None else ()
        return (inputs.Reported(given.step_id, given.fence, items),) if items else ()

    async def _tell(self, given: Assignment) -> None:
        """Have written what an executor told."""
        told = self._told(given)
        if told:
            await self._written(given, lambda on: self.engine.transition(on, given.execution_id, *told))

    async def _written(self, given: Assignment, job: Any) -> None:
        """Have a report committed; while the database cannot be reached, keep it and try again."""
        wait = 0.05
        while True:
            try:
                await self._committed(job)
                return
            except NotFoundError:
                return
            except (DataError, IntegrityError, ProgrammingError):
                raise  # asking again would not help
            except (SQLAlchemyError, OSError) as error:
                _log.warning("report_delayed", execution_id=given.execution_id, step_id=given.step_id, error=str(error))
                await asyncio.sleep(wait)
                wait = min(2.0, wait * 2)

    async def _committed(self, job: Any) -> None:
        """Wait until a job is committed. Raises what it raises."""
        told: asyncio.Future[None] = self._loop.create_future()
        committed = self.engine.database.write(job)
        committed.add_done_callback(lambda _: self._mail.append(lambda: None if told.done() else told.set_result(None)))
        if committed.done():
            self._wake()  # it may have been committed before anybody asked to be told
        await told
        committed.result()


def _key(given: Assignment) -> _Key:
    return (given.execution_id, given.step_id, given.fence)


def _keys(answer: ActionResult, prepared: Prepared) -> tuple[str, ...]:
    """Return what events find a step by. Raises ValueError if that would tell a secret."""
    keys = [answer.external_workflow_id] if answer.external_workflow_id else []
    named = list(map(str, [*keys, *answer.correlation_keys]))
    if any(map(prepared.found.is_in, named)):
        raise ValueError("an id by which events find the step may hold no secret value: wait for another id")
    return tuple(dict.fromkeys([*named, prepared.context.callback.token]))


class _StoppedError(Exception):
    """Work that was stopped; that has been reported."""


class _Reports:
    """What an executor tells while it runs, until it is written."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        """`on_first` is called when there is something to write, from any thread."""
        self.found = Found()
        """Plain secrets that must not be kept as they are."""
        self._on_first = on_first
        self._items: list[tuple[str, Mapping[str, Any]]] = []
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take a report, from any thread."""
        kept = self.found.masked(_plain(data))
        with self._lock:
            is_first = not self._items
            if len(self._items) < MOST_REPORTS:
                self._items.append((kind, kept))
            else:
                self._dropped += 1
        if is_first:
            self._on_first()

    def taken(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """Return what has been told since the last time."""
        with self._lock:
            items, self._items = self._items, []
            if self._dropped:
                items.append(("log", {"event": "reports_dropped", "data": {"count": self._dropped}}))
                self._dropped = 0
        return tuple(items)


def _plain(data: Mapping[str, Any]) -> Any:
    """Return data as JSON; what is no JSON is told as text."""
    return json.loads(json.dumps(dict(data), default=str, skipkeys=True, allow_nan=True).replace("NaN", "null"))
