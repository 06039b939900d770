"""Executors reach the same outside, wherever they run."""

import asyncio
from collections.abc import Iterator

import pytest

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor
from bud_server.outside import Outside
from bud_server.runtime.executors.beside import in_loop, in_thread
from bud_server.runtime.executors.call import Answer, Failure
from bud_server.runtime.executors.process import in_process
from bud_server.settings import Settings
from tests.contract.scripted import Scripted
from tests.contract.table import Exchange
from tests.services.asking import Asking, AskingInProcess, AskingInThread

IDS = {"x-user-id": "ada", "idempotency-key": "e/s"}


@pytest.fixture(scope="module")
def services() -> Iterator[Scripted]:
    with Scripted().running() as scripted:
        yield scripted


def exchanges(*, has_dapr: bool) -> list[Exchange]:
    token = {"dapr-api-token": "t"} if has_dapr else {}
    service, path = ("dapr", "v1.0/invoke/budapp/method/models/1") if has_dapr else ("budapp", "models/1")
    event = {"metadata.cloudevent.type": "found", "metadata.cloudevent.source": "budpipeline"}
    return [
        Exchange(service=service, method="GET", path=path, headers={**IDS, **token}, answer={"id": 7}),
        Exchange(service="web", method="GET", path="page", answer="hello"),
        Exchange(
            service="dapr" if has_dapr else "topics",
            method="POST",
            path="v1.0/publish/pubsub/news" if has_dapr else "news",
            query=event if has_dapr else {},
            body={"type": "found", "id": 7},
            headers={**IDS, **token},
        ),
    ]


async def ran(executor: BaseActionExecutor, outside: Outside, url: str) -> Answer:
    async with outside.reach() as reach:
        context = ActionContext(
            params={"url": url}, user_id="ada", idempotency_key="e/s", services=reach, outbound=outside.addresses()
        )
        if executor.isolation == "process":
            return await in_process(executor, "execute", context, outside)
        run = in_thread if executor.isolation == "thread" else in_loop
        return await run(executor, "execute", context)


@pytest.mark.parametrize("has_dapr", [False, True])
@pytest.mark.parametrize("executor", [Asking(), AskingInThread(), AskingInProcess()])
def test_an_executor_reaches_services_topics_and_addresses(
    executor: BaseActionExecutor, has_dapr: bool, services: Scripted
) -> None:
    plain = Settings(services=(f"budapp={services.url}/budapp",), topics=(f"news={services.url}/topics/news",))
    settings = Settings(dapr_url=f"{services.url}/dapr", dapr_api_token="t") if has_dapr else plain
    outside = Outside.of(settings)
    allowing = Outside.from_document({**outside.document(), "allowed_hosts": ["127.0.0.1"]})
    with services.playing(exchanges(has_dapr=has_dapr)):
        answer = asyncio.run(ran(executor, allowing, f"{services.url}/web/page"))

    assert isinstance(answer, ActionResult)
    assert answer.outputs == {"id": 7, "page": '"hello"'}


@pytest.mark.parametrize("executor", [Asking(), AskingInThread(), AskingInProcess()])
def test_an_executor_reaches_nothing_inside(executor: BaseActionExecutor, services: Scripted) -> None:
    outside = Outside.of(Settings(services=(f"budapp={services.url}/budapp",)))
    with services.playing(exchanges(has_dapr=False)[:1]):
        answer = asyncio.run(ran(executor, outside, f"{services.url}/web/page"))

    assert isinstance(answer, Failure)
    assert "is refused: it leads to an address that is not public: loopback" in answer.message
    assert not answer.had_effect
