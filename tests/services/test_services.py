"""Services and topics are reached over plain URLs and over Dapr, in time, and repeated only where that does no harm."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from bud_actions.base import (
    EventContext,
    ServiceError,
    ServiceRejectedError,
    ServiceTimeoutError,
    ServiceUnreachableError,
)
from bud_server.services.base_urls import BaseUrls
from bud_server.services.dapr import Dapr
from bud_server.services.reach import Reach
from bud_server.services.request import RETRY_SECONDS
from tests.contract.scripted import Scripted
from tests.contract.table import Exchange
from tests.net.raw import HEAD, answering
from tests.net.watch import attempts

HEADERS = {"Idempotency-Key": "e/s"}


@pytest.fixture(scope="module")
def services() -> Iterator[Scripted]:
    with Scripted().running() as scripted:
        yield scripted


def plain(services: Scripted) -> Reach:
    return BaseUrls({"budapp": f"{services.url}/budapp/v1/"}, {"news": f"{services.url}/topics/news"})


def dapr(services: Scripted) -> Reach:
    return Dapr(f"{services.url}/dapr/", "bud-pubsub", "sidecar", "app")


def invoke(
    reach: Reach,
    method: str = "GET",
    path: str = "models",
    data: Any = None,
    params: Mapping[str, Any] | None = None,
    seconds: float = 5,
) -> Any:
    async def ask() -> Any:
        async with reach:
            return await reach.invoke("budapp", path, method, data, params, seconds, HEADERS)

    return asyncio.run(ask())


def publish(reach: Reach, topic: str, data: Mapping[str, Any]) -> None:
    async def tell() -> None:
        async with reach:
            await reach.publish(topic, data, HEADERS)

    asyncio.run(tell())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("reach", "service", "path", "headers"),
    [
        (plain, "budapp", "v1/models/a%2Fb", {}),
        (
            dapr,
            "dapr",
            "v1.0/invoke/budapp/method/models/a%2Fb",
            {"dapr-api-token": "sidecar", "x-app-api-token": "app"},
        ),
    ],
)
def test_a_call_arrives_as_it_was_meant(
    method: str,
    reach: Callable[[Scripted], Reach],
    service: str,
    path: str,
    headers: dict[str, str],
    services: Scripted,
) -> None:
    has_body = method in ("POST", "PUT", "PATCH")
    expected = Exchange(
        service=service,
        method=method,
        path=path,
        query={"force": "true", "n": "1"},
        body=[1, {"a": "ü"}] if has_body else None,
        headers={"idempotency-key": "e/s", **headers},
        answer={"id": 1},
    )
    with services.playing([expected]):
        params = {"force": True, "n": 1, "none": None}
        assert invoke(reach(services), method, "/models/a%2Fb", [1, {"a": "ü"}], params) == {"id": 1}


def test_an_empty_answer_is_none(services: Scripted) -> None:
    with services.playing([Exchange(service="budapp", method="DELETE", path="v1/models", status=204)]):
        assert invoke(plain(services), "DELETE") is None


@pytest.mark.parametrize("path", ["..", "models/../users", "models/%2e%2E/users", "models/./x", "a?b=c", "a#b", "a\\b"])
@pytest.mark.parametrize("reach", [plain, dapr])
def test_a_path_that_leads_elsewhere_is_not_asked(
    path: str, reach: Callable[[Scripted], Reach], services: Scripted
) -> None:
    with services.playing([]), pytest.raises(ServiceError, match="leads elsewhere") as error:
        invoke(reach(services), "DELETE", path)

    assert not error.value.had_effect


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"detail": "no such model"}, "no such model"),
        ({"message": "no", "error": "x"}, "no"),
        ({"error": "no", "detail": ["x"]}, "no"),
        ({"detail": [{"loc": ["body"]}]}, '{"detail": [{"loc": ["body"]}]}'),
        ("no", '"no"'),
        (None, ""),
    ],
)
@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_says_why(answer: Any, said: str, status: int, services: Scripted) -> None:
    refusal = Exchange(service="budapp", method="GET", path="v1/models", status=status, answer=answer)
    with services.playing([refusal]), pytest.raises(ServiceRejectedError) as error:
        invoke(plain(services))

    assert (str(error.value), error.value.status) == (f"budapp answered {status}: {said}", status)
    assert error.value.had_effect == (status >= 500)


@pytest.mark.parametrize(
    ("method", "tries"),
    [("GET", 3), ("PUT", 3), ("DELETE", 3), ("POST", 1), ("PATCH", 1)],
)
def test_nobody_there_is_tried_again_only_if_that_does_no_harm(method: str, tries: int) -> None:
    with attempts() as attempted, pytest.raises(ServiceUnreachableError, match="budapp cannot be reached"):
        invoke(BaseUrls({"budapp": "http://127.0.0.1:9"}), method)

    assert len(attempted) == tries <= len(RETRY_SECONDS) + 1


def test_tries_end_with_the_time() -> None:
    with attempts() as attempted, pytest.raises(ServiceTimeoutError):
        invoke(BaseUrls({"budapp": "http://127.0.0.1:9"}), seconds=0.2)

    assert 0 < len(attempted) < 3


@pytest.mark.parametrize("pieces", [[b"H"] * 100, [HEAD + b"Content-Length: 100\r\n\r\n"] + [b"1"] * 100])
def test_an_answer_that_trickles_is_not_waited_for(pieces: list[bytes]) -> None:
    with (
        answering(*pieces, wait=0.05) as server,
        pytest.raises(ServiceTimeoutError, match=r"budapp did not answer within 0\.3 seconds") as error,
    ):
        invoke(BaseUrls({"budapp": f"http://127.0.0.1:{server.port}"}), seconds=0.3)

    assert error.value.had_effect


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    pieces = [HEAD + b"\r\n", *[b"1" * 2**20] * 11]
    with answering(*pieces) as server, pytest.raises(ServiceError, match="the answer is larger than 10 MiB"):
        invoke(BaseUrls({"budapp": f"http://127.0.0.1:{server.port}"}))


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_json_is_an_error(body: bytes) -> None:
    head = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode()
    with answering(head + body) as server, pytest.raises(ServiceError, match="budapp answered with what is no JSON"):
        invoke(BaseUrls({"budapp": f"http://127.0.0.1:{server.port}"}))


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"])
def test_a_broken_answer_may_have_had_an_effect(answer: bytes) -> None:
    with answering(answer) as server, pytest.raises(ServiceError, match="budapp broke off") as error:
        invoke(BaseUrls({"budapp": f"http://127.0.0.1:{server.port}"}), "POST", data={})

    assert error.value.had_effect


def test_calls_of_one_execution_are_spans_of_one_trace() -> None:
    empty = HEAD + b"Content-Length: 0\r\nConnection: close\r\n\r\n"

    async def ask(port: int) -> None:
        for key in ("e/a", "e/b", "f/a"):
            async with BaseUrls({"budapp": f"http://127.0.0.1:{port}"}) as reach:
                await reach.invoke("budapp", "", "GET", None, None, 5, {"Idempotency-Key": key})

    with answering(empty) as server:
        asyncio.run(ask(server.port))
    traces = [re.search(rb"traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-01\r\n", heard) for heard in server.heard]
    ids = [found.groups() for found in traces if found]

    assert len({trace for trace, _ in ids[:2]}) == 1
    assert ids[2][0] != ids[0][0]
    assert len({span for _, span in ids}) == 3


def test_an_executor_can_ask_when_an_event_comes(services: Scripted) -> None:
    async def ask() -> Any:
        async with plain(services) as reach:
            context = EventContext(
                step_execution_id="e/s",
                execution_id="e",
                external_workflow_id="w",
                event_type="x",
                event_data={},
                services=reach,
                user_id="ada",
                idempotency_key="e/s",
            )
            return await context.invoke_service("budapp", "models", "GET")

    expected = Exchange(service="budapp", method="GET", path="v1/models", headers={"x-user-id": "ada"}, answer=[1])
    with services.playing([expected]):
        assert asyncio.run(ask()) == [1]


# Topics


def test_a_message_is_posted_to_the_url_of_its_topic(services: Scripted) -> None:
    event = {"ce-type": "found", "ce-source": "budpipeline", "ce-specversion": "1.0", "idempotency-key": "e/s"}
    message = {"type": "found", "id": 1}
    with services.playing([Exchange(service="topics", method="POST", path="news", body=message, headers=event)]):
        publish(plain(services), "news", message)


def test_dapr_publishes_a_message_with_its_attributes_beside_it(services: Scripted) -> None:
    expected = Exchange(
        service="dapr",
        method="POST",
        path="v1.0/publish/bud-pubsub/a%20b",
        query={"metadata.cloudevent.type": "message", "metadata.cloudevent.source": "budpipeline"},
        body={"id": 1},
        headers={"dapr-api-token": "sidecar", "content-type": "application/cloudevents+json"},
        status=204,
    )
    with services.playing([expected]):
        publish(dapr(services), "a b", {"id": 1})


def test_a_message_that_is_refused_says_why(services: Scripted) -> None:
    refusal = Exchange(service="topics", method="POST", path="news", body={}, status=403, answer={"message": "no"})
    with services.playing([refusal]), pytest.raises(ServiceRejectedError, match="the topic news answered 403: no"):
        publish(plain(services), "news", {})


def test_what_has_no_url_names_the_setting(services: Scripted) -> None:
    with pytest.raises(ServiceUnreachableError, match=r"'budapp' has no URL: add it to the setting `services`"):
        invoke(BaseUrls({"budsim": "http://x"}))
    with pytest.raises(ServiceUnreachableError, match=r"'rumours' has no URL: .* `topics` \(known: news\)"):
        publish(plain(services), "rumours", {})


def test_tokens_are_in_no_message(services: Scripted) -> None:
    refusal = Exchange(
        service="dapr", method="GET", path="v1.0/invoke/budapp/method/models", status=401, answer={"message": "no"}
    )
    with services.playing([refusal]), pytest.raises(ServiceRejectedError) as error:
        invoke(dapr(services))

    assert "sidecar" not in json.dumps([str(error.value), repr(error.value.__cause__)])
