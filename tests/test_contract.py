"""The OpenAPI document is what the server does: openapi-core holds it to that, and production checks bodies alike."""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from bud_server.app import create_app
from bud_server.auth.api_keys import new_key
from bud_server.contract.adapters import CheckedRequest
from bud_server.contract.bodies import RequestBodies
from bud_server.contract.contract import Contract
from bud_server.contract.strict import Strict
from bud_server.http.body import RefusedError
from bud_server.serving import installed_catalog
from bud_server.settings import Settings

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent.parent / "generated/openapi/openapi.json").read_text())
CONTRACT = Contract(DOCUMENT)
BODIES = RequestBodies(DOCUMENT)
PATHS = [f"{prefix}/actions/validate" for prefix in ("", "/api/v1", "/budpipeline")]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


ANYTHING: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    10**40,
    "",
    "log",
    "\x00",
    [],
    [{}],
    {},
    {"": None},
    nested(90),
    ["x"] * 1000,
]
CORPUS: list[Any] = [
    *ANYTHING,
    *({"action_type": value, "params": {}} for value in ANYTHING),
    *({"actionType": value, "params": {}} for value in ANYTHING),
    *({"action_type": "log", "params": value} for value in ANYTHING),
    *({"actionType": "log", "params": {"message": value}} for value in ANYTHING),
    *({"action_type": "log", "actionType": value, "params": {}} for value in ANYTHING),
    *({"action_type": value, "actionType": "log", "params": {}} for value in ANYTHING),
    {"action_type": "log"},
    {"actionType": "log"},
    {"params": {}},
    {"Action_Type": "log", "params": {}},
    {"action_type": "log", "Params": {}},
    {"action_type": "log", "params": {}, "more": 1},
    {"actionType": "log", "params": {}, "": nested(50)},
]


def refusal(bodies: RequestBodies, path: str, body: object) -> RefusedError | None:
    try:
        bodies.check("POST", path, body)
    except RefusedError as refused:
        return refused
    return None


def posted(path: str, body: object) -> CheckedRequest:
    return CheckedRequest("post", path, body=json.dumps(body).encode())


@pytest.mark.parametrize("path", PATHS)
def test_openapi_core_and_the_compiled_validators_agree_about_bodies(path: str) -> None:
    verdicts = [
        (refusal(BODIES, path, body) is None, CONTRACT.of_request(posted(path, body)) is None) for body in CORPUS
    ]

    assert [body for body, (ours, theirs) in zip(CORPUS, verdicts, strict=True) if ours is not theirs] == []
    assert sum(ours for ours, _ in verdicts) > 40
    assert sum(not ours for ours, _ in verdicts) > 60


def with_body(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with one more operation, POST /body."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "Done."}}}
    return {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/body": {"post": operation}}}


ODD_VALUES: list[Any] = [None, -1, [], {}, "{{ x }}"]
STEPS: list[dict[str, Any]] = [
    {"id": "s", "action": action_type, "params": {**example["params"], **changed}}
    for action_type, entry in installed_catalog(Settings()).current.entries.items()
    for example in entry["meta"]["examples"]
    for changed in ({}, *({name: value} for name in example["params"] for value in ODD_VALUES))
]


def test_they_agree_about_the_steps_of_every_action() -> None:
    document = with_body({"$ref": "#/components/schemas/PipelineStep"})
    bodies, contract = RequestBodies(document), Contract(document)
    ours = [refusal(bodies, "/body", step) is None for step in STEPS]
    theirs = [contract.of_request(posted("/body", step)) is None for step in STEPS]

    assert ours == theirs
    assert min(ours.count(True), ours.count(False)) > 60


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ([], "", "The body must be an object with action_type and params"),
        (None, "", "The body must be an object with action_type and params"),
        ({}, "/action_type", "action_type (or actionType) must be a string"),
        ({"actionType": 1, "params": {}}, "/action_type", "action_type (or actionType) must be a string"),
        ({"action_type": "log"}, "/params", "params must be an object"),
        ({"actionType": "log", "params": []}, "/params", "params must be an object"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(body: object, pointer: str, detail: str) -> None:
    refused = refusal(BODIES, "/actions/validate", body)

    assert refused is not None
    assert (refused.status, refused.pointer, refused.detail) == (422, pointer, detail)


STEP = {"id": "s", "action": "log"}
ODD = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a/b": {"type": ["integer", "null"]},
        "mode": {"enum": ["sync", "later"]},
        "name": {"type": "string", "minLength": 3},
        "steps": {"type": "array", "items": {"$ref": "#/components/schemas/PipelineStep"}},
        "any": {},
    },
}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"a/b": "x"}, "/a~1b", "a/b must be a whole number or null"),
        ({"mode": "never"}, "/mode", "mode must be one of: sync, later"),
        ({"nmae": "x"}, "/nmae", "nmae is unknown"),
        ({"name": "hi"}, "/name", "name is not allowed: the value is shorter than 3 characters"),
        ({"steps": {}}, "/steps", "steps must be a list"),
        ({"steps": [STEP, {**STEP, "params": {"loud": 1}}]}, "/steps/1/params/loud", "steps.1.params.loud is unknown"),
        ({"steps": [{"action": "log"}]}, "/steps/0/id", "steps.0.id must be a string"),
    ],
)
def test_bodies_of_other_routes_are_explained_alike(body: object, pointer: str, detail: str) -> None:
    refused = refusal(RequestBodies(with_body(ODD)), "/body", body)

    assert refused is not None
    assert (refused.pointer, refused.detail) == (pointer, detail)


def test_a_refusal_never_repeats_a_value() -> None:
    document = with_body({"type": "object", "properties": {"key": {"type": "string", "maxLength": 3}}})
    refused = refusal(RequestBodies(document), "/body", {"key": "hunter2"})

    assert refused is not None
    assert "hunter2" not in refused.detail


def strict(path: str, answer: Response, method: str = "GET") -> TestClient:
    """Return a client of a server whose only route gives one answer, whatever the document says."""

    async def respond(request: Request) -> Response:
        await request.body()
        return answer

    return TestClient(Strict(Starlette(routes=[Route(path, respond, methods=[method])]), lambda _scope: CONTRACT))


def problem(status: int, changed: Mapping[str, object] | None = None) -> Response:
    body = {"type": "about:blank", "title": "T", "status": status, "detail": "D", **(changed or {})}
    return JSONResponse(body, status, media_type="application/problem+json")


READY = {"status": "ready"}
RIGHT: list[tuple[str, Response]] = [
    ("/ready", JSONResponse(READY)),
    ("/ready", JSONResponse(READY, 503)),
    ("/ready", Response(gzip.compress(b'{"status": "ready"}'), media_type="application/json; charset=utf-8")),
    ("/actions/log", Response(status_code=304)),
    ("/actions/log", problem(404)),
    ("/actions/log/schema", JSONResponse({}, media_type="application/schema+json")),
    ("/docs", Response("<p>", media_type="text/html")),
    ("/metrics", Response("a 1", media_type="text/plain; version=1.0.0")),
    ("/nowhere", problem(404)),
]
RIGHT[2][1].headers["content-encoding"] = "gzip"
WRONG: list[tuple[str, Response, str]] = [
    ("/ready", JSONResponse(READY, 201), "the answer 201 is not described"),
    ("/ready", JSONResponse(READY, 404), "the answer 404 is not described"),
    ("/ready", JSONResponse(READY, media_type="application/ready+json"), "application/ready+json"),
    ("/ready", Response("ready", media_type="text/plain"), "text/plain"),
    ("/ready", Response(b"", media_type="application/json"), "Missing response data"),
    ("/ready", Response(b"{", media_type="application/json"), "the answer 200 is not as described"),
    ("/ready", JSONResponse(None), "$: None is not of type 'object'"),
    ("/ready", JSONResponse({}), "$: 'status' is a required property"),
    ("/ready", JSONResponse({"status": "maybe"}), "$.status: 'maybe' is not one of ['ready', 'not_ready']"),
    ("/ready", JSONResponse({**READY, "more": 1}), "'more' was unexpected"),
    ("/ready", Response(status_code=304), "the answer 304 is not described"),
    ("/actions/log", JSONResponse({}), "is a required property"),
    ("/actions/log", problem(403), "the answer 403 is not described"),
    ("/actions/log", problem(404, {"status": "404"}), "$.status: '404' is not of type 'integer'"),
    ("/actions/log", JSONResponse({}, 404), "application/json"),
    ("/budpipeline/actions", JSONResponse({"actions": [], "categories": []}), "'total' is a required property"),
    ("/docs", JSONResponse({}), "application/json"),
    ("/metrics", Response("<p>", media_type="text/html"), "text/html"),
    ("/nowhere", JSONResponse({}), "not described, but answered"),
]


@pytest.mark.parametrize(("path", "answer"), RIGHT)
def test_an_answer_that_is_described_is_passed_on(path: str, answer: Response) -> None:
    given = strict(path, answer).get(path)

    assert given.status_code == answer.status_code
    assert given.headers.get("content-type") == answer.headers.get("content-type")
    assert given.content == (b'{"status": "ready"}' if "content-encoding" in answer.headers else answer.body)


@pytest.mark.parametrize(("path", "answer", "said"), WRONG)
def test_an_answer_that_is_not_described_is_a_fault(path: str, answer: Response, said: str) -> None:
    given = strict(path, answer).get(path)

    assert given.status_code == given.json()["status"] == 500
    assert given.headers["content-type"] == "application/problem+json"
    assert given.json()["detail"].startswith(f"GET {path} and the OpenAPI document disagree: ")
    assert said in given.json()["detail"]


def test_a_request_that_the_document_forbids_is_a_fault_only_if_it_is_answered() -> None:
    valid = JSONResponse({"valid": True, "errors": [], "problems": []})
    answering = strict("/actions/validate", valid, "POST")
    refusing = strict("/actions/validate", problem(422, {"detail": "Mine"}), "POST")

    assert answering.post("/actions/validate", json={"action_type": "log", "params": {}}).json()["valid"] is True
    wrong = answering.post("/actions/validate", json={"action_type": "log", "params": []})
    assert (wrong.status_code, "the request is forbidden" in wrong.json()["detail"]) == (500, True)
    assert (
        answering.post("/actions/validate", content=b"a=1", headers={"content-type": "text/plain"}).status_code == 500
    )
    assert refusing.post("/actions/validate", json=[]).json()["detail"] == "Mine"

    listing = strict("/actions", JSONResponse({"actions": [], "categories": [], "total": 0}))
    assert listing.get("/actions?execution_mode=sync&q=&broken").status_code == 200
    assert listing.get("/actions?execution_mode=later").status_code == 500


def test_a_head_is_held_to_what_a_get_would_answer() -> None:
    right = strict("/ready", JSONResponse(READY)).head("/ready")
    wrong = strict("/ready", JSONResponse(READY, 418)).head("/ready")

    assert (right.status_code, wrong.status_code) == (200, 500)


async def first_of_a_stream(app: ASGIApp) -> list[Message]:
    """Ask for the events, go when something of them came, and return what was sent."""
    came = asyncio.Event()
    sent: list[Message] = []
    parts: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not parts:
            await came.wait()
            return {"type": "http.disconnect"}
        return parts.pop()

    async def send(message: Message) -> None:
        sent.append(message)
        if message.get("body"):
            came.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/actions/events",
        "raw_path": b"/actions/events",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "server": ("server", 80),
    }
    await asyncio.wait_for(app(scope, receive, send), timeout=60)
    return sent


def test_a_stream_is_passed_on_as_it_comes() -> None:
    sent = asyncio.run(first_of_a_stream(create_app(installed_catalog(Settings()), Settings(strict=True))))

    assert sent[0]["status"] == 200
    assert sent[1]["body"].startswith(b"event: catalog")


def test_an_endless_stream_that_is_not_described_is_ended() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"data\n"

    async def respond(_request: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/plain")

    app = Strict(Starlette(routes=[Route("/actions/events", respond)]), lambda _scope: CONTRACT)
    sent = asyncio.run(first_of_a_stream(app))

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 500
    assert b"text/plain" in sent[1]["body"]


def test_refusals_of_credentials_are_described(tmp_path: Path) -> None:
    key, line = new_key("ci", ["*"])
    keys = tmp_path / "keys.txt"
    keys.write_text(line + "\n")
    settings = Settings(auth="api-key", api_keys_file=keys, strict=True)
    client = TestClient(create_app(installed_catalog(settings), settings))

    paths = ["/actions", "/api/v1/actions/log", "/budpipeline/actions/log/schema", "/actions/events"]
    assert [client.get(path).status_code for path in paths] == [401] * 4
    assert client.post("/actions/validate", json={}).status_code == 401
    assert client.get("/actions", headers={"X-API-Key": key}).status_code == 200
    keys.write_text("damaged\n")
    assert client.get("/actions", headers={"X-API-Key": key}).status_code == 503


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_openapi_core_is_not_loaded_unless_strict() -> None:
    done = run(
        "import sys\n"
        "from starlette.testclient import TestClient\n"
        "from bud_server.app import create_app\n"
        "from bud_server.serving import installed_catalog\n"
        "from bud_server.settings import Settings\n"
        "client = TestClient(create_app(installed_catalog(Settings()), Settings()))\n"
        "assert client.post('/actions/validate', json={}).status_code == 422\n"
        "assert 'openapi_core' not in sys.modules\n"
    )

    assert done.returncode == 0, done.stderr


def test_strict_without_openapi_core_says_what_to_install() -> None:
    code = "import sys; sys.modules['openapi_core'] = None\nfrom bud_server.cli import main\nmain()"
    done = run(code, "serve", "--port", "0", "--strict")

    assert done.returncode == 1
    assert "strict needs openapi-core" in done.stderr
    assert "pip install 'bud-actions[codegen]'" in done.stderr
