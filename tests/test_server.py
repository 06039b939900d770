"""The smallest server: the catalog over HTTP."""

import asyncio
import gzip
import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import zstandard
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from bud_server.app import create_app
from bud_server.catalog.served import CatalogError, read_catalog
from bud_server.docs.pages import action_page
from bud_server.serving import installed_catalog
from bud_server.settings import Settings
from tests.support.project import bud, make_project

ROOT = Path(__file__).parent.parent
GENERATED = json.loads((ROOT / "generated/python/bud_generated/catalog.json").read_text())


def validation(params: dict[str, Any], action_type: str = "log") -> bytes:
    return json.dumps({"action_type": action_type, "params": params}).encode()


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(installed_catalog(Settings()), Settings(strict=True)))


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


@pytest.mark.parametrize(
    "path",
    ["/actions/", "/docs/", "/actions/..", "//actions", "/executions/../steps", "/actions/../actions", "/docs/..", "/"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_a_path_that_nobody_has_is_a_problem_and_leads_nowhere(client: TestClient, method: str, path: str) -> None:
    status, content_type = asyncio.run(asked_for(client.app, method, path))

    is_known = path == "/executions/../steps" and method in ("GET", "HEAD")  # of a server that runs no pipelines
    assert status in ((503,) if is_known else (404, 405))
    assert content_type == b"application/problem+json"


async def asked_for(app: ASGIApp, method: str, path: str) -> tuple[int, bytes]:
    """Return status and content type for a path as it stands, which clients would tidy up."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await app({"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])[b"content-type"]


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
        (b"[" * 100_000, 400, "nested more than 100 levels"),
        (b'{"a":' * 100_000, 400, "nested more than 100 levels"),
        (b'{"action_type": "log", "action_type": "log", "params": {}}', 400, "given twice"),
        (b"[]", 422, "must be an object"),
        (b'{"params": {}}', 422, "must be a string"),
        (b'{"action_type": "log"}', 422, "params must be an object"),
        (b'{"action_type": "nope", "params": {}}', 404, "not found"),
        (b'{"action_type": "\\ud800", "params": {}}', 400, "half a surrogate pair"),
        (b'{"action_type": "log", "params": {"\\ud800": 1}}', 400, "The body holds half a surrogate pair"),
        (b'{"action_type": "log", "params": {"message": ["\\uDFFF"]}}', 400, "The body holds half a surrogate pair"),
        (b'{"action_type": "log", "actionType": "fail", "params": {}}', 422, "are both given, and differ"),
        (validation({f"p{number}": 1 for number in range(1001)}), 422, "more than 1,000 params"),
        (validation({"message": [1] * 5001}), 422, "more than 5,000 values"),
        (b'{"action_type": "log", "params": {"message": "' + b"x" * 2_000_000 + b'"}}', 413, "larger than"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem(client: TestClient, body: bytes, status: int, said: str) -> None:
    answer = client.post("/actions/validate", content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_a_body_of_another_type_is_refused(client: TestClient) -> None:
    answer = client.post("/actions/validate", content=b"<a/>", headers={"content-type": "application/xml"})

    assert answer.status_code == 415
    assert "application/xml" in answer.json()["detail"]


def test_brackets_in_texts_are_not_nesting(client: TestClient) -> None:
    answer = client.post("/actions/validate", json={"action_type": "log", "params": {"message": "[{" * 200 + '\\"['}})

    assert answer.json()["valid"] is True


@pytest.mark.parametrize("path", ["/actions", "/budpipeline/actions/log", "/actions/log/schema", "/openapi.json"])
def test_an_answer_is_not_sent_again_while_it_is_the_same(client: TestClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]

    assert tag == f'"{GENERATED["digest"]}"'
    assert first.headers["vary"] == "Accept-Encoding"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip", "gzip"), ("zstd, gzip", "zstd"), ("gzip;q=0", None), ("br", None), ("*", "zstd"), ("identity", None)],
)
def test_answers_are_compressed_as_the_client_accepts(client: TestClient, accepted: str, coding: str | None) -> None:
    with client.stream("GET", "/actions", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    body = gzip.decompress(raw) if coding == "gzip" else raw
    if coding == "zstd":
        body = zstandard.ZstdDecompressor().decompress(raw)

    assert answer.headers.get("content-encoding") == coding
    assert int(answer.headers["content-length"]) == len(raw)
    assert json.loads(body)["total"] == 24


def test_head_answers_without_a_body(client: TestClient) -> None:
    for path in ("/actions", "/actions/log", "/health", "/docs"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("category=Simulation", ["simulation_run"]),
        ("service=budcluster&execution_mode=event_driven", ["model_benchmark", "cluster_create", "cluster_delete"]),
        ("q=rate+LIMIT", ["deployment_ratelimit"]),
        ("category=Nope", []),
    ],
)
def test_the_list_is_narrowed_down(client: TestClient, query: str, types: list[str]) -> None:
    answer = client.get(f"/actions?{query}").json()

    assert [action["type"] for action in answer["actions"]] == types
    assert answer["total"] == len(types) == sum(len(each["actions"]) for each in answer["categories"])


def test_a_mode_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get("/actions?execution_mode=later")

    assert answer.status_code == 422
    assert answer.json()["detail"] == "execution_mode must be one of: sync, event_driven"


def test_another_version_is_not_found(client: TestClient) -> None:
    assert client.get("/actions/log?version=1.0.0").status_code == 200
    assert (
        client.get("/actions/log?version=2.0.0").json()["detail"]
        == "Action 'log' has no version '2.0.0'; there is 1.0.0"
    )


def test_the_schema_of_params(client: TestClient) -> None:
    answer = client.get("/api/v1/actions/log/schema")

    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json()["properties"]["level"]["default"] == "info"


def test_every_answer_names_its_request_and_its_catalog(client: TestClient) -> None:
    for path in ("/actions", "/nope", "/health"):
        answer = client.get(path, headers={"X-Correlation-ID": "abc-1"})
        assert answer.headers["x-correlation-id"] == "abc-1"
        assert answer.headers["x-bud-catalog"] == GENERATED["digest"]
    assert len(client.get("/health", headers={"X-Correlation-ID": "no spaces!"}).headers["x-correlation-id"]) == 32


def test_only_configured_origins_may_read_answers() -> None:
    settings = Settings(cors_origins=("https://admin.example.com",), strict=True)
    client = TestClient(create_app(installed_catalog(settings), settings))

    ours = client.get("/actions", headers={"origin": "https://admin.example.com"})
    others = client.get("/actions", headers={"origin": "https://evil.example.com"})

    assert ours.headers["access-control-allow-origin"] == "https://admin.example.com"
    assert "X-Bud-Catalog" in ours.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in others.headers


def test_what_one_origin_is_answered_is_not_sent_to_another() -> None:
    origins = ("https://one.example.com", "https://two.example.com")
    settings = Settings(cors_origins=origins, strict=True)
    client = TestClient(create_app(installed_catalog(settings), settings))
    known = {"if-none-match": client.get("/actions").headers["etag"], "x-correlation-id": "same"}

    for number in range(50):
        origin = origins[number % 2]
        again = client.get("/actions", headers={**known, "origin": origin})
        whole = client.get("/actions", headers={"origin": origin})
        checked = client.post(
            "/actions/validate", json={"action_type": "log", "params": {}}, headers={"origin": origin}
        )
        assert again.status_code == 304
        assert again.headers.multi_items() == [
            ("etag", known["if-none-match"]),
            ("cache-control", "no-cache"),
            ("vary", "Accept-Encoding, Origin"),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", again.headers["access-control-expose-headers"]),
            ("access-control-allow-origin", origin),
            ("x-correlation-id", "same"),
            ("x-bud-catalog", GENERATED["digest"]),
        ]
        for answer in (whole, checked):
            assert answer.headers.get_list("access-control-allow-origin") == [origin]
    assert "access-control-allow-origin" not in client.get("/actions", headers=known).headers


def test_a_refused_preflight_is_a_problem() -> None:
    settings = Settings(cors_origins=("https://one.example.com",), strict=True)
    client = TestClient(create_app(installed_catalog(settings), settings))
    asked = {"origin": "https://evil.example.com", "access-control-request-method": "GET"}

    refused = client.options("/actions", headers=asked)
    allowed = client.options("/actions", headers={**asked, "origin": "https://one.example.com"})

    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    assert refused.json()["detail"] == "Disallowed CORS origin"
    assert "access-control-allow-origin" not in refused.headers
    assert allowed.status_code == 200


def test_what_is_broken_has_a_tag_of_its_own() -> None:
    holder = installed_catalog(Settings())
    client = TestClient(create_app(holder, Settings(strict=True)))
    before = client.get("/actions?broken")
    holder.broken.append({"distribution": "acme 1.0", "entry": "acme", "reason": "it is gone"})
    after = client.get("/actions?broken=true", headers={"if-none-match": before.headers["etag"]})

    assert before.json()["broken"] == []
    assert after.json()["broken"] == holder.broken
    assert client.get("/actions?broken", headers={"if-none-match": after.headers["etag"]}).status_code == 304
    for no in ("false", "0", "No"):
        assert "broken" not in client.get(f"/actions?broken={no}").json()


@pytest.mark.parametrize("action_type", GENERATED["actions"])
def test_the_schema_of_params_takes_examples_and_templates(client: TestClient, action_type: str) -> None:
    meta = GENERATED["actions"][action_type]["meta"]
    schema = client.get(f"/actions/{action_type}/schema").json()
    validator = Draft202012Validator(schema)

    validator.check_schema(schema)
    assert meta["examples"]
    for example in meta["examples"]:
        validator.validate(example["params"])
    validator.validate({param["name"]: "{{ steps.a.outputs.b }}" for param in meta["params"]})
    for name, member in schema["properties"].items():
        assert member["title"], name


def test_the_schema_of_params_still_refuses_other_texts(client: TestClient) -> None:
    validator = Draft202012Validator(client.get("/actions/delay/schema").json())

    assert validator.is_valid({"duration_seconds": "{{ params.seconds }}"})
    assert not validator.is_valid({"duration_seconds": "soon"})


@pytest.mark.parametrize("action_type", GENERATED["actions"])
def test_a_page_says_what_the_generated_docs_say(client: TestClient, action_type: str) -> None:
    page = _bare(html.unescape(re.sub(r"<[^>]*>", "", client.get(f"/docs/{action_type}").text)))
    markdown = (ROOT / f"generated/docs/{action_type}.md").read_text()

    rows = re.findall(r"^\| (.+) \|$", markdown.partition("## Examples")[0], re.MULTILINE)
    assert len(rows) > len(GENERATED["actions"][action_type]["meta"]["params"])
    for cell in (cell for row in rows for cell in re.split(r" (?<!\\)\| ", row)):
        assert _bare(cell).strip(" |<>") in page
    for step in re.findall(r"^````json\n(.+?)\n````$", markdown, re.MULTILINE | re.DOTALL):
        assert _bare(step) in page


def _bare(text: str) -> str:
    """Return a text without what Markdown adds."""
    return re.sub(r"[`\\*]", "", text)


def test_a_page_shows_hostile_texts_as_texts() -> None:
    script = "<script>alert(1)</script>"
    meta = {**GENERATED["actions"]["log"]["meta"], "name": script, "description": script}
    meta["params"] = [{**each, "label": script, "description": script, "default": script} for each in meta["params"]]
    meta["examples"] = [{"title": script, "description": script, "params": {"message": script}}]
    meta["deprecated"] = {"since": script, "message": script, "sunset": script, "replaced_by": None}

    page = action_page({**meta, "required_services": [script], "required_permissions": [script]}, script)

    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10


def test_the_docs_are_pages_that_load_nothing_from_elsewhere(client: TestClient) -> None:
    index, page = client.get("/docs"), client.get("/docs/model_add")

    assert "Add Model" in index.text
    assert "huggingface_id" in page.text
    for answer in (index, page):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
    assert client.get("/docs/nope").status_code == 404


def test_requests_are_counted(client: TestClient) -> None:
    client.get("/actions/log")

    assert (
        'bud_http_requests_total{method="GET",route="/actions/{action_type}",status="200"}'
        in client.get("/metrics").text
    )


def test_half_a_character_in_a_body_is_refused(client: TestClient) -> None:
    answer = client.post("/actions/validate", content=b'{"action_type": "log", "params": {"\\ud800": "\\udfff"}}')

    assert answer.status_code == 400
    assert answer.json()["detail"] == "The body holds half a surrogate pair, which is no character"


def test_both_halves_of_a_character_are_one(client: TestClient) -> None:
    message = b'{"action_type": "log", "params": {"message": "\\ud83d\\ude00"}}'

    assert client.post("/actions/validate", content=message).json()["valid"]


def test_commas_in_texts_are_no_values(client: TestClient) -> None:
    message = ',"\\' * 6000

    assert client.post("/actions/validate", json={"action_type": "log", "params": {"message": message}}).json()["valid"]


def test_health_and_openapi(client: TestClient) -> None:
    catalog = {"status": "healthy", "actions": 24, "catalog": GENERATED["digest"], "broken": [], "problems": []}
    rest = {"credentials": None, "database": "none", "workers": None, "oldest_due_seconds": None}
    assert client.get("/health").json() == {**catalog, **rest}
    assert client.get("/ready").json() == {"status": "ready"}
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


def test_an_address_that_is_taken_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = bud("serve", "--port", str(port))

    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot listen on 127.0.0.1:{port}: Address already in use; choose another --host or --port\n"
    )


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
