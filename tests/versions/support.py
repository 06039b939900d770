"""A project whose action stands there in two major versions."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bud_server.catalog.served import ServedCatalog, served
from tests.support.project import bud, make_project

NEWEST = """\
type: greet
version: "{version}"
name: Greet
description: Says hello.
category: Integration
execution_mode: sync
params:
  - {{name: whom, label: Whom, type: string, required: true}}
  - name: tone
    label: Tone
    type: select
    default: warm
    options: [{{value: warm, label: Warm}}, {{value: cool, label: Cool}}]
outputs:
  - {{name: text, type: string}}
aliases: [hello]
migrations:
  - from_major: 1
    rename: {{who: whom}}
    map: {{tone: {{friendly: warm}}}}
    set: {{whom: everybody}}
    drop: [loud]
"""
OLDER = """\
type: greet
version: "1.4.0"
name: Greet
description: Says hello.
category: Integration
execution_mode: sync
params:
  - {name: who, label: Who, type: string, required: true}
  - {name: tone, label: Tone, type: string}
  - {name: loud, label: Loud, type: boolean}
outputs:
  - {name: said, type: string}
aliases: [hello]
"""
HOLD = """\
type: hold
version: "1.0.0"
name: Hold
description: Waits a second, and holds no worker meanwhile.
category: Integration
execution_mode: event_driven
timeout_seconds: 60
"""
HOLD_EXECUTOR = """\
from datetime import timedelta

from bud_actions.base import Awaiting, EventAction, EventResult, StepStatus, TypedExecutor
from duo_generated.integration.hold import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params, context):
        return Awaiting(wake_at=context.now + timedelta(seconds=1), outputs={})

    async def on_event(self, context):
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs={})
"""
EXECUTOR = """\
from bud_actions.base import ActionContext, TypedExecutor
from duo_generated.integration.{stem} import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Outputs:
        return Outputs({output}="{word} " + params.{param})
"""


def two_versions(root: Path) -> Path:
    """Write the project, executors included, generated, over what is there, and return its folder."""
    return shutil.copytree(_two_versions(), root, dirs_exist_ok=True)


def only_one(root: Path) -> Path:
    """Write the project as it was while version 1 was the newest."""
    return shutil.copytree(_only_one(), root)


@cache
def _two_versions() -> Path:
    root = only_one(_folder() / "project")
    actions = root / "actions/duo_actions/integration"
    (actions / "greet.yaml").rename(actions / "greet.v1.yaml")
    (actions / "greet.yaml").write_text(NEWEST.format(version="2.0.0"))
    (actions / "greet.py").write_text(EXECUTOR.format(stem="greet", output="text", word="Welcome", param="whom"))
    (actions / "greet_v1.py").write_text(EXECUTOR.format(stem="greet_v1", output="said", word="Hello", param="who"))
    generate(root)
    return root


@cache
def _only_one() -> Path:
    root = _folder() / "project"
    make_project(root, prefix="duo")
    actions = root / "actions/duo_actions/integration"
    actions.mkdir(parents=True, exist_ok=True)
    for package in (actions.parent, actions):
        (package / "__init__.py").write_text("")
    (actions / "greet.yaml").write_text(OLDER)
    (actions / "hold.yaml").write_text(HOLD)
    (actions / "hold.py").write_text(HOLD_EXECUTOR)
    (actions / "greet.py").write_text(EXECUTOR.format(stem="greet", output="said", word="Hello", param="who"))
    generate(root)
    return root


def _folder() -> Path:
    """Return a folder that goes when the tests have ended."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def generate(root: Path) -> None:
    """Derive everything from the project's action files."""
    done = bud("generate", "--root", str(root))
    assert done.returncode == 0, done.stdout + done.stderr


def catalog_of(root: Path) -> ServedCatalog:
    """Return the catalog that a project's generated files hold."""
    return served(json.loads((root / "generated/python/duo_generated/catalog.json").read_text()))
