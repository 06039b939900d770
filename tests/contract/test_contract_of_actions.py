"""Every action, on every path, asks what its row says and yields what its row says."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from bud_actions.base import ActionContext, ActionResult, EventAction, EventContext, EventResult, action_registry
from bud_schemas import ParamValidator
from bud_server.net.outbound import GuardedClient
from bud_server.services.base_urls import BaseUrls
from tests.actions.support import CATALOG, declared
from tests.contract.rows import ROWS
from tests.contract.scripted import Scripted
from tests.contract.table import USER, WEB, Row, Told

_FLEETING = ("connection", "content-length", "date", "server")
"""Headers that the server here adds."""

DEAD_PORT = 9
"""Where nothing listens."""


@pytest.fixture(scope="module")
def services() -> Iterator[Scripted]:
    action_registry.discover_actions()
    with Scripted().running() as scripted:
        yield scripted


def test_every_action_has_a_row() -> None:
    assert {row.action for row in ROWS} == CATALOG.keys()


def test_every_event_driven_action_is_told_of_events() -> None:
    event_driven = {name for name, entry in CATALOG.items() if entry["meta"]["execution_mode"] == "event_driven"}

    assert event_driven <= {row.action for row in ROWS if row.told}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.action}: {row.path}")
def test_an_action_keeps_its_contract(row: Row, services: Scripted) -> None:
    with services.playing(row.exchanges):
        result = asyncio.run(_ran(row, services))

    if result is None:
        assert row.outputs is None
        return
    outputs = dict(result.outputs) if result.awaiting_event else declared(row.action, result.outputs)
    if "content-type" in (outputs.get("headers") or {}):
        outputs["headers"] = _lasting(outputs["headers"])
    assert (_shown(result.error, services), outputs) == (row.error, row.outputs)
    assert result.success == (row.error is None)
    assert row.had_effect in (None, result.had_effect)
    assert _awaited(result) == row.awaits
    assert result.timeout_seconds == row.timeout_seconds
    for told in row.told:
        with services.playing(told.exchanges):
            _check_told(row, told, asyncio.run(_meant(row, told, services)))


async def _ran(row: Row, services: Scripted) -> ActionResult | None:
    executor = action_registry.get_executor(row.action)
    validator = ParamValidator(CATALOG[row.action]["meta"])
    assert not list(validator.validate(row.params)), "the params of the row"
    async with _reached(row, services) as reached:
        context = ActionContext(
            params=_aimed(validator.complete(row.params), services),
            user_id=USER,
            idempotency_key="e/s",
            services=reached,
            outbound=GuardedClient(["127.0.0.1"], 1024 * 1024),
            **row.context,
        )
        result: ActionResult | None = await getattr(executor, row.method)(context)
    assert tuple(context.skipped_steps) == row.skips
    return result


def _reached(row: Row, services: Scripted) -> BaseUrls:
    urls = services.urls | dict.fromkeys(row.unreachable, f"http://127.0.0.1:{DEAD_PORT}")
    topics = {"notificationMessages": f"{services.url}/topics/notificationMessages"}
    return BaseUrls(urls, topics) if row.patience is None else _Impatient(row.patience, urls, topics)


class _Impatient(BaseUrls):
    """Gives every call up early."""

    def __init__(self, seconds: float, urls: Mapping[str, str], topics: Mapping[str, str]) -> None:
        super().__init__(urls, topics)
        self._seconds = seconds

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        seconds = min(timeout_seconds, self._seconds)
        return await super().invoke(app_id, method_path, http_method, data, params, seconds, headers)


def _aimed(params: Mapping[str, Any], services: Scripted) -> dict[str, Any]:
    """Return params that name the web as it is here."""
    aimed: dict[str, Any] = json.loads(json.dumps(params).replace(WEB, f"{services.url}/web"))
    return aimed


def _shown(message: str | None, services: Scripted) -> str | None:
    """Return a message that names the web as rows do."""
    return message and message.replace(urlsplit(services.url).netloc, urlsplit(WEB).netloc)


def _lasting(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an answer that do not differ each time."""
    return {name: value for name, value in headers.items() if name not in _FLEETING}


def _awaited(result: ActionResult) -> tuple[str, ...] | None:
    if not result.awaiting_event:
        return None
    return tuple(key for key in (result.external_workflow_id, *result.correlation_keys) if key is not None)


async def _meant(row: Row, told: Told, services: Scripted) -> EventResult:
    executor = action_registry.get_executor(row.action)
    async with _reached(row, services) as reached:
        event = EventContext(
            step_execution_id="e/s",
            execution_id="e",
            external_workflow_id=(row.awaits or ("",))[0],
            event_type=str(told.event.get("type", "")),
            event_data=told.event,
            step_outputs=row.outputs or {},
            params=ParamValidator(CATALOG[row.action]["meta"]).complete(row.params),
            user_id=USER,
            idempotency_key="e/s",
            services=reached,
        )
        return await executor.on_event(event)


def _check_told(row: Row, told: Told, meant: EventResult) -> None:
    assert meant == told.means, told.event
    if meant.action is EventAction.COMPLETE:
        complete = {**(row.outputs or {}), **meant.outputs}
        assert declared(row.action, complete) == complete
