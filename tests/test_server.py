"""The smallest server: the catalog over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_server.app import create_app
from bud_server.catalog import CatalogError, installed_catalog, read_catalog
from tests.support.project import bud, make_project

ROOT = Path(__file__).parent.parent
GENERATED = json.loads((ROOT / "generated/python/bud_generated/catalog.json").read_text())


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(installed_catalog()))


def test_the_list_holds_all_actions_flat_and_by_category(client: TestClient) -> None:
    answer = client.get("/actions").json()

    assert answer["total"] == len(answer["actions"]) == 24
    names = [category["name"] for category in answer["categories"]]
    assert names == ["Control Flow", "Model", "Cluster", "Deployment", "Simulation", "Integration"]
    listed = [action["type"] for category in answer["categories"] for action in category["actions"]]
    assert listed == [action["type"] for action in answer["actions"]]
    assert answer["actions"][0]["execution_mode"] == "sync"


def test_one_action(client: TestClient) -> None:
    answer = client.get("/actions/model_add")

    assert answer.status_code == 200
    assert answer.json() == GENERATED["actions"]["model_add"]["meta"]
    assert answer.json()["execution_mode"] == "event_driven"


def test_the_other_spelling(client: TestClient) -> None:
    action = client.get("/budpipeline/actions/simulation_run").json()
    hidden = next(param for param in action["params"] if param["name"] == "quantization_method")

    assert action["executionMode"] == "event_driven"
    assert client.get("/budpipeline/actions/log").json()["timeoutSeconds"] is None
    assert hidden["visibleWhen"] == {"param": "is_quantization", "equals": True}
    assert client.get("/budpipeline/actions").json()["total"] == 24


def test_unset_members_are_left_out_where_null_would_mean_something(client: TestClient) -> None:
    params = {param["name"]: param for param in client.get("/budpipeline/actions/deployment_scale").json()["params"]}

    assert params["target_replicas"]["validation"] == {"min": 0, "max": 100, "integer": True}
    assert "default" not in params["endpoint_id"]
    assert params["endpoint_id"]["group"] is None


@pytest.mark.parametrize(
    "path", ["/actions/nope", "/budpipeline/actions/nope", "/actions/..%2F..%2Fetc", "/actions/log%00"]
)
def test_an_unknown_action_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404
    assert answer.json()["detail"]


def test_an_unknown_path_and_a_wrong_method_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nope"), 404), (client.delete("/actions"), 405)):
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["action_type", "actionType"])
@pytest.mark.parametrize("prefix", ["", "/budpipeline"])
def test_params_are_checked_in_either_spelling(client: TestClient, prefix: str, key: str) -> None:
    good = client.post(f"{prefix}/actions/validate", json={key: "log", "params": {"message": "hello"}})
    bad = client.post(f"{prefix}/actions/validate", json={key: "log", "params": {"level": "loud"}})

    assert good.json() == {"valid": True, "errors": [], "problems": []}
    message = "level: must be one of: debug, info, warning, error"
    assert bad.status_code == 200
    assert bad.json() == {
        "valid": False,
        "errors": [message],
        "problems": [{"param": "level", "code": "option", "message": message}],
    }


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b'{"action_type": "log", "params": {"message": NaN}}', 400, "NaN is not a JSON number"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"[]", 422, "must be an object"),
        (b'{"params": {}}', 422, "must be a string"),
        (b'{"action_type": "log"}', 422, "params must be an object"),
        (b'{"action_type": "nope", "params": {}}', 404, "not found"),
        (b'{"action_type": "\\ud800", "params": {}}', 404, "not found"),
        (b'{"action_type": "log", "params": {"message": "' + b"x" * 2_000_000 + b'"}}', 413, "larger than"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem(client: TestClient, body: bytes, status: int, said: str) -> None:
    answer = client.post("/actions/validate", content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_half_a_character_in_a_body_is_answered(client: TestClient) -> None:
    answer = client.post("/actions/validate", content=b'{"action_type": "log", "params": {"\\ud800": "\\udfff"}}')

    assert answer.status_code == 200
    assert answer.json()["problems"][0]["code"] == "unknown"


def test_health_and_openapi(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "healthy", "actions": 24, "catalog": GENERATED["digest"]}
    assert client.get("/openapi.json").content == (ROOT / "generated/openapi/openapi.json").read_bytes()


def test_a_missing_or_damaged_catalog_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is missing: run bud generate"):
        read_catalog(tmp_path / "catalog.json")
    (tmp_path / "catalog.json").write_text("{")
    with pytest.raises(CatalogError, match="is damaged"):
        read_catalog(tmp_path / "catalog.json")


def test_serving_a_project_that_was_never_generated_says_so(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")

    done = bud("serve", "--root", str(tmp_path))

    assert done.returncode == 1
    assert "run bud generate" in done.stderr


def test_the_command_serves_until_interrupted(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    assert bud("generate", "--root", str(tmp_path)).returncode == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--root", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as server:
        try:
            assert _get(f"http://127.0.0.1:{port}/actions")["actions"][0]["type"] == "greet"
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0


def _get(url: str) -> Any:
    """Return the JSON at an address of this machine, once it answers."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except ConnectionError:
            time.sleep(0.1)
        except OSError as error:
            if not isinstance(getattr(error, "reason", None), ConnectionError):
                raise
            time.sleep(0.1)
    pytest.fail(f"{url} never answered")
