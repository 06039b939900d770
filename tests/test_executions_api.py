"""Executions over HTTP: begun once, watched, ended, tried again; each by those only to whom they belong."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor
from bud_server.runtime.runtime import Runtime
from tests.support.api import (
    EXECUTORS,
    Keys,
    Linger,
    catalog,
    dag,
    ended,
    executor_of,
    run,
    serving,
    settings_in,
    step,
    until,
)
from tests.support.project import bud
from tests.support.server import running, wait_until

ROLES: dict[str, list[str]] = {"ann": [], "bob": [], "root": ["execution:admin"], "operator": ["cluster:write"]}
SECRET = "open-sesame"
GONE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def client(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(settings_in(tmp_path_factory.mktemp("api"), database=database)) as found:
        yield found


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"), **ROLES)


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[TestClient]:
    settings = settings_in(tmp_path_factory.mktemp("api"), auth="api-key", api_keys_file=keys.path)
    with serving(settings) as found:
        yield found


def save(client: TestClient, name: str, *steps: dict[str, Any], **members: Any) -> str:
    answer = client.post("/pipelines", json={"dag": dag(*steps, name=name, **members)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


# --- to begin ---


def test_an_execution_is_answered_once_it_has_ended(client: TestClient) -> None:
    yields = {"said": "{{ steps.b.outputs.text }}"}
    steps = step("a", text="hi"), step("b", "echo", "a", text="{{ steps.a.outputs.text }}")
    pipeline_id = save(client, "chain", *steps, outputs=yields)
    answer = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"x": 1}, "initiator": "manual"})

    assert answer.status_code == 201
    found = answer.json()
    assert (found["workflow_id"], found["workflow_name"], found["status"]) == (pipeline_id, "chain", "completed")
    assert (found["params"], found["outputs"], found["error"]) == ({"x": 1}, {"said": "hi"}, None)
    assert found["started_at"].endswith("Z")
    assert found["completed_at"] >= found["started_at"]
    looked = client.get(f"/executions/{found['execution_id']}").json()
    assert (looked["status"], looked["progress_percentage"], looked["initiator"]) == ("COMPLETED", "100.00", "manual")
    assert looked["final_outputs"] == {"said": "hi"}
    assert looked["pipeline_definition"]["name"] == looked["pipeline_definition"]["workflow_name"] == "chain"


@pytest.mark.parametrize("path", ["/executions/run", "/api/v1/executions/run", "/budpipeline/run"])
def test_a_pipeline_runs_without_being_saved(client: TestClient, path: str) -> None:
    more = {"callback_topics": None, "subscriber_ids": "ann", "user_id": "somebody", "payload_type": None}
    answer = client.post(path, json={"pipeline_definition": {"dag": dag(step("a"))}, **more})

    assert answer.status_code == 201
    assert answer.json()["workflow_id"] == "ephemeral"
    assert answer.json()["status"] == "completed"


@pytest.mark.parametrize("prefix", ["/budpipeline", "/budpipeline/pipelines", "/pipelines"])
def test_a_saved_pipeline_is_run_by_its_path(client: TestClient, prefix: str) -> None:
    pipeline_id = save(client, f"by path {prefix}", step("a"))

    for body in (None, {}, {"params": {"n": 1}}):
        answer = client.post(f"{prefix}/{pipeline_id}/execute", json=body)
        assert (answer.status_code, answer.json()["status"]) == (201, "completed")
    assert client.post(f"{prefix}/{GONE}/execute").status_code == 404


def test_a_failure_tells_its_step_and_why(client: TestClient) -> None:
    found = run(client, step("a", "stumble"))
    error = client.get(f"/executions/{found['execution_id']}").json()["error_info"]

    assert found["status"] == "failed"
    assert found["error"] == error["message"] == error["error"] == "Step 'a' failed: it broke"
    assert (error["code"], error["step"]) == ("step_failed", "a")
    steps = client.get(f"/executions/{found['execution_id']}/steps").json()["steps"]
    assert (steps[0]["status"], steps[0]["error_message"]) == ("FAILED", "it broke")


def test_an_execution_that_only_waits_is_answered_as_it_waits(client: TestClient) -> None:
    started = time.monotonic()
    found = run(client, step("a", "listen", key="patience"))

    assert found["status"] == "running"
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("prefer", ["respond-async", "respond-async, wait=10", "handling=lenient; respond-async"])
def test_a_client_need_not_wait(client: TestClient, prefer: str) -> None:
    body = {"pipeline_definition": dag(step("a", "linger"))}
    answer = client.post("/executions/run", json=body, headers={"Prefer": prefer})

    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert answer.headers["preference-applied"] == "respond-async"
    client.post(f"/executions/{answer.json()['execution_id']}/cancel")


def test_a_client_says_how_long_it_waits(client: TestClient) -> None:
    body = {"pipeline_definition": dag(step("a", "linger"))}
    answer = client.post("/executions/run", json=body, headers={"Prefer": "wait=0"})
    long = client.post("/executions/run", json={"pipeline_definition": dag(step("a"))}, headers={"Prefer": "wait=9999"})

    assert (answer.status_code, answer.json()["status"]) == (201, "running")
    assert long.headers["preference-applied"] == "wait=60"
    client.post(f"/executions/{answer.json()['execution_id']}/cancel")


def test_an_idempotency_key_begins_one_execution(client: TestClient) -> None:
    pipeline_id = save(client, "once", step("a"))
    headers = {"Idempotency-Key": "key-1"}
    first = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"n": 1}}, headers=headers)
    again = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"n": 1}}, headers=headers)
    other = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"n": 2}}, headers=headers)

    assert first.json()["execution_id"] == again.json()["execution_id"]
    assert again.status_code == 201
    assert other.status_code == 409
    assert "Idempotency-Key" in other.json()["detail"]
    assert client.get(f"/pipelines/{pipeline_id}").json()["execution_count"] == 1
    too_long = client.post("/executions", json={"workflow_id": pipeline_id}, headers={"Idempotency-Key": "k" * 300})
    assert too_long.status_code == 400


@pytest.mark.parametrize(
    "more",
    [{"callback_topics": ["elsewhere"]}, {"initiator": "another"}, {"params": {"n": 2}}, {"subscriber_ids": "b"}],
)
def test_an_idempotency_key_is_for_one_request_in_all_its_parts(client: TestClient, more: dict[str, Any]) -> None:
    body = {"pipeline_definition": dag(step("a", token=SECRET)), "initiator": "one", "callback_topics": ["here"]}
    headers = {"Idempotency-Key": f"all of it {more}"[:255]}
    sent = [client.post("/executions/run", json=each, headers=headers) for each in (body, {**body, **more}, body)]

    assert [each.status_code for each in sent] == [201, 409, 201]
    assert sent[0].json()["execution_id"] == sent[2].json()["execution_id"]


def test_a_pipeline_saved_again_as_it_was_is_the_same_request(client: TestClient) -> None:
    pipeline_id = save(client, "saved again", step("a", token=SECRET))
    sent, headers = {"workflow_id": pipeline_id}, {"Idempotency-Key": "saved again"}
    before = client.post("/executions", json=sent, headers=headers).json()
    client.put(f"/pipelines/{pipeline_id}", json={"dag": dag(step("a", token=SECRET), name="saved again")})

    assert client.post("/executions", json=sent, headers=headers).json()["execution_id"] == before["execution_id"]


def test_an_idempotency_key_belongs_to_its_owner(owned: TestClient, keys: Keys) -> None:
    body = {"pipeline_definition": dag(step("a"))}
    answers = [
        owned.post("/executions/run", json=body, headers={**keys[who], "Idempotency-Key": "shared"})
        for who in ("ann", "bob", "ann")
    ]

    assert len({answer.json()["execution_id"] for answer in answers}) == 2


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "workflow_id must be"),
        ({"workflow_id": GONE}, 404, "not found"),
        ({"workflow_id": "nope"}, 404, "not found"),
        ({"workflow_id": "a\0"}, 404, "not found"),
        ({"workflow_id": GONE, "params": []}, 422, "params"),
        ({"workflow_id": GONE, "initiator": "x" * 300}, 422, "initiator"),
    ],
)
def test_what_cannot_begin_is_refused(client: TestClient, body: object, status: int, said: str) -> None:
    answer = client.post("/executions", content=json.dumps(body))

    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_params_are_held_to_the_parameters(client: TestClient) -> None:
    parameters = [{"name": "size", "type": "integer"}, {"name": "word", "default": "hello"}]
    pipeline_id = save(client, "params", step("a", text="{{ params.word }}"), parameters=parameters)
    wrong = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"size": "large"}})
    missing = client.post("/executions", json={"workflow_id": pipeline_id})
    right = client.post("/executions", json={"workflow_id": pipeline_id, "params": {"size": 3}})

    assert wrong.status_code == missing.status_code == 422
    assert [(each["code"], each["pointer"]) for each in wrong.json()["problems"]] == [("param_type", "/size")]
    assert missing.json()["errors"]
    assert right.json()["params"] == {"size": 3, "word": "hello"}


def test_an_invalid_definition_is_refused_with_every_reason(client: TestClient) -> None:
    answer = client.post("/executions/run", json={"pipeline_definition": dag(step("a", "nope"), step("b", "listen"))})

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 2


# --- one action ---


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline"])
def test_one_action_is_an_execution(client: TestClient, prefix: str) -> None:
    answer = client.post(f"{prefix}/actions/echo/execute", json={"params": {"text": "hi", "token": SECRET}})

    assert answer.status_code == 201
    assert answer.json()["outputs"] == {"text": "hi", "token": "********"}
    assert client.get(f"/executions/{answer.json()['execution_id']}").json()["pipeline_definition"]["name"] == "echo"


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("nope", {"params": {}}, 404),
        ("echo", {}, 422),
        ("echo", {"params": {"size": "x"}}, 400),
        ("listen", {"params": {}}, 400),
        ("echo", {"params": {"text": "{{ steps.x.outputs.y }}"}}, 400),
    ],
)
def test_an_action_that_cannot_be_run_is_refused(client: TestClient, action: str, body: object, status: int) -> None:
    assert client.post(f"/actions/{action}/execute", json=body).status_code == status


def test_the_permissions_of_every_step_are_needed(owned: TestClient, keys: Keys) -> None:
    body = {"pipeline_definition": dag(step("a"), step("b", "guard"))}
    for who, status in (("ann", 403), ("root", 403), ("operator", 201)):
        ran = owned.post("/executions/run", json=body, headers=keys[who])
        alone = owned.post("/actions/guard/execute", json={"params": {}}, headers=keys[who])
        assert ran.status_code == alone.status_code == status
        if status == 403:
            assert ran.json()["detail"] == alone.json()["detail"] == "This needs the permission 'cluster:write'"


# --- to look ---


def test_everybody_sees_their_own_and_an_admin_sees_all(owned: TestClient, keys: Keys) -> None:
    body = {"pipeline_definition": dag(step("a", "listen", key="matrix"))}
    found = owned.post("/executions/run", json=body, headers=keys["ann"]).json()["execution_id"]
    one = f"/executions/{found}"
    looks = ("", "/progress", "/steps", "/steps/a", "/events", "/attempts")
    acts: tuple[tuple[str, dict[str, str]], ...] = (
        ("retry", {}),
        ("steps/a/resolve", {"outcome": "failed"}),
        ("cancel", {}),
    )

    for who, is_theirs in (("bob", False), ("operator", False), ("root", True), ("ann", True)):
        for path in looks:
            assert owned.get(one + path, headers=keys[who]).status_code == (200 if is_theirs else 404), path
        listed = owned.get("/executions", headers=keys[who]).json()["executions"]
        assert (found in [each["id"] for each in listed]) == is_theirs
    for path, sent in acts:
        assert owned.post(f"{one}/{path}", json=sent, headers=keys["bob"]).status_code == 404
        assert owned.post(f"{one}/{path}", json=sent).status_code == 401
    assert owned.get(f"{one}/stream", headers=keys["bob"]).status_code == 404
    assert owned.post(f"{one}/cancel", headers=keys["root"]).status_code == 202


@pytest.mark.parametrize("path", ["", "/progress", "/steps", "/steps/a", "/events", "/attempts", "/stream"])
@pytest.mark.parametrize("execution_id", [GONE, "nope"])
def test_an_unknown_execution_is_not_found(client: TestClient, execution_id: str, path: str) -> None:
    answer = client.get(f"/executions/{execution_id}{path}")

    assert answer.status_code == 404
    assert answer.json()["detail"] == f"Execution {execution_id} not found"


def test_executions_are_listed_by_pages_and_filters(client: TestClient) -> None:
    pipeline_id = save(client, "paged", step("a"))
    ids = [
        client.post("/executions", json={"workflow_id": pipeline_id, "initiator": f"i{n % 2}"}).json()["execution_id"]
        for n in range(5)
    ]
    ids.reverse()

    def listed(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = client.get("/executions", params={"workflow_id": pipeline_id, **query}).json()
        return found

    def listed_ids(**query: Any) -> list[str]:
        return [each["id"] for each in listed(**query)["executions"]]

    assert listed(page=2, page_size=2)["pagination"] == {"page": 2, "page_size": 2, "total_count": 5, "total_pages": 3}
    assert [listed_ids(page=page, page_size=2) for page in (1, 2, 3, 4)] == [ids[:2], ids[2:4], ids[4:], []]
    assert listed_ids(initiator="i1") == [ids[1], ids[3]]
    assert listed_ids(status="COMPLETED") == ids
    assert listed_ids(status="INTERRUPTED") == listed_ids(start_date="2100-01-01T00:00:00Z") == []
    assert listed_ids(start_date="2020-01-01", end_date="2100-01-01T00:00:00+01:00") == ids
    first = listed(limit=3)
    assert [each["id"] for each in first["executions"]] == ids[:3]
    rest = listed(limit=3, after=first["next"])
    assert [each["id"] for each in rest["executions"]] == ids[3:]
    assert rest["next"] is None
    assert "pagination" not in first


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page_size=101",
        "page=x",
        "status=completed",
        "start_date=today",
        "limit=0",
        "page=",
        "initiator=a%00b",
    ],
)
def test_a_query_that_means_nothing_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/executions?{query}").status_code == 422


@pytest.mark.parametrize(("detail", "steps", "events"), [("full", 2, 3), ("steps", 2, 0), ("summary", 0, 0)])
def test_progress_has_the_detail_that_is_wanted(client: TestClient, detail: str, steps: int, events: int) -> None:
    found = run(client, step("a"), step("b", "listen", "a", key=f"progress {detail}"))
    one = f"/executions/{found['execution_id']}"
    client.post("/events", json={"workflow_id": f"progress {detail}"})
    until(lambda: client.get(f"{one}/steps/b").json(), lambda step: step["progress_percentage"] == "40.00")
    told = client.get(f"{one}/progress", params={"detail": detail, "events_limit": 3}).json()

    assert (len(told["steps"]), len(told["recent_events"])) == (steps, events)
    assert told["aggregated_progress"] == {
        "overall_progress": "50.00",
        "eta_seconds": 120,
        "completed_steps": 1,
        "total_steps": 2,
        "current_step": "b",
    }
    assert client.get(f"{one}/progress?include_events=false").json()["recent_events"] == []


def test_the_log_is_listed_newest_first(client: TestClient) -> None:
    one = f"/executions/{run(client, step('a'))['execution_id']}/events"
    every = client.get(one).json()
    kinds = [each["event_type"] for each in every["events"]]

    assert kinds[0] == "execution_ended"
    assert kinds[-1] == "execution_started"
    assert every["total_count"] == len(kinds) == every["events"][0]["sequence_number"]
    assert [each["event_type"] for each in client.get(f"{one}?limit=1&offset=1").json()["events"]] == kinds[1:2]
    logged = client.get(f"{one}?event_type=log").json()
    assert [each["event_details"]["event"] for each in logged["events"]] == ["echoed"]
    assert client.get(f"{one}?start_time=2100-01-01T00:00:00Z").json()["total_count"] == 0


def test_attempts_are_told_from_the_log(client: TestClient) -> None:
    retry = {"max_attempts": 2, "backoff_seconds": 0.05}
    found = run(client, step("a"), {**step("b", "stumble", "a"), "on_failure": "retry", "retry": retry})["execution_id"]
    ended(client, found)
    attempts = client.get(f"/executions/{found}/attempts").json()["attempts"]

    told = [(each["step_id"], each["number"], each["status"]) for each in attempts]
    assert told == [("a", 1, "COMPLETED"), ("b", 1, "FAILED"), ("b", 2, "FAILED")]
    assert [each["error"] and each["error"]["message"] for each in attempts] == [None, "it broke", "it broke"]
    assert all(each["worker"] and each["started_at"] and each["ended_at"] for each in attempts)
    assert client.get(f"/executions/{found}/attempts?step_id=b").json()["attempts"] == attempts[1:]
    assert client.get(f"/executions/{found}/steps/b").json()["retry_count"] == 1


# --- to follow ---


def streamed(client: TestClient, execution_id: str, **headers: str) -> list[dict[str, str]]:
    """Return the fields of each event that a stream sent until it ended."""
    text = client.get(f"/executions/{execution_id}/stream", headers=headers).text.replace("\r\n", "\n")
    blocks = [block for block in text.split("\n\n") if block.startswith("id:")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def test_a_stream_tells_the_log_and_resumes_where_it_was_left(client: TestClient) -> None:
    found = run(client, step("a", token=SECRET))["execution_id"]
    every = streamed(client, found)
    rest = streamed(client, found, **{"Last-Event-ID": every[3]["id"]})

    assert [int(each["id"]) for each in every] == list(range(1, len(every) + 1))
    assert (every[0]["event"], every[-1]["event"]) == ("execution_started", "execution_ended")
    assert rest == every[4:]
    assert streamed(client, found, **{"Last-Event-ID": every[-1]["id"]}) == []
    completed = next(json.loads(each["data"]) for each in every if each["event"] == "step_completed")
    assert completed["data"]["outputs"]["token"] == "********"
    assert client.get(f"/executions/{found}/stream", headers={"Last-Event-ID": "x"}).status_code == 400


def test_a_stream_follows_what_another_process_does(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, has_worker=False) as client:
        sent = client.post(
            "/executions/run", json={"pipeline_definition": dag(step("a"))}, headers={"Prefer": "respond-async"}
        )
        assert sent.json()["status"] == "running"
        with Runtime(settings, catalog, executor_of(EXECUTORS)):
            followed = streamed(client, sent.json()["execution_id"])

    assert followed[-1]["event"] == "execution_ended"


def test_an_answer_waits_for_what_another_process_does(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, has_worker=False) as client, Runtime(settings, catalog, executor_of(EXECUTORS)):
        assert run(client, step("a"))["status"] == "completed"


class Lists(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        return ActionResult(success=True, outputs={"text": ["as it was"]})


class Clears(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        context.params["token"].clear()
        return ActionResult(success=True)


def test_an_executor_that_changes_its_params_changes_nothing_else(tmp_path: Path) -> None:
    steps = step("a"), step("b", "leak", "a", token="{{ steps.a.outputs.text }}")
    with serving(settings_in(tmp_path), {"echo": Lists(), "leak": Clears()}) as client:
        found = run(client, *steps, outputs={"list": "{{ steps.a.outputs.text }}"})

    assert found["outputs"] == {"list": ["as it was"]}


def test_an_execution_shows_the_definition_that_it_ran(client: TestClient) -> None:
    definitions = [dag(step("a", text="shared"), parameters=[{"name": name, "required": False}]) for name in "xy"]
    ran = [client.post("/executions/run", json={"pipeline_definition": each}).json() for each in definitions]
    shown = [client.get(f"/executions/{each['execution_id']}").json()["pipeline_definition"]["dag"] for each in ran]

    assert [each["parameters"][0]["name"] for each in shown] == ["x", "y"]


# --- to act ---


def test_an_execution_is_cancelled_once(client: TestClient) -> None:
    found = run(client, step("a", "listen", key="cancelled"))["execution_id"]
    asked = client.post(f"/executions/{found}/cancel", json={"reason": "not needed"})

    assert asked.status_code == 202
    after = ended(client, found)
    assert after["status"] == "CANCELLED"
    assert after["error_info"]["message"] == "Cancelled by anonymous: not needed"
    again = client.post(f"/executions/{found}/cancel")
    assert again.status_code == 409
    assert again.json()["detail"] == "The execution has ended already, as CANCELLED"


def test_a_failed_execution_is_tried_again_with_other_params(client: TestClient) -> None:
    works = {"name": "works", "type": "boolean", "default": False}
    parameters = [works, {"name": "code", "required": False, "secret": True}]
    sent = {"works": False, "code": SECRET}
    found = run(client, step("a", "stumble"), params=sent, parameters=parameters)["execution_id"]
    one = f"/executions/{found}"

    wrong = client.post(f"{one}/retry", json={"params": {"works": "perhaps"}})
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0]["pointer"] == "/works"
    asked = client.post(f"{one}/retry", json={"params": {"works": True, "code": "********"}})
    assert asked.status_code == 202
    assert asked.json()["params"] == {"works": True, "code": "********"}
    assert ended(client, found)["status"] == "COMPLETED"
    assert SECRET not in client.get(f"{one}/events").text
    again = client.post(f"{one}/retry")
    assert again.status_code == 409
    assert "nothing to try again" in again.json()["detail"]
    stars = client.post(f"{one}/retry", json={"params": {"works": True, "other": "********"}})
    assert stars.status_code == 422


def test_params_of_a_retry_go_over_those_of_the_execution(client: TestClient) -> None:
    parameters = [
        {"name": "works", "type": "boolean", "default": False},
        {"name": "code", "secret": True},
        {"name": "kept", "required": False, "default": "by default"},
    ]
    sent = {"code": SECRET, "kept": "given"}
    outputs = {"kept": "{{ params.kept }}", "is same": f"{{{{ params.code | length == {len(SECRET)} }}}}"}
    found = run(client, step("a", "stumble"), params=sent, parameters=parameters, outputs=outputs)["execution_id"]
    one = f"/executions/{found}"

    assert client.post(f"{one}/retry", json={"params": {"code": None}}).status_code == 422
    first = client.post(f"{one}/retry", json={"params": {"kept": "changed"}})
    assert first.json()["params"] == {"works": False, "code": "********", "kept": "changed"}
    ended(client, found)
    second = client.post(f"{one}/retry", json={"params": {"works": True, "kept": None}})
    assert second.json()["params"] == {"works": True, "code": "********", "kept": "by default"}
    assert ended(client, found)["final_outputs"] == {"kept": "by default", "is same": True}


def test_other_params_of_a_retry_are_sealed(tmp_path: Path) -> None:
    parameters = [{"name": "code", "required": False, "secret": True}]
    with serving(settings_in(tmp_path)) as client:
        found = run(client, step("a", "stumble"), parameters=parameters)["execution_id"]
        client.post(f"/executions/{found}/retry", json={"params": {"code": SECRET}})
        ended(client, found)
        assert SECRET not in client.get(f"/executions/{found}").text
    assert not [path for path in tmp_path.iterdir() if SECRET.encode() in path.read_bytes()]


def test_what_has_not_ended_is_not_tried_again(client: TestClient) -> None:
    found = run(client, step("a", "listen", key="unended"))["execution_id"]

    assert client.post(f"/executions/{found}/retry").status_code == 409


@pytest.mark.parametrize(("outcome", "status"), [("completed", "COMPLETED"), ("failed", "FAILED")])
def test_a_person_resolves_a_step_of_which_nobody_knows(tmp_path: Path, outcome: str, status: str) -> None:
    settings = settings_in(tmp_path)
    with serving(settings) as client:
        body = {"pipeline_definition": dag(step("a", "linger"))}
        sent = client.post("/executions/run", json=body, headers={"Prefer": "wait=0"}).json()["execution_id"]
        until(lambda: client.get(f"/executions/{sent}/steps/a").json(), lambda found: found["status"] == "RUNNING")
    with serving(settings) as client:
        assert ended(client, sent)["status"] == "FAILED"
        assert client.get(f"/executions/{sent}/steps/a").json()["error_info"]["code"] == "uncertain"
        assert client.post(f"/executions/{sent}/steps/b/resolve", json={"outcome": "failed"}).status_code == 409
        assert client.post(f"/executions/{sent}/steps/a/resolve", json={"outcome": "maybe"}).status_code == 422
        outputs = {"outputs": {"id": 7}} if outcome == "completed" else {}
        told = client.post(f"/executions/{sent}/steps/a/resolve", json={"outcome": outcome, **outputs})
        assert told.status_code == 202
        assert ended(client, sent)["status"] == status
        if outputs:
            assert client.get(f"/executions/{sent}/steps/a").json()["outputs"] == {"id": 7}


def test_what_reconcile_cannot_tell_is_for_a_person_to_say(tmp_path: Path) -> None:
    class Asking(Linger):
        async def reconcile(self, context: ActionContext) -> ActionResult | None:
            raise ValueError("nobody answers")

    settings, executors = settings_in(tmp_path), {**EXECUTORS, "linger": Asking()}
    with serving(settings, executors) as client:
        body = {"pipeline_definition": dag(step("a", "linger"))}
        sent = client.post("/executions/run", json=body, headers={"Prefer": "wait=0"}).json()["execution_id"]
        until(lambda: client.get(f"/executions/{sent}/steps/a").json(), lambda found: found["status"] == "RUNNING")
    with serving(settings, executors) as client:
        assert ended(client, sent)["status"] == "FAILED"
        error = client.get(f"/executions/{sent}/steps/a").json()["error_info"]
        assert (error["code"], "nobody answers" in error["message"]) == ("uncertain", True)
        refused = client.post(f"/executions/{sent}/retry")
        assert (refused.status_code, "'a' took effect" in refused.json()["detail"]) == (409, True)


# --- the server around it ---


def test_the_server_is_ready_once_the_runtime_runs(client: TestClient) -> None:
    health = client.get("/health").json()

    assert client.get("/ready").status_code == 200
    assert (health["status"], health["database"], health["workers"]) == ("healthy", "connected", 1)


def test_a_runtime_that_cannot_start_leaves_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with serving(settings_in(tmp_path / "file")) as client:
        assert client.get("/actions").status_code == 200
        assert client.get("/ready").status_code == 503
        health = client.get("/health").json()
        assert (health["status"], health["database"]) == ("degraded", "disconnected")
        refused = client.get("/executions")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


def test_what_was_accepted_goes_on_after_a_restart(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with serving(settings) as client:
        found = run(client, step("a", "listen", key="restart"), step("b", "echo", "a"))["execution_id"]
    with serving(settings) as client:
        assert client.get(f"/executions/{found}").json()["status"] == "RUNNING"
        client.post("/events", json={"workflow_id": "restart", "answer": 1})
        assert ended(client, found)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("mysql://host/name", "error: mysql databases are not supported"),
        ("sqlite:///{folder}/file/bud.db", "choose another database (BUD_DATABASE)"),
    ],
)
def test_bud_serve_stops_if_the_runtime_cannot_start(tmp_path: Path, database: str, said: str) -> None:
    (tmp_path / "file").touch()
    done = bud("serve", "--port", "0", "--database", database.format(folder=tmp_path))

    assert done.returncode == 1
    assert said in done.stderr


def test_bud_serve_runs_pipelines(tmp_path: Path) -> None:
    with running("--database", f"sqlite:///{tmp_path}/own.db") as server:
        wait_until(lambda: server.get("/health")["database"] == "connected")
        assert server.get("/executions")["executions"] == []
    assert (tmp_path / "own.db").exists()


def test_bud_serve_without_a_worker_leaves_the_steps_to_others(tmp_path: Path) -> None:
    with running("--database", f"sqlite:///{tmp_path}/own.db", "--no-worker") as server:
        wait_until(lambda: server.get("/health")["database"] == "connected")
        assert server.get("/health")["workers"] == 0
