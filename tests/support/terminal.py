"""A project whose actions take their time, and `bud` in a terminal."""

import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.project import action, bud, make_project, write_action

BUD = str(Path(sys.executable).with_name("bud"))
EXECUTORS = {
    "nap": """
import asyncio
from bud_actions.base import ActionContext, TypedExecutor
from acme_generated.integration.nap import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Outputs:
        print("printed by an executor")
        context.log("message", {"message": "begun for " + params.person})
        context.set_progress(1, 4)
        await asyncio.sleep(float(params.person))
        return Outputs(text="slept")

    async def cleanup(self, context: ActionContext) -> None:
        context.log("message", {"message": "cleaned up"})
""",
    "stubborn": """
import asyncio
from bud_actions.base import ActionContext, TypedExecutor
from acme_generated.integration.stubborn import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Outputs:
        context.log("message", {"message": "begun"})
        await asyncio.sleep(600)
        return Outputs(text="never")

    async def cleanup(self, context: ActionContext) -> None:
        await asyncio.sleep(600)
""",
    "ask": """
from bud_actions.base import ActionContext, Awaiting, EventAction, EventContext, EventResult, StepStatus, TypedExecutor
from acme_generated.integration.ask import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        return Awaiting(external_workflow_id=params.person, timeout_seconds=600)

    async def on_event(self, context: EventContext) -> EventResult:
        outputs = {"text": context.event_data["answer"]}
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs=outputs)
""",
    "boom": """
from bud_actions.base import ActionContext, TypedExecutor
from acme_generated.integration.boom import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Outputs:
        raise RuntimeError("the \\x1b[31mwheel\\x1b[0m came off")
""",
}


def make_acme(root: Path) -> Path:
    """Write a project with the actions nap, stubborn, ask and boom, and return its folder."""
    make_project(root)
    for name in EXECUTORS:
        write_action(root, name, action(name, mode="event_driven" if name == "ask" else "sync"))
    done = bud("generate", "--root", str(root))
    assert done.returncode == 0, done.stderr
    for name, text in EXECUTORS.items():
        (root / f"actions/acme_actions/integration/{name}.py").write_text(text.lstrip())
    return root


def write_pipeline(folder: Path, *steps: str, outputs: str = "{}", more: str = "") -> Path:
    """Write a pipeline of steps in YAML's flow style, and return its path."""
    path = folder / "pipeline.yaml"
    listed = "\n".join(f"  - {step}" for step in steps)
    path.write_text(f"name: Test\n{more}steps:\n{listed}\noutputs: {outputs}\n")
    return path


@contextmanager
def started(*arguments: str, cwd: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start `bud`, its output in pipes; kill it if it has not ended after a minute."""
    command = [BUD, *arguments]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        overdue = threading.Timer(60, process.kill)
        overdue.start()
        try:
            yield process
        finally:
            overdue.cancel()
            if sys.exc_info()[0] is not None:
                process.kill()


def read_until(lines: Iterable[str], text: str) -> str:
    """Read lines up to one that holds a text; return all of them."""
    read = ""
    for line in lines:
        read += line
        if text in line:
            return read
    raise AssertionError(f"{text!r} never came: {read}")


def in_terminal(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Run `bud` in a terminal of 100 columns; return the exit code and all that it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(BUD, [BUD, *arguments], {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"})
    written = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                written += os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()
