"""A server with a runtime, in this process: small actions, executors written for tests, and a SQLite file."""

import asyncio
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from bud_actions.base import (
    ActionContext,
    ActionResult,
    BaseActionExecutor,
    EventAction,
    EventContext,
    EventResult,
    StepStatus,
)
from bud_codegen import api
from bud_codegen.emit.python import catalog_json
from bud_server.app import create_app
from bud_server.auth.api_keys import new_key
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.lifecycle import utc_today
from bud_server.catalog.served import ServedCatalog, served
from bud_server.runtime.gate import Gate
from bud_server.runtime.runtime import Runtime
from bud_server.settings import Settings
from tests.support.server import wait_until

ROOT = Path(__file__).parents[2]
KEY = Fernet.generate_key().decode()
HEAD = 'version: "1.0.0"\nname: {type}\ndescription: For tests.\ncategory: Integration\ntimeout_seconds: 60\n'
ACTIONS = {
    "echo": """execution_mode: sync
idempotent: true
params:
  - {name: text, label: Text, type: string, default: ""}
  - {name: size, label: Size, type: number}
  - {name: token, label: Token, type: string, secret: true}
outputs:
  - {name: text, type: string}
""",
    "guard": "execution_mode: sync\nrequired_permissions: ['cluster:write']\n",
    "stumble": "execution_mode: sync\n",
    "leak": """execution_mode: sync
idempotent: true
params:
  - {name: token, label: Token, type: json, secret: true}
  - {name: way, label: Way, type: string, default: as it is}
  - {name: how, label: How, type: string, default: succeed}
outputs:
  - {name: value, type: any}
""",
    "linger": "execution_mode: sync\nidempotent: false\n",
    "listen": """execution_mode: event_driven
params:
  - {name: key, label: Key, type: string, required: true}
outputs:
  - {name: answer, type: any}
""",
}


class Echo(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        context.log("echoed", {"text": context.params.get("text")})
        text = context.params.get("text") or ""
        return ActionResult(success=True, outputs={"text": text, "token": context.params.get("token")})


class Guard(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        return ActionResult(success=True)


class Stumble(BaseActionExecutor):
    """Fails for as long as the pipeline is not told to work."""

    async def execute(self, context: ActionContext) -> ActionResult:
        works = context.workflow_params.get("works") is True
        return ActionResult(success=works, error=None if works else "it broke")


class Leak(BaseActionExecutor):
    """Tells its secret in some form, wherever an executor can tell something."""

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        if params["how"] == "choke":
            raise ValueError(params["token"])
        return [str(params["token"])] if params["how"] == "refuse" else []

    async def execute(self, context: ActionContext) -> ActionResult:
        told = WAYS[context.params["way"]](context.params["token"])
        context.log("leaked", {"told": told})
        context.set_metrics({"told": told}, category=str(told))
        context.set_progress(1, category=str(told))
        if context.params["how"] == "raise":
            raise ValueError(told)
        if context.params["how"] == "fail":
            return ActionResult(success=False, error=f"it was {told}", outputs={"value": told})
        name = str(told) if context.params["how"] == "name" else "value"
        return ActionResult(success=True, outputs={name: told})


WAYS: Mapping[str, Callable[[Any], Any]] = {
    "as it is": lambda secret: secret,
    "inside": lambda secret: {"headers": [f"Bearer {secret}"]},
    "beside": lambda secret: {"secret": secret, "plain": "in sight"},
    "as key": lambda secret: [{secret: 1}],
    "escaped": lambda secret: [repr([secret]), repr(str(secret).encode())],
    "as JSON": lambda secret: [json.dumps([secret]), json.dumps([secret], ensure_ascii=False)],
    "in an address": lambda secret: [quote(str(secret)), quote(str(secret), safe=""), quote_plus(str(secret))],
    "in base64": lambda secret: [each(f"user:{secret}".encode()).decode() for each in (b64encode, urlsafe_b64encode)],
}


class Linger(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        await asyncio.sleep(30)
        return ActionResult(success=True)


class Listen(BaseActionExecutor):
    """Waits for an event, and tells in its outputs by which token that may come."""

    async def execute(self, context: ActionContext) -> ActionResult:
        key = str(context.params["key"])
        return ActionResult(success=True, awaiting_event=True, external_workflow_id=key)

    async def on_event(self, context: EventContext) -> EventResult:
        answer = context.event_data.get("answer")
        if answer is None:
            return EventResult(action=EventAction.UPDATE_PROGRESS, progress=40.0, eta_minutes=2)
        return EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs={"answer": answer})


EXECUTORS: Mapping[str, BaseActionExecutor] = {
    "echo": Echo(),
    "guard": Guard(),
    "stumble": Stumble(),
    "leak": Leak(),
    "linger": Linger(),
    "listen": Listen(),
}


@cache
def catalog() -> ServedCatalog:
    """Return the catalog of the actions above."""
    return catalog_with({name: f"type: {name}\n{HEAD.format(type=name)}{text}" for name, text in ACTIONS.items()})


def catalog_with(files: Mapping[str, str]) -> ServedCatalog:
    """Return the catalog of action files, given by name."""
    sources = {"actions/bud_actions/categories.yaml": (ROOT / "actions/bud_actions/categories.yaml").read_text()}
    sources |= {f"actions/bud_actions/builtin/{name}.yaml": text for name, text in files.items()}
    return served(json.loads(catalog_json(api.load_catalog(sources))))


def settings_in(folder: Path | str, **given: Any) -> Settings:
    """Return settings with a database in a folder."""
    usual: dict[str, Any] = {"strict": True, "secret_key": KEY, "shutdown_seconds": 0}
    return Settings(**{**usual, "database": f"sqlite:///{folder}/bud.db", **given})


def executor_of(executors: Mapping[str, BaseActionExecutor]) -> Callable[[str], BaseActionExecutor]:
    """Return what finds executors by type, whichever major version is asked for."""
    return lambda name: executors[name.partition("@")[0]]


@contextmanager
def serving(
    settings: Settings,
    executors: Mapping[str, BaseActionExecutor] = EXECUTORS,
    *,
    has_worker: bool = True,
    holder: CatalogHolder | None = None,
    today: Callable[[], date] = utc_today,
) -> Iterator[TestClient]:
    """Serve the actions above, or those of a holder, and yield a client once everything runs."""
    held = holder or CatalogHolder(catalog())
    gate = Gate(lambda: Runtime(settings, lambda: held.current, executor_of(executors), has_worker=has_worker))
    with TestClient(create_app(held, settings, gate=gate, today=today)) as client:
        wait_until(lambda: gate.running is not None or gate.error is not None)
        yield client


class Keys:
    """A file of API keys, one per name."""

    def __init__(self, folder: Path, **permissions: list[str]) -> None:
        self.path = folder / "keys.txt"
        made = {name: new_key(name, granted) for name, granted in permissions.items()}
        self.path.write_text("".join(f"{line}\n" for _, line in made.values()))
        self._keys = {name: key for name, (key, _) in made.items()}

    def __getitem__(self, name: str) -> dict[str, str]:
        """Return the headers of a subject."""
        return {"Authorization": f"Bearer {self._keys[name]}"}


def step(step_id: str, action: str = "echo", *depends_on: str, **params: Any) -> dict[str, Any]:
    return {"id": step_id, "action": action, "params": params, "depends_on": list(depends_on)}


def dag(*steps: dict[str, Any], name: str = "tried", **members: Any) -> dict[str, Any]:
    return {"name": name, "steps": list(steps), **members}


def run(client: TestClient, *steps: dict[str, Any], params: object = None, **members: Any) -> dict[str, Any]:
    """Run a pipeline and return the answer."""
    body = {"pipeline_definition": {"dag": dag(*steps, **members)}, "params": params or {}}
    answer = client.post("/executions/run", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(client: TestClient, execution_id: str) -> dict[str, Any]:
    """Return an execution once it has ended."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/executions/{execution_id}").json()
        return found

    return until(look, lambda found: found["status"] in ("COMPLETED", "FAILED", "CANCELLED"))


def until(look: Callable[[], dict[str, Any]], holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return what is seen once something holds of it."""
    found: list[dict[str, Any]] = []

    def once() -> bool:
        found[:] = [look()]
        return holds(found[0])

    wait_until(once)
    return found[0]
