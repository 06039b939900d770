"""Work that goes on after the call that started it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bud_server.log import write_line
from bud_server.simulator.events import cloud_event
from bud_server.simulator.fate import Trait
from bud_server.simulator.phases import Announcement, Kind, Phase, announcements
from bud_server.simulator.publisher import Sender
from bud_server.simulator.world import Workflow

SLOWER = 10
"""How many times longer slow things take."""
EARLY_SECONDS = 5.0
"""How long a call's answer waits, at most, for events that are to come before it."""

Mail = asyncio.Queue[dict[str, Any] | None]
"""Events on their way; None ends them."""


@dataclass(frozen=True, slots=True)
class Work:
    """Some work, and what becomes of it."""

    workflow: Workflow
    kind: Kind
    traits: frozenset[Trait]
    fails_in: Phase | None
    finish: Callable[[], dict[str, Any]]
    """Does what the work is for, and returns its result."""
    is_told: bool
    """Whether its events go to the topic of pipelines: whoever started it asked for that."""
    user_id: str | None


class Works:
    """Does all the work there is, side by side."""

    def __init__(self, sender: Sender, speed: float) -> None:
        self._sender = sender
        self._speed = speed
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Give up what is not done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pause(self, seconds: float, traits: frozenset[Trait]) -> None:
        """Wait for so long, at speed 1."""
        await asyncio.sleep(seconds * (SLOWER if Trait.SLOW in traits else 1) / self._speed)

    async def start(self, work: Work) -> None:
        """Begin some work; return at once, unless its events are to come before the answer."""
        task = asyncio.create_task(self._do(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if Trait.EARLY in work.traits:
            await asyncio.wait([task], timeout=EARLY_SECONDS)

    async def _do(self, work: Work) -> None:
        mail: Mail = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(mail, 2 if Trait.DUPLICATE in work.traits else 1))
            for number, told in enumerate(announcements(work.kind, work.fails_in)):
                if Trait.EARLY not in work.traits:
                    await self.pause(told.after, work.traits)
                if work.workflow.is_over:
                    break
                _note(work, told)
                if work.is_told:
                    mail.put_nowait(_event(work, number, told))
            mail.put_nowait(None)
        if not work.workflow.is_over:
            work.workflow.status = "completed"

    async def _deliver(self, mail: Mail, times: int) -> None:
        """Deliver events in their order, however long that takes; work does not wait for it."""
        while (event := await mail.get()) is not None:
            content = event["payload"]
            facts = {"type": content["type"], "event": content["event"], "status": content["content"]["status"]}
            write_line("info", "event", {"workflow": content["workflow_id"], **facts})
            await asyncio.gather(*(self._sender.send(event) for _ in range(times)))


def _note(work: Work, told: Announcement) -> None:
    """Write down how far work is."""
    workflow = work.workflow
    workflow.step = told.event
    if told.status == "FAILED":
        workflow.status, workflow.reason = "failed", told.message
    elif _has_result(work, told) and not workflow.result:
        workflow.result = work.finish()


def _has_result(work: Work, told: Announcement) -> bool:
    return told.status == "COMPLETED" and told.event in ("results", work.kind.early_result)


def _event(work: Work, number: int, told: Announcement) -> dict[str, Any]:
    result = work.workflow.result if _has_result(work, told) else {}
    return cloud_event(work.kind, work.workflow.id, number, told, result, work.user_id)
