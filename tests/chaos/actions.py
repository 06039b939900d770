"""Actions whose effects are in the ledger."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from bud_actions.base import (
    ActionContext,
    ActionMeta,
    ActionResult,
    BaseActionExecutor,
    EventAction,
    EventContext,
    EventResult,
    ExecutionMode,
    OutputDefinition,
    OutputType,
    ParamDefinition,
    ParamType,
    StepStatus,
)
from bud_actions.base.packages import class_entry
from bud_server.catalog.served import ServedCatalog
from bud_server.runtime import failpoints
from tests.chaos import ledger


class Effect(BaseActionExecutor):
    """Has an effect, and reports on it."""

    async def execute(self, context: ActionContext) -> ActionResult:
        ledger.write("effect", context.idempotency_key, context.attempt)
        failpoints.reach(f"{type(self).__name__}.{context.params.get('value')}")
        context.set_progress(1, 2)
        context.log("worked", {"attempt": context.attempt})
        await asyncio.sleep(float(context.params.get("seconds") or 0))
        return ActionResult(success=True, outputs={"value": context.params.get("value") or context.step_id})


class Once(Effect):
    """Must not have its effect twice, and cannot be asked whether it had it."""


class Reconciled(Effect):
    """Must not have its effect twice; the ledger can be asked."""

    async def reconcile(self, context: ActionContext) -> ActionResult | None:
        is_done = any(effect.key == context.idempotency_key for effect in ledger.read())
        return ActionResult(success=True, outputs={"value": "reconciled"}) if is_done else None


class Flaky(BaseActionExecutor):
    """Fails at its first attempt."""

    async def execute(self, context: ActionContext) -> ActionResult:
        ledger.write("flaky", context.idempotency_key, context.attempt)
        if sum(effect.key == context.idempotency_key for effect in ledger.read()) < 2:
            return ActionResult(success=False, error="not yet")
        return ActionResult(success=True, outputs={"value": "at last"})

    async def cleanup(self, context: ActionContext) -> None:
        ledger.write("cleanup", context.idempotency_key, context.attempt)


class Broken(BaseActionExecutor):
    """Fails until a file of the ledger's says that it is mended."""

    async def execute(self, context: ActionContext) -> ActionResult:
        is_mended = any(effect.kind == "mended" for effect in ledger.read())
        return ActionResult(success=is_mended, error=None if is_mended else "broken", outputs={"value": "mended"})


class Slow(BaseActionExecutor):
    """Does not end by itself."""

    async def execute(self, context: ActionContext) -> ActionResult:
        await asyncio.sleep(3600)
        return ActionResult(success=True)

    async def cleanup(self, context: ActionContext) -> None:
        ledger.write("cleanup", context.idempotency_key, context.attempt)


class Waiting(BaseActionExecutor):
    """Starts work elsewhere, and completes by an event."""

    async def execute(self, context: ActionContext) -> ActionResult:
        ledger.write("started", context.idempotency_key, context.attempt)
        key = str(context.params.get("key") or context.idempotency_key)
        return ActionResult(success=True, awaiting_event=True, external_workflow_id=key, outputs={"value": "waiting"})

    async def reconcile(self, context: ActionContext) -> ActionResult | None:
        is_started = any(effect == ("started", context.idempotency_key, effect.attempt) for effect in ledger.read())
        return await self.execute(context) if is_started else None

    async def on_event(self, context: EventContext) -> EventResult:
        said = context.event_data.get("say")
        if said == "progress":
            return EventResult(action=EventAction.UPDATE_PROGRESS, progress=50, eta_minutes=1)
        if said == "stumble" and not _stumbled(context.step_execution_id):
            raise RuntimeError("stumbled over an event")
        if said == "break":
            raise RuntimeError("cannot handle this")
        if said in ("noise", "stumble"):
            return EventResult(action=EventAction.IGNORE)
        ledger.write("event", context.step_execution_id, 0)
        status = StepStatus.COMPLETED if said == "done" else StepStatus.FAILED
        return EventResult(action=EventAction.COMPLETE, status=status, outputs={"value": "told"})

    async def cleanup(self, context: ActionContext) -> None:
        ledger.write("cleanup", context.idempotency_key, context.attempt)


def _stumbled(key: str) -> bool:
    """Whether this is the second time."""
    ledger.write("stumbled", key, 0)
    return sum(effect.kind == "stumbled" and effect.key == key for effect in ledger.read()) > 1


class Polled(Waiting):
    """Is asked before its wait times out, and has ended."""

    async def poll(self, context: ActionContext) -> ActionResult | None:
        ledger.write("polled", context.idempotency_key, context.attempt)
        return ActionResult(success=True, outputs={"value": "polled"})


class Busy(BaseActionExecutor):
    """Keeps the interpreter busy, awaiting nothing."""

    async def execute(self, context: ActionContext) -> ActionResult:
        ledger.write("effect", context.idempotency_key, context.attempt)
        end = time.monotonic() + float(context.params.get("seconds") or 0)
        while time.monotonic() < end:
            pass
        return ActionResult(success=True, outputs={"value": "busy"})


class Delayed(BaseActionExecutor):
    """Waits for a moment."""

    async def execute(self, context: ActionContext) -> ActionResult:
        wake_at = context.now + timedelta(seconds=float(context.params["seconds"]))
        return ActionResult(success=True, awaiting_event=True, wake_at=wake_at)

    async def on_event(self, context: EventContext) -> EventResult:
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs={"value": "woken"})


class Hanging(BaseActionExecutor):
    """Ignores signals, and has started another process that does so too."""

    isolation = "process"

    async def execute(self, context: ActionContext) -> ActionResult:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        ledger.write(f"pid {os.getpid()}", context.idempotency_key, context.attempt)
        ledger.write(f"pid {child.pid}", context.idempotency_key, context.attempt)
        ctypes.CDLL(None).pause()
        return ActionResult(success=True)

    async def cleanup(self, context: ActionContext) -> None:
        ledger.write("cleanup", context.idempotency_key, context.attempt)


class Crashing(BaseActionExecutor):
    """Takes its process down, in the way asked for."""

    isolation = "process"

    async def execute(self, context: ActionContext) -> ActionResult:
        ledger.write("crash", context.idempotency_key, context.attempt)
        if context.params["value"] == "exit":
            os._exit(3)
        ctypes.string_at(0)
        return ActionResult(success=True)


class Blocking(BaseActionExecutor):
    """Blocks its thread."""

    isolation = "thread"

    async def execute(self, context: ActionContext) -> ActionResult:
        time.sleep(float(context.params["seconds"]))
        return ActionResult(success=True)

    async def cleanup(self, context: ActionContext) -> None:
        ledger.write("cleanup", context.idempotency_key, context.attempt)


_EXECUTORS: Mapping[str, tuple[type[BaseActionExecutor], dict[str, Any]]] = {
    "effect": (Effect, {}),
    "once": (Once, {"idempotent": False}),
    "reconciled": (Reconciled, {"idempotent": False}),
    "flaky": (Flaky, {}),
    "broken": (Broken, {}),
    "slow": (Slow, {}),
    "waiting": (
        Waiting,
        {"idempotent": False, "execution_mode": ExecutionMode.EVENT_DRIVEN, "timeout_seconds": 600},
    ),
    "polled": (Polled, {"idempotent": False, "execution_mode": ExecutionMode.EVENT_DRIVEN, "timeout_seconds": 1}),
    "busy": (Busy, {}),
    "delayed": (
        Delayed,
        {"idempotent": False, "execution_mode": ExecutionMode.EVENT_DRIVEN, "timeout_seconds": 60},
    ),
    "hanging": (Hanging, {}),
    "crashing": (Crashing, {}),
    "crashing_once": (Crashing, {"idempotent": False}),
    "blocking": (Blocking, {}),
}


def executor_of(name: str) -> BaseActionExecutor:
    """Return an executor by its action's type, whichever major version is asked for. Raises KeyError for an unknown."""
    return _EXECUTORS[name.partition("@")[0]][0]()


def catalog() -> ServedCatalog:
    """Return the catalog of all of them."""
    entries = {name: _entry(name, kind, more) for name, (kind, more) in _EXECUTORS.items()}
    return ServedCatalog("chaos", [{"name": "Chaos", "icon": "zap", "order": 1}], entries)


def _entry(name: str, kind: type[BaseActionExecutor], more: dict[str, Any]) -> Any:
    params = [
        ParamDefinition(name=each, label=each.title(), type=ParamType(of), description="For tests.")
        for each, of in (("value", "string"), ("seconds", "number"), ("key", "string"))
    ]
    known: dict[str, Any] = {"execution_mode": ExecutionMode.SYNC, "idempotent": True}
    meta = ActionMeta(
        type=name,
        version="1.0.0",
        name=name.title(),
        description="For tests.",
        category="Chaos",
        params=params,
        outputs=[OutputDefinition(name="value", type=OutputType.STRING, description="What came of it.")],
        **{**known, **more},
    )
    return class_entry(SimpleNamespace(meta=meta, executor_class=kind), name, f"tests.chaos.actions:{kind.__name__}")
