"""Names from before a change keep working wherever a type or a param is named, with a hint at the present ones."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.aging import Aging, aging
from tests.support.api import dag, step

SECRET = "open-sesame"
STARS = "********"


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aging]:
    with aging(tmp_path_factory.mktemp("aging"), database=database) as found:
        yield found


def said(answer: Any) -> list[tuple[str, str, str | None]]:
    return [(each["code"], each["pointer"], each["hint"]) for each in answer.json()["warnings"]]


@pytest.mark.parametrize("path", ["/actions/{}", "/budpipeline/actions/{}", "/actions/{}/schema", "/docs/{}"])
def test_what_is_told_of_an_alias_is_told_of_its_action(server: Aging, path: str) -> None:
    by_type = server.client.get(path.format("send"))
    by_alias = server.client.get(path.format("post"))

    assert by_alias.status_code == 200
    assert by_alias.content == by_type.content


@pytest.mark.parametrize("action", ["send", "post", "mail"])
@pytest.mark.parametrize("name", ["text", "message"])
def test_every_name_runs(server: Aging, action: str, name: str) -> None:
    checked = server.client.post("/actions/validate", json={"action_type": action, "params": {name: "hi"}})
    alone = server.client.post(f"/actions/{action}/execute", json={"params": {name: "hi"}})
    made = server.client.post(
        "/pipelines",
        json={"dag": dag(step("a", action, **{name: "hi"}), name=f"{action} {name}")},
    )
    ran = server.client.post("/executions", json={"workflow_id": made.json()["id"]})
    steps = server.client.get(f"/executions/{ran.json()['execution_id']}/steps").json()["steps"]

    assert checked.json()["valid"]
    assert (alone.status_code, alone.json()["outputs"]["text"]) == (201, "hi")
    assert (ran.status_code, steps[0]["outputs"]["text"], steps[0]["action"]) == (201, "hi", "send")


def test_an_older_name_is_a_hint_at_the_present_one(server: Aging) -> None:
    pipeline = dag(step("a", "post", message="hi"), name="hint")
    made = server.client.post("/pipelines", json={"dag": pipeline})
    ran = server.client.post("/executions", json={"workflow_id": made.json()["id"]}).json()
    seen = server.client.get(f"/executions/{ran['execution_id']}")
    found = server.client.post("/validate", json={"dag": pipeline}).json()

    expected = [
        ("renamed_action", "/steps/0/action", "write send"),
        ("renamed_param", "/steps/0/params/message", "write text"),
    ]
    assert said(made) == said(seen) == expected
    assert found["warnings"] == [
        "Step 'a': action 'post' is called 'send' now (write send)",
        "Step 'a': parameter 'message' is called 'text' now (write text)",
    ]
    assert "deprecation" not in made.headers


def test_a_secret_under_its_older_name_is_as_secret(server: Aging) -> None:
    body = {"dag": dag(step("a", "post", key=SECRET), name="older secret")}
    made = server.client.post("/pipelines", json=body)
    ran = server.client.post("/executions", json={"workflow_id": made.json()["id"]}).json()
    paths = ["", "/steps", "/events"]
    shown = "".join(server.client.get(f"/executions/{ran['execution_id']}{path}").text for path in paths)
    steps = server.client.get(f"/executions/{ran['execution_id']}/steps").json()["steps"]

    assert made.json()["dag"]["steps"][0]["params"] == {"key": STARS}
    assert ran["status"] == "completed"
    assert steps[0]["outputs"]["token"] == STARS
    assert SECRET not in made.text + shown


@pytest.mark.parametrize("params", [{"key": STARS}, {"token": STARS}, {"token": "", "key": STARS}])
@pytest.mark.parametrize("action", ["post", "mail", "send"])
@pytest.mark.parametrize("before", [("post", "key"), ("send", "token")])
def test_stars_stand_for_a_secret_under_every_name(
    server: Aging, before: tuple[str, str], action: str, params: dict[str, str]
) -> None:
    was, name = before
    sent = dag(step("a", was, **{name: SECRET}), name=f"stars {before} {action} {params}")
    made = server.client.post("/pipelines", json={"dag": sent}).json()
    outputs = {"same": f"{{{{ steps.a.outputs.token == '{SECRET}' }}}}"}
    pipeline = {**sent, "steps": [step("a", action, **params)], "outputs": outputs}
    asked = server.client.put(f"/pipelines/{made['id']}", json={"dag": pipeline})
    ran = server.client.post("/executions", json={"workflow_id": made["id"]}).json()

    assert asked.status_code == 200, asked.text
    assert ran["outputs"] == {"same": True}


def test_stars_of_another_action_stand_for_nothing(server: Aging) -> None:
    sent = dag(step("a", "post", key=SECRET), name="another action")
    made = server.client.post("/pipelines", json={"dag": sent}).json()
    moved = dag(step("b", "send", token=STARS), name="another action")
    refused = server.client.put(f"/pipelines/{made['id']}", json={"dag": moved})

    assert refused.status_code == 400
    assert refused.json()["problems"][0]["code"] == "masked_secret"


@pytest.mark.parametrize("name", ["branches", "routes"])
def test_branches_under_their_older_name_are_branches(server: Aging, name: str) -> None:
    branch = {"id": "x", "condition": "{{ params.n == 1 }}", "target_step": "b"}
    parameters = [{"name": "n", "type": "integer"}]
    right = dag(step("a", "fork", **{name: [branch]}), step("b", "send", "a"), parameters=parameters)
    wrong = dag(step("a", "fork", **{name: [{**branch, "target_step": "z"}]}), parameters=parameters)
    asked = {"pipeline_definition": {**right, "outputs": {"held": "{{ steps.a.outputs.conditions }}"}}}
    ran = server.client.post("/executions/run", json={**asked, "params": {"n": 1}}).json()
    found = server.client.post("/validate", json={"dag": wrong}).json()

    assert ran["outputs"] == {"held": [True]}
    problems = {each["code"]: each["pointer"] for each in found["problems"]}
    assert problems["unknown_target"] == f"/steps/0/params/{name}/0/target_step"
