"""Pipelines over HTTP: saved, changed, listed, and never shown with their secrets."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_server.app import create_app
from bud_server.catalog.holder import CatalogHolder
from tests.support.api import Keys, catalog, dag, serving, settings_in, step

ROLES: dict[str, list[str]] = {"ann": [], "bob": [], "root": ["pipeline:admin"]}
SECRET = "open-sesame"


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


def saved(client: TestClient, name: str, *steps: dict[str, Any], headers: Any = None, **body: Any) -> dict[str, Any]:
    answer = client.post("/pipelines", json={"dag": dag(*steps, name=name), **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline"])
def test_a_check_says_everything_at_once(client: TestClient, prefix: str) -> None:
    good = client.post(f"{prefix}/validate", json={"dag": dag(step("a"), step("b", "echo", "a"))}).json()
    bad = client.post(f"{prefix}/validate", json={"dag": dag(step("a", "nope", "b"), step("b", "echo", "a"))}).json()

    assert good == {
        "valid": True,
        "errors": [],
        "warnings": [],
        "step_count": 2,
        "has_cycles": False,
        "problems": [],
    }
    assert (bad["valid"], bad["step_count"], bad["has_cycles"]) == (False, 0, True)
    assert {each["pointer"]: each["code"] for each in bad["problems"]} == {
        "/steps/0/action": "unknown_action",
        "/steps/0/depends_on": "cycle",
    }
    assert len(bad["errors"]) == 2


def test_a_check_needs_no_runtime(tmp_path: Path) -> None:
    client = TestClient(create_app(CatalogHolder(catalog()), settings_in(tmp_path)))

    assert client.post("/validate", json={"dag": dag(step("a"))}).json()["valid"]
    assert client.post("/validate", json={"dag": []}).status_code == 422
    refused = client.get("/pipelines")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(("one", "all_of_them"), [("/pipelines", "/pipelines"), ("/budpipeline", "/budpipeline")])
def test_a_pipeline_is_saved_read_replaced_and_deleted(client: TestClient, one: str, all_of_them: str) -> None:
    body = {"dag": dag(step("a"), name="inner", description="about"), "name": f"life {one}", "icon": "rocket"}
    made = client.post(all_of_them, json=body)
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    document = made.json()
    address = f"{one}/{document['id']}"

    assert client.get(address).json() == document
    assert document["name"] == document["dag"]["name"] == f"life {one}"
    expected = {"version": "1", "status": "active", "step_count": 1, "icon": "rocket", "description": "about"}
    assert {key: document[key] for key in expected} == expected
    assert document["created_at"].endswith("Z")

    replaced = client.put(address, json={"dag": dag(step("a"), step("b"), name=f"other {one}")}).json()
    assert (replaced["version"], replaced["step_count"], replaced["name"]) == ("2", 2, f"other {one}")
    assert replaced["icon"] == "rocket"

    assert client.delete(address).status_code == 204
    for answer in (client.get(address), client.delete(address), client.put(address, json={"dag": dag(step("a"))})):
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"Pipeline {document['id']} not found"


@pytest.mark.parametrize("pipeline_id", ["nope", "..", "0" * 36, "00000000-0000-0000-0000-000000000000", "a%00b"])
def test_an_unknown_id_is_not_found(client: TestClient, pipeline_id: str) -> None:
    assert client.get(f"/api/v1/pipelines/{pipeline_id}").status_code == 404


def test_a_list_is_bare_and_newest_first(client: TestClient) -> None:
    for name in ("list 1", "list 2", "list 3"):
        saved(client, name, step("a"))

    listed = client.get("/pipelines", params={"limit": 2}).json()
    assert [each["name"] for each in listed] == ["list 3", "list 2"]
    assert [each["name"] for each in client.get("/pipelines?name=list 1").json()] == ["list 1"]
    assert client.get("/pipelines?limit=0").status_code == 422
    assert client.get("/pipelines?include_system=maybe").status_code == 422


def test_a_definition_that_cannot_run_is_refused_with_every_reason(client: TestClient) -> None:
    answer = client.post("/pipelines", json={"dag": dag(step("a", "nope"), step("b", "listen"), name="wrong")})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert len(problem["errors"]) == len(problem["problems"]) == 2
    assert problem["detail"] == f"Invalid pipeline definition: {'; '.join(problem['errors'])}"
    assert client.get("/pipelines?name=wrong").json() == []


@pytest.mark.parametrize("document", [{}, {"steps": []}, {"steps": None}, {"name": "x", "parameters": 5}])
def test_a_pipeline_without_steps_is_a_draft(client: TestClient, document: dict[str, Any]) -> None:
    name = f"draft {document}"
    made = client.post("/pipelines", json={"dag": document, "name": name}).json()

    assert (made["status"], made["step_count"]) == ("draft", 0)
    refused = client.post("/executions", json={"workflow_id": made["id"]})
    assert refused.status_code == 409
    assert "is a draft" in refused.json()["detail"]
    finished = client.put(f"/pipelines/{made['id']}", json={"dag": {"steps": [step("a")]}}).json()
    assert (finished["status"], finished["name"]) == ("active", name)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"dag": []}, 422),
        ({"dag": {}}, 400),
        ({"dag": {}, "name": " "}, 400),
        ({"dag": {}, "name": 5}, 422),
        ({"dag": {}, "name": "a\0b"}, 422),
        ({"dag": {"name": "a\0b"}}, 422),
        ({"dag": {"name": "x" * 300}}, 400),
        ({"dag": {"name": "x", "steps": [1]}}, 400),
    ],
)
def test_what_is_no_pipeline_is_refused(client: TestClient, body: object, status: int) -> None:
    assert client.post("/pipelines", json=body).status_code == status


def test_half_a_character_is_refused(client: TestClient) -> None:
    answer = client.post("/pipelines", content=b'{"dag": {}, "name": "\\ud800"}')

    assert answer.status_code == 400


def test_a_name_is_taken_once_per_owner(owned: TestClient, keys: Keys) -> None:
    first = saved(owned, "same", step("a"), headers=keys["ann"])
    other = saved(owned, "other", step("a"), headers=keys["ann"])
    saved(owned, "same", step("a"), headers=keys["bob"])

    again = owned.post("/pipelines", json={"dag": dag(step("a"), name="same")}, headers=keys["ann"])
    renamed = owned.put(f"/pipelines/{other['id']}", json={"dag": dag(step("a"), name="same")}, headers=keys["ann"])
    itself = owned.put(f"/pipelines/{first['id']}", json={"dag": dag(step("b"), name="same")}, headers=keys["ann"])

    for answer in (again, renamed):
        assert answer.status_code == 409
        assert answer.json()["detail"] == "A pipeline with the name 'same' already exists"
    assert itself.status_code == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"If-Match": '"1"'}, {}), ({"If-Match": 'W/"1"'}, {}), ({}, {"version": "1"}), ({}, {"version": 1})],
)
def test_a_change_over_another_one_is_refused(
    client: TestClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    made = saved(client, f"race {headers} {body}", step("a"))
    address, document = f"/pipelines/{made['id']}", {"dag": made["dag"], **body}

    assert client.put(address, json=document, headers=headers).json()["version"] == "2"
    late = client.put(address, json=document, headers=headers)

    assert late.status_code == 409
    assert "Concurrent modification" in late.json()["detail"]
    assert client.put(address, json={"dag": made["dag"]}, headers={"If-Match": "*"}).status_code == 200


def test_everybody_has_their_own_and_an_admin_has_all(owned: TestClient, keys: Keys) -> None:
    made = saved(owned, "of ann", step("a"), headers=keys["ann"])
    address = f"/pipelines/{made['id']}"

    assert made["user_id"] == made["created_by"] == "ann"
    for who, status in (("ann", 200), ("bob", 404), ("root", 200)):
        assert owned.get(address, headers=keys[who]).status_code == status
        names = [each["name"] for each in owned.get("/pipelines", headers=keys[who]).json()]
        assert ("of ann" in names) == (status == 200)
        change = owned.put(address, json={"dag": made["dag"]}, headers=keys[who])
        assert change.status_code == status
        ran = owned.post("/executions", json={"workflow_id": made["id"]}, headers=keys[who])
        assert ran.status_code == (201 if status == 200 else 404)
    assert owned.delete(address, headers=keys["bob"]).status_code == 404
    assert owned.get("/pipelines").status_code == 401


def test_a_pipeline_of_the_system_is_read_by_all_and_changed_by_admins(owned: TestClient, keys: Keys) -> None:
    body = {"dag": dag(step("a"), name="system"), "system_owned": True}
    refused = owned.post("/pipelines", json=body, headers=keys["ann"])
    made = owned.post("/pipelines", json=body, headers=keys["root"]).json()
    address = f"/pipelines/{made['id']}"

    assert refused.status_code == 403
    assert "pipeline:admin" in refused.json()["detail"]
    assert (made["system_owned"], made["user_id"]) == (True, None)
    assert owned.get(address, headers=keys["ann"]).status_code == 200
    assert owned.post("/executions", json={"workflow_id": made["id"]}, headers=keys["ann"]).status_code == 201
    assert owned.put(address, json={"dag": made["dag"]}, headers=keys["ann"]).status_code == 403
    assert owned.delete(address, headers=keys["ann"]).status_code == 403
    listed = owned.get("/pipelines?include_system=true", headers=keys["ann"]).json()
    assert made["id"] in [each["id"] for each in listed]
    assert made["id"] not in [each["id"] for each in owned.get("/pipelines", headers=keys["ann"]).json()]
    assert owned.delete(address, headers=keys["root"]).status_code == 204


def test_executions_are_counted_and_outlive_their_pipeline(client: TestClient) -> None:
    made = saved(client, "counted", step("a"))
    ran = client.post("/executions", json={"workflow_id": made["id"]}).json()

    after = client.get(f"/pipelines/{made['id']}").json()
    assert after["execution_count"] == 1
    assert after["last_execution_at"] == ran["started_at"]
    client.delete(f"/pipelines/{made['id']}")
    found = client.get(f"/executions/{ran['execution_id']}").json()
    assert found["pipeline_definition"]["name"] == "counted"
    assert found["pipeline_definition"]["workflow_id"] == made["id"]


# --- secrets ---


def test_a_secret_is_neither_shown_nor_kept_in_plain_text(tmp_path: Path) -> None:
    parameters = [{"name": "code", "secret": True, "default": SECRET, "required": False}]
    with serving(settings_in(tmp_path)) as client:
        body = {"dag": {**dag(step("a", token=SECRET), name="secret"), "parameters": parameters}}
        made = client.post("/pipelines", json=body).json()
        ran = client.post("/executions", json={"workflow_id": made["id"]}).json()
        client.post("/executions/run", json={"pipeline_definition": body["dag"]})
        paths = ["", "/progress", "/steps", "/steps/a", "/events", "/attempts", "/stream"]
        shown = [client.get(f"/executions/{ran['execution_id']}{path}").text for path in paths]

    assert made["dag"]["steps"][0]["params"]["token"] == "********"
    assert made["dag"]["parameters"][0]["default"] == "********"
    assert ran["params"] == {"code": "********"}
    assert ran["status"] == "completed"
    assert not [text for text in shown if SECRET in text]
    with sqlite3.connect(tmp_path / "bud.db") as database:
        assert SECRET not in "\n".join(database.iterdump())
    database.close()


def test_stars_keep_a_secret_where_it_was(client: TestClient) -> None:
    made = saved(client, "stars", step("a", token=SECRET))
    address = f"/pipelines/{made['id']}"
    document = made["dag"]
    document["steps"][0]["params"]["text"] = "changed"

    assert client.put(address, json={"dag": document}).status_code == 200
    ran = client.post("/executions", json={"workflow_id": made["id"]}).json()
    steps = client.get(f"/executions/{ran['execution_id']}/steps").json()["steps"]
    assert steps[0]["outputs"] == {"text": "changed", "token": "********"}

    document["steps"][0]["id"] = "elsewhere"
    refused = client.put(address, json={"dag": document})
    assert refused.status_code == 400
    assert refused.json()["problems"][0]["pointer"] == "/steps/0/params/token"
    assert client.post("/pipelines", json={"dag": {**document, "name": "new"}}).status_code == 400
    assert client.post("/executions/run", json={"pipeline_definition": document}).status_code == 400


HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Tenant": "{{ params.tenant }}"}


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (HEADERS, f'{{"Authorization":"Bearer {SECRET}","X-Tenant":"ours"}}'),
        (f"{SECRET} {{{{ params.tenant }}}}", f"{SECRET} ours"),
        (f"{{{{ params.nope | default('{SECRET}') }}}}", SECRET),
    ],
)
def test_a_secret_with_expressions_in_it_is_sealed_as_a_whole(tmp_path: Path, token: object, told: str) -> None:
    outputs = {"is right": f"{{{{ steps.a.outputs.value | string | length == {len(told)} }}}}"}
    parameters = [{"name": "tenant"}]
    with serving(settings_in(tmp_path)) as client:
        body = {"dag": dag(step("a", "leak", token=token), parameters=parameters, outputs=outputs)}
        made = client.post("/pipelines", json=body).json()
        document = {**made["dag"], "description": "changed"}
        assert client.put(f"/pipelines/{made['id']}", json={"dag": document}).json()["version"] == "2"
        ran = client.post("/executions", json={"workflow_id": made["id"], "params": {"tenant": "ours"}})
        looked = client.get(f"/executions/{ran.json()['execution_id']}")

    assert made["dag"]["steps"][0]["params"]["token"] == "********"
    assert ran.json()["outputs"] == {"is right": True}
    assert ran.json()["params"] == {"tenant": "********" if "tenant" in str(token) else "ours"}
    assert SECRET not in str(made) + ran.text + looked.text
    assert not [path for path in tmp_path.iterdir() if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("token", ["{{ params.tenant }}", " {{- params.tenant.key -}} ", None, ""])
def test_what_holds_no_secret_is_shown(client: TestClient, token: str | None) -> None:
    parameters = [{"name": "tenant", "type": "json"}]
    body = {"dag": dag(step("a", "leak", token=token), name=f"shown {token!r}", parameters=parameters)}
    made = client.post("/pipelines", json=body).json()

    assert made["dag"]["steps"][0]["params"]["token"] == token


def test_stars_inside_a_secret_are_refused(client: TestClient) -> None:
    made = saved(client, "stars inside", step("a", "leak", token=[SECRET]))
    document = dag(step("a", "leak", token=["********"]), name="stars inside")

    assert client.put(f"/pipelines/{made['id']}", json={"dag": document}).status_code == 400


def test_without_a_key_no_secret_is_taken(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path, secret_key=None)) as client:
        refused = client.post("/pipelines", json={"dag": dag(step("a", token=SECRET))})
        ran = client.post("/executions/run", json={"pipeline_definition": dag(step("a", token=SECRET))})
        reference = dag(step("a", token="{{ params.code }}"), parameters=[{"name": "code"}])
        plain = client.post("/pipelines", json={"dag": reference})

    for answer in (refused, ran):
        assert answer.status_code == 422
        assert "BUD_SECRET_KEY" in answer.json()["detail"]
    assert plain.status_code == 201
