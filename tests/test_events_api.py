"""Events over HTTP: kept before they are acknowledged, believed only from those who may send them."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor
from bud_server.runtime.events.near import is_close
from bud_server.runtime.events.signature import signature_of
from tests.support.api import EXECUTORS, Keys, dag, ended, run, serving, settings_in, step, until

ROLES: dict[str, list[str]] = {
    "powerless": [],
    "sender": ["event:send"],
    "reader": ["event:read"],
    "operator": ["event:*", "execution:admin"],
}
SECRET, TOKEN = "a secret of senders", "a token of dapr"


@pytest.fixture(scope="module")
def client(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    given = {"event_secret": SECRET, "app_api_token": TOKEN, "event_keys": ("sim=/run/number",)}
    settings = settings_in(tmp_path_factory.mktemp("api"), database=database, **given)
    with serving(settings) as found:
        yield found


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"), **ROLES)


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    settings = settings_in(folder, auth="api-key", api_keys_file=keys.path, event_secret=SECRET)
    with serving(settings) as found:
        yield found


def waiting(client: TestClient, key: str) -> str:
    """Start an execution that waits for a key, and return its id."""
    return str(run(client, step("a", "listen", key=key))["execution_id"])


def sent(client: TestClient, body: object, **headers: str) -> dict[str, Any]:
    answer = client.post("/events", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cloud_event(number: str, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": number, "source": "sim", "type": "sim.done", "data": data}


# --- what becomes of them ---


def test_an_event_ends_the_step_that_waits_for_it(client: TestClient) -> None:
    found = waiting(client, "plain")
    received = sent(client, {"workflow_id": "plain", "answer": 42, "type": "done"})

    assert (received["state"], received["execution_id"], received["step_id"]) == ("matched", found, "a")
    assert ended(client, found)["status"] == "COMPLETED"
    assert client.get(f"/executions/{found}/steps/a").json()["outputs"] == {"answer": 42}
    event = client.get(f"/events/{received['id']}").json()
    assert (event["state"], event["verdict"], event["type"]) == ("matched", "applied", "done")
    assert event["body"]["answer"] == 42


def test_an_event_that_comes_before_its_step_waits_for_it(client: TestClient) -> None:
    early = sent(client, {"payload": {"workflow_id": "early", "type": "phase"}, "answer": 1})

    assert early["state"] == "unmatched"
    assert ended(client, waiting(client, "early"))["status"] == "COMPLETED"
    event = client.get(f"/events/{early['id']}").json()
    assert (event["state"], event["type"]) == ("matched", "phase")


def test_an_event_that_comes_after_its_step_is_late(client: TestClient) -> None:
    found = waiting(client, "late")
    sent(client, {"workflow_id": "late", "answer": 1})
    ended(client, found)

    assert sent(client, {"workflow_id": "late", "answer": 2})["state"] == "late"
    assert client.get(f"/executions/{found}/steps/a").json()["outputs"] == {"answer": 1}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (cloud_event("twice"), {}),
        ({"workflow_id": "twice"}, {"Idempotency-Key": "twice 1"}),
        ({"workflow_id": "twice"}, {"X-Event-ID": "twice 2"}),
        ({"workflow_id": "twice", "id": "3", "source": "plain"}, {}),
        ({"workflow_id": "twice"}, {"ce-specversion": "1.0", "ce-id": "4", "ce-source": "binary", "ce-type": "t"}),
    ],
)
def test_an_event_that_comes_again_is_a_duplicate(client: TestClient, body: object, headers: dict[str, str]) -> None:
    first, second = sent(client, body, **headers), sent(client, body, **headers)

    assert (first["state"], second["state"]) == ("unmatched", "duplicate")
    assert client.get(f"/events/{second['id']}").json()["duplicate_of"] == first["id"]


def test_an_id_in_an_event_that_is_no_cloud_event_may_stand_for_its_subject(client: TestClient) -> None:
    found = waiting(client, "subject")
    about = {"workflow_id": "subject", "id": "model-7", "source": "budapp"}

    assert sent(client, {**about, "phase": 1})["state"] == "matched"
    assert sent(client, {**about, "answer": 1})["state"] == "matched"
    assert ended(client, found)["status"] == "COMPLETED"


def test_attributes_in_headers_describe_the_data_in_the_body(client: TestClient) -> None:
    found = waiting(client, "binary")
    headers = {"ce-specversion": "1.0", "ce-id": "b1", "ce-source": "sim", "ce-type": "sim.done"}
    received = sent(client, {"workflow_id": "binary", "answer": 1}, **headers)

    assert client.get(f"/events/{received['id']}").json()["type"] == "sim.done"
    assert client.get(f"/executions/{found}").json()["id"] == found


def test_an_event_for_two_steps_is_dead_until_somebody_delivers_it(client: TestClient) -> None:
    first, second = waiting(client, "both"), waiting(client, "both")
    received = sent(client, {"workflow_id": "both", "answer": 7})

    assert received["state"] == "dead"
    verdict = client.get(f"/events/{received['id']}").json()["verdict"]
    assert verdict.startswith("ambiguous: 2 steps wait for it")
    address = f"/events/{received['id']}/deliver"
    assert client.post(address, json={"execution_id": second, "step_id": "b"}).status_code == 409
    assert client.post(address, json={"execution_id": "nope", "step_id": "a"}).status_code == 404
    assert client.post(address, json={"execution_id": second, "step_id": "a"}).status_code == 202
    assert ended(client, second)["status"] == "COMPLETED"
    assert client.get(f"/executions/{first}").json()["status"] == "RUNNING"
    again = client.post(address, json={"execution_id": first, "step_id": "a"})
    assert again.status_code == 409
    assert again.json()["detail"] == "The event has been handled already"


def test_a_source_may_have_its_ids_elsewhere(client: TestClient) -> None:
    found = waiting(client, "17")
    received = sent(client, {**cloud_event("elsewhere"), "run": {"number": 17}, "answer": 1})

    assert received["execution_id"] == found
    assert sent(client, {"run": {"number": 17}})["state"] == "unmatched"


def test_a_step_tells_what_it_waits_for_and_what_was_nearly_it(client: TestClient) -> None:
    found = waiting(client, "Run-4711-Alpha")
    near = [sent(client, {"workflow_id": key})["id"] for key in ("run_4711_alpha", "Run-4711-Alphb")]
    sent(client, {"workflow_id": "something else"})
    told = client.get(f"/executions/{found}/steps/a").json()["waiting"]

    assert told["keys"] == ["Run-4711-Alpha", "callback:********"]
    assert told["deadline"]
    assert [each["id"] for each in told["near_misses"]] == near[::-1]
    assert {each["awaited_key"] for each in told["near_misses"]} == {"Run-4711-Alpha"}


@pytest.mark.parametrize(
    ("key", "other", "is_near"),
    [
        ("abc", "ABC", True),
        ("deploy-12345678", "12345678", True),
        ("a", "deploy-a", False),
        ("", "abc", False),
        ("-", "_", False),
        ("0198-aaaa", "0198-abcd", False),
        ("completely", "different", False),
    ],
)
def test_keys_are_close_if_one_may_have_been_meant_as_the_other(key: str, other: str, is_near: bool) -> None:
    assert is_close(key, other) is is_close(other, key) is is_near


# --- who may send them ---


def test_a_signature_takes_the_place_of_a_credential(owned: TestClient) -> None:
    content = json.dumps({"workflow_id": "signed"}).encode()
    now = int(time.time())

    def status(signature: str, body: bytes = content) -> int:
        return owned.post("/events", content=body, headers={"X-Bud-Signature": signature}).status_code

    assert status(signature_of(SECRET, content, now)) == 202
    assert status(signature_of(SECRET, content, now - 290)) == 202
    assert status(signature_of(SECRET, content, now - 310)) == 401
    assert status(signature_of(SECRET, content, now + 310)) == 401
    assert status(signature_of("another secret", content, now)) == 401
    assert status(signature_of(SECRET, content, now), content + b" ") == 401
    assert status("t=1,v1=zz") == 401
    assert status("") == 400
    assert owned.post("/events", content=content).status_code == 401


def test_a_signature_opens_no_other_door(owned: TestClient) -> None:
    headers = {"X-Bud-Signature": signature_of(SECRET, b"", int(time.time()))}

    assert owned.get("/events", headers=headers).status_code == 401
    assert owned.post("/executions", headers=headers).status_code == 401
    assert owned.post("/events/1/deliver", headers=headers).status_code == 401


def test_without_a_secret_no_signature_is_believed(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path)) as client:
        refused = client.post("/events", content=b"{}", headers={"X-Bud-Signature": signature_of("", b"{}", 1)})

    assert refused.status_code == 401
    assert "BUD_EVENT_SECRET" in refused.json()["detail"]


def test_each_use_of_the_inbox_needs_its_permission(owned: TestClient, keys: Keys) -> None:
    for who in ROLES:
        may = {name: who in roles for name, roles in MAY.items()}
        post = owned.post("/events", json={"workflow_id": "matrix"}, headers=keys[who])
        assert post.status_code == (202 if may["send"] else 403)
        assert owned.get("/events", headers=keys[who]).status_code == (200 if may["read"] else 403)
        one = owned.get("/events/nope", headers=keys[who])
        assert one.status_code == (404 if may["read"] else 403)
        given = {"execution_id": "nope", "step_id": "a"}
        deliver = owned.post("/events/nope/deliver", json=given, headers=keys[who])
        assert deliver.status_code == (404 if may["deliver"] else 403)


MAY = {"send": {"sender", "operator"}, "read": {"reader", "operator"}, "deliver": {"operator"}}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[]", 422),
        (b"null", 422),
        (b"{", 400),
        (b'{"specversion": "1.0", "id": "\\u0000", "source": "s", "type": "t"}', 422),
        (b'{"specversion": "1.0", "id": "", "source": "s", "type": "t"}', 422),
        (b'{"type": "' + b"x" * 501 + b'"}', 422),
        (b'{"note": "\\ud800"}', 400),
        (b'{"workflow_id": "a\\u0000b"}', 202),
    ],
)
def test_what_is_no_event_is_refused(client: TestClient, content: bytes, status: int) -> None:
    assert client.post("/events", content=content).status_code == status


def test_the_inbox_is_listed_newest_first(client: TestClient) -> None:
    ids = [sent(client, {"workflow_id": f"listed {n}"})["id"] for n in range(3)][::-1]
    first = client.get("/events?state=unmatched&limit=2").json()
    rest = client.get("/events", params={"after": first["next"], "limit": 1}).json()

    assert [each["id"] for each in first["events"]] == ids[:2]
    assert [each["id"] for each in rest["events"]] == ids[2:]
    assert "body" not in first["events"][0]
    assert client.get("/events?state=lost").status_code == 422


# --- from Dapr ---


def published(client: TestClient, body: object, token: str = TOKEN) -> Any:
    headers = {"dapr-api-token": token, "Content-Type": "application/cloudevents+json"}
    return client.post("/workflow-events", content=json.dumps(body), headers=headers)


@pytest.mark.parametrize("is_flat", [True, False])
def test_dapr_delivers_flat_events_and_wrapped_ones(client: TestClient, is_flat: bool) -> None:
    key = f"dapr {is_flat}"
    found = waiting(client, key)
    content = {"payload": {"workflow_id": key}, "answer": 1, "type": "notification"}
    envelope = {"specversion": "1.0", "id": key, "source": "budcluster", "topic": "budpipelineEvents"}
    body = {**content, **envelope} if is_flat else {**envelope, "type": "com.dapr.event.sent", "data": content}
    answer = published(client, body)

    assert answer.status_code == 200
    assert answer.json() == {"status": "SUCCESS", "routed": True, "step_completed": False, "triggers": None}
    event = next(each for each in client.get("/events").json()["events"] if each["event_id"] == key)
    assert (event["execution_id"], event["source"], event["type"]) == (found, "budcluster", "notification")
    assert published(client, body).json()["routed"]


def test_an_event_that_nobody_waits_for_is_acknowledged_and_kept(client: TestClient) -> None:
    answer = published(client, {"workflow_id": "nobody waits for it"})

    assert answer.json()["routed"] is False
    assert client.get("/events?limit=1").json()["events"][0]["source"] == "dapr"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "tökén"])
def test_dapr_proves_itself_by_its_token(client: TestClient, token: str) -> None:
    headers = {b"dapr-api-token": token.encode("latin-1")}

    assert client.post("/workflow-events", json={}, headers=headers).status_code == 403


def test_without_a_token_nothing_is_taken_from_dapr(owned: TestClient) -> None:
    refused = published(owned, {}, "")

    assert refused.status_code == 403
    assert "BUD_APP_API_TOKEN" in refused.json()["detail"]


@pytest.mark.parametrize("body", [[], None, 5, "text"])
def test_what_dapr_delivers_must_be_an_object(client: TestClient, body: object) -> None:
    assert published(client, body).status_code == 400


def test_an_event_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path, app_api_token=TOKEN)) as client:
        with closing(sqlite3.connect(tmp_path / "bud.db")) as database:
            database.execute("ALTER TABLE events RENAME TO gone")
        for answer in (client.post("/events", json={}), published(client, {}), client.get("/events")):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json()["detail"] == "The database cannot be used now; try again later"
        with closing(sqlite3.connect(tmp_path / "bud.db")) as database:
            database.execute("ALTER TABLE gone RENAME TO events")
        assert client.post("/events", json={}).status_code == 202


# --- callbacks ---


class Telling(BaseActionExecutor):
    """Waits for its callback; tells its token to the test."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def execute(self, context: ActionContext) -> ActionResult:
        self.tokens.append(context.callback.token.removeprefix("callback:"))
        return ActionResult(success=True, awaiting_event=True)

    on_event = EXECUTORS["listen"].__class__.on_event


def test_whoever_knows_the_token_tells_a_step_that_its_work_is_done(tmp_path: Path) -> None:
    telling = Telling()
    with serving(settings_in(tmp_path, auth="none"), {**EXECUTORS, "listen": telling}) as client:
        found = run(client, step("a", "listen", key="k"))["execution_id"]
        (token,) = telling.tokens
        for path in ("", "/steps/a", "/events", "/progress"):
            assert token not in client.get(f"/executions/{found}{path}").text
        unknown = client.post(f"/callbacks/{'0' * 64}", json={"answer": 1})
        progress = client.post(f"/callbacks/{token}")
        done = client.post(f"/callbacks/{token}", json={"answer": 5})
        assert (unknown.status_code, progress.status_code, done.status_code) == (404, 202, 202)
        assert ended(client, found)["status"] == "COMPLETED"
        assert client.post(f"/callbacks/{token}", json={"answer": 6}).json()["state"] == "late"
        assert client.post("/callbacks/nope", json={}).status_code == 404
        assert token not in client.get("/events").text


def test_a_callback_may_come_before_its_step_waits(tmp_path: Path) -> None:
    class Hasty(Telling):
        """Goes on until it has been called back."""

        async def execute(self, context: ActionContext) -> ActionResult:
            result = await super().execute(context)
            await asyncio.to_thread(called_back.wait, 30)
            return result

    called_back = threading.Event()
    hasty = Hasty()
    with serving(settings_in(tmp_path), {**EXECUTORS, "listen": hasty}) as client:
        body = {"pipeline_definition": dag(step("a", "listen", key="k"))}
        found = client.post("/executions/run", json=body, headers={"Prefer": "respond-async"}).json()["execution_id"]
        until(lambda: {"tokens": hasty.tokens}, lambda seen: bool(seen["tokens"]))
        assert client.post(f"/callbacks/{hasty.tokens[0]}", json={"answer": 1}).status_code == 202
        called_back.set()
        assert ended(client, found)["status"] == "COMPLETED"
