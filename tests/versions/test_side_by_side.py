"""Major versions of one action stand side by side, wherever actions are asked for."""

import asyncio
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bud_actions.base import ActionContext, ActionRegistry, Discovery
from bud_actions.base.packages import Modules, Source, read_package
from bud_server.app import create_app
from bud_server.catalog.holder import CatalogHolder
from bud_server.settings import Settings
from tests.support.node import run_node
from tests.support.project import bud
from tests.versions.support import catalog_of, two_versions


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_versions(tmp_path_factory.mktemp("versions") / "project")


@pytest.fixture
def registry(project: Path, monkeypatch: pytest.MonkeyPatch) -> ActionRegistry:
    monkeypatch.syspath_prepend(str(project / "generated/python"))
    monkeypatch.syspath_prepend(str(project / "actions"))
    source = Source(distribution="duo-actions", version="1.0", entry="duo", value="duo_generated")
    package, unusable = read_package(source, Modules())
    assert not unusable
    return ActionRegistry(Discovery(packages=(package,)))


@pytest.fixture(scope="module")
def client(project: Path) -> TestClient:
    return TestClient(create_app(CatalogHolder(catalog_of(project)), Settings(strict=True)))


def run(registry: ActionRegistry, name: str, params: dict[str, str]) -> object:
    return asyncio.run(registry.get_executor(name).execute(ActionContext(params=params))).outputs


def test_a_name_alone_means_the_newest_version(registry: ActionRegistry) -> None:
    meta = registry.get_meta("greet")
    assert meta is not None
    assert meta.version == "2.0.0"
    assert registry.list_actions() == ["greet", "hold"]
    assert [each.version for each in registry.get_all_meta()] == ["2.0.0", "1.0.0"]
    assert run(registry, "greet", {"whom": "Ada"}) == {"text": "Welcome Ada"}


@pytest.mark.parametrize("name", ["greet@1", "hello@1"])
def test_a_name_with_a_major_means_that_version(registry: ActionRegistry, name: str) -> None:
    meta = registry.get_meta(name)
    assert meta is not None
    assert meta.version == "1.4.0"
    assert run(registry, name, {"who": "Ada"}) == {"said": "Hello Ada"}


@pytest.mark.parametrize("name", ["greet@2", "hello@2", "hello"])
def test_the_newest_version_has_a_major_too(registry: ActionRegistry, name: str) -> None:
    assert registry.get_executor(name) is registry.get_executor("greet")


@pytest.mark.parametrize("name", ["greet@3", "greet@", "greet@1.4.0", "greet@1@1", "@1"])
def test_a_version_that_is_not_there_is_unknown(registry: ActionRegistry, name: str) -> None:
    assert not registry.has(name)


def test_the_list_holds_the_newest_versions(client: TestClient) -> None:
    listed = client.get("/actions").json()
    assert [(each["type"], each["version"]) for each in listed["actions"]] == [("greet", "2.0.0"), ("hold", "1.0.0")]
    assert client.get("/actions?versions=newest").json() == listed


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline"])
def test_all_versions_are_listed_when_asked_for(client: TestClient, prefix: str) -> None:
    listed = client.get(f"{prefix}/actions?versions=all").json()
    assert [each["version"] for each in listed["actions"]] == ["2.0.0", "1.0.0", "1.4.0"]
    assert [each["version"] for each in listed["categories"][0]["actions"]] == ["2.0.0", "1.0.0", "1.4.0"]
    assert listed["total"] == 3


def test_an_unknown_choice_of_versions_is_refused(client: TestClient) -> None:
    answer = client.get("/actions?versions=some")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "versions must be one of: newest, all"


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/actions/greet", "2.0.0"),
        ("/actions/greet@1", "1.4.0"),
        ("/actions/hello@1", "1.4.0"),
        ("/actions/greet@2", "2.0.0"),
        ("/actions/greet?version=1", "1.4.0"),
        ("/actions/greet?version=1.4.0", "1.4.0"),
        ("/actions/greet?version=2.0.0", "2.0.0"),
        ("/budpipeline/actions/greet@1", "1.4.0"),
    ],
)
def test_each_version_can_be_got(client: TestClient, path: str, version: str) -> None:
    assert client.get(path).json()["version"] == version


@pytest.mark.parametrize(
    "path", ["/actions/greet@3", "/actions/greet?version=1.3.0", "/actions/greet@1?version=2", "/actions/greet@1/none"]
)
def test_a_version_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "none" in path or "there is 2.0.0, 1.4.0" in answer.json()["detail"]


def test_each_version_has_its_schema(client: TestClient) -> None:
    assert set(client.get("/actions/greet/schema").json()["properties"]) == {"whom", "tone"}
    assert set(client.get("/actions/greet@1/schema").json()["properties"]) == {"who", "tone", "loud"}


def test_params_are_checked_by_the_version_that_is_asked_for(client: TestClient) -> None:
    def is_valid(action_type: str, params: dict[str, str]) -> bool:
        answer = client.post("/actions/validate", json={"action_type": action_type, "params": params})
        return bool(answer.json()["valid"])

    assert is_valid("greet", {"whom": "Ada"})
    assert not is_valid("greet", {"who": "Ada"})
    assert is_valid("greet@1", {"who": "Ada"})
    assert not is_valid("greet@1", {"whom": "Ada"})


def test_each_version_has_a_page(client: TestClient) -> None:
    assert "2.0.0" in client.get("/docs/greet").text
    assert "1.4.0" in client.get("/docs/greet@1").text


def test_the_openapi_document_tells_the_steps_apart(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["PipelineStep"]["discriminator"]["mapping"]["greet@1"].endswith("/GreetV1Step")
    assert set(schemas["GreetV1Input"]["properties"]) == {"who", "tone", "loud"}


def test_typescript_finds_each_version(project: Path) -> None:
    module = json.dumps((project / "generated/typescript/index.js").as_uri())
    script = f"""
        import {{ findAction, isKnownStep, validateParams, actionTypes }} from {module};
        const versions = ["greet", "greet@1", "greet@2", "hello@1", "greet@3", "greet@1@1"].map(
            (name) => findAction(name)?.version ?? null);
        const valid = [["greet@1", {{ who: "Ada" }}], ["greet", {{ who: "Ada" }}]].map(
            ([name, params]) => validateParams(name, params).valid);
        const known = [isKnownStep({{ action: "greet@1" }}), isKnownStep({{ action: "greet@3" }})];
        console.log(JSON.stringify({{ versions, valid, known, actionTypes }}));
    """
    found = json.loads(run_node(script, project))
    assert found["versions"] == ["2.0.0", "1.4.0", "2.0.0", "1.4.0", None, None]
    assert found["valid"] == [True, False]
    assert found["known"] == [True, False]
    assert found["actionTypes"] == ["greet", "hold"]


def test_the_commands_know_each_version(project: Path) -> None:
    listed = bud("list", "--root", str(project)).stdout.split("\n")
    assert [line.split()[:2] for line in listed[1:4]] == [["greet", "2.0.0"], ["greet@1", "1.4.0"], ["hold", "1.0.0"]]
    assert json.loads(bud("show", "hello@1", "--root", str(project)).stdout)["version"] == "1.4.0"
    checked = bud("validate", "greet@1", "--params", '{"who": "Ada"}', "--root", str(project))
    assert checked.stdout == "valid\n", checked.stderr
