"""A secret reaches whom it is for, and is seen nowhere else: in no file, log, answer, event or trace."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bud_server.auth.api_keys import new_key
from tests.support.server import Server, running, wait_until

PARAM, HEADER, SIDECAR = "canary-of-a-param", "canary-of-a-header", "canary-of-the-sidecar"
SENDERS, DELIVERED, PROXY = "canary-of-senders", "canary-of-deliveries", "canary-of-the-proxy"


class Outside:
    """Stands for an address and for a Dapr sidecar: answers with everything that it was sent."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], str]] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                outside.heard.append((self.path, headers, body))
                answer = json.dumps({"path": self.path, "headers": headers, "body": body}).encode()
                self.send_response(500 if "/refuse" in self.path else 200)
                self.send_header("x-echo", headers.get("authorization", ""))
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def outside() -> Iterator[Outside]:
    found = Outside()
    yield found
    found.server.shutdown()
    found.server.server_close()


def pipeline(url: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer {{ params.token }}", "X-Own": HEADER}
    ask = {"method": "POST", "headers": headers}
    steps = [
        {"id": "echo", "action": "http_request", "params": {**ask, "url": f"{url}/echo", "body": {"x": 1}}},
        {
            "id": "refuse",
            "action": "http_request",
            "params": {
                **ask,
                "url": f"{url}/refuse?key={{{{ params.token }}}}",
                "body": "{{ steps.echo.outputs.body }}",
            },
            "depends_on": ["echo"],
            "on_failure": "continue",
        },
        {
            "id": "hook",
            "action": "webhook",
            "params": {**ask, "url": "http://{{ params.token }}.invalid/", "payload": ["{{ params.token }}"]},
            "depends_on": ["echo"],
            "on_failure": "continue",
        },
        {
            "id": "inside",
            "action": "webhook",
            "params": {**ask, "url": "http://ada:{{ params.token }}@127.0.0.2/"},
            "depends_on": ["echo"],
            "on_failure": "continue",
        },
        {
            "id": "say",
            "action": "log",
            "params": {"message": "{{ params.token }} {{ steps.echo.outputs.body }}"},
            "depends_on": ["echo"],
        },
        {
            "id": "tell",
            "action": "notification",
            "params": {"channel": "email", "message": "done", "recipients": ["ada"]},
            "depends_on": ["refuse", "hook", "inside", "say"],
        },
    ]
    return {
        "name": "canary",
        "parameters": [{"name": "token", "type": "string", "secret": True}],
        "steps": steps,
        "outputs": {"heard": "{{ steps.echo.outputs.body }}", "headers": "{{ steps.echo.outputs.headers }}"},
    }


class Client:
    """Keeps every answer that it gets."""

    def __init__(self, server: Server, key: str) -> None:
        self.answers: list[str] = []
        self._server, self._key = server, key

    def ask(self, path: str, body: object = None) -> Any:
        """Return the JSON of an answer, whatever its status."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._key}"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._server.url}{path}", content, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text, found = answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            text, found = error.read().decode(), error.headers
        self.answers.append(f"{found}\n{text}")
        return json.loads(text) if "json" in found.get_content_type() else text


def test_a_secret_is_seen_by_nobody_but_whom_it_is_for(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, line = new_key("ci", ["*"])
    (tmp_path / "keys").write_text(f"{line}\n")
    folder = tmp_path / "database"
    folder.mkdir()
    settings = {
        "DATABASE": f"sqlite:///{folder}/bud.db",
        "SECRET_KEY": Fernet.generate_key().decode(),
        "AUTH": "api-key",
        "API_KEYS_FILE": str(tmp_path / "keys"),
        "LOG_FORMAT": "json",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DAPR_URL": f"{outside.url}/dapr",
        "DAPR_API_TOKEN": SIDECAR,
        "EVENT_SECRET": SENDERS,
        "APP_API_TOKEN": DELIVERED,
        "PROXY_CREDENTIAL": PROXY,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"BUD_{name}", value)

    with running() as server:
        client = Client(server, key)
        started = client.ask(
            "/executions/run",
            {
                "pipeline_definition": {"dag": pipeline(outside.url)},
                "params": {"token": PARAM},
                "callback_topics": ["budAppMessages"],
            },
        )
        execution = f"/executions/{started['execution_id']}"
        wait_until(lambda: client.ask(execution)["status"] in ("COMPLETED", "FAILED"))
        ended = client.ask(execution)
        for part in ("progress", "steps", "events", "attempts", "stream"):
            client.ask(f"{execution}/{part}")
        for step in ("echo", "refuse", "hook", "inside", "say", "tell"):
            client.ask(f"{execution}/steps/{step}")
        saved = client.ask("/pipelines", {"name": "canary", "dag": pipeline(outside.url)})
        client.ask(f"/pipelines/{saved['id']}")
        client.ask("/events")
        client.ask("/metrics")
        wait_until(lambda: any("budAppMessages" in path and "workflow" in path for path, _, _ in outside.heard))
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files |= {f"{path.name}, closed": path.read_bytes() for path in folder.iterdir()}

    # It did reach whom it is for.
    asked = {path: headers for path, headers, _ in outside.heard}
    assert ended["status"] == "COMPLETED", ended
    assert (asked["/echo"]["authorization"], asked["/echo"]["x-own"]) == (f"Bearer {PARAM}", HEADER)
    assert asked[f"/refuse?key={PARAM}"]["x-own"] == HEADER
    sidecar = [(path, headers, body) for path, headers, body in outside.heard if path.startswith("/dapr/")]
    assert {headers["dapr-api-token"] for _, headers, _ in sidecar} == {SIDECAR}
    assert any("notificationMessages" in path for path, _, _ in sidecar)

    canaries = (PARAM, HEADER, SIDECAR, SENDERS, DELIVERED, PROXY, key)
    own = {"dapr-api-token": SIDECAR, "x-app-api-token": DELIVERED}
    told = [(path, {**headers, **dict.fromkeys(own, "")}, body) for path, headers, body in sidecar]
    traces = [headers["traceparent"] for _, headers, _ in sidecar]
    assert all(traces)
    places: dict[str, str] = {
        **{name: content.decode("latin-1") for name, content in files.items()},
        "the log": "".join(server.said),
        "what others are told": repr(told),
        "traces": repr(traces),
        **{f"answer {number}": text for number, text in enumerate(client.answers)},
    }
    found = [(canary, name) for name, text in places.items() for canary in canaries if canary in text]
    assert not found, found
