"""Those whom a client named are told of an execution's progress, even if they cannot be reached at first."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bud_server.auth.identity import ANYONE
from bud_server.pipelines.read import read_pipeline
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.store import tables
from bud_server.settings import Settings
from tests.chaos import actions, ledger
from tests.chaos.driver import step


class Listener:
    """A server that keeps what it is told, after refusing the first message."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refusals = 1
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                is_refused = listener.refusals > 0
                listener.refusals -= 1
                if not is_refused:
                    listener.told.append({"type": self.headers["ce-type"], **body})
                self.send_response(503 if is_refused else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_progress_is_told_to_the_topics_that_the_client_named(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> None:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    catalog = actions.catalog()
    settings = Settings(database=database, topics=(f"budApp={listener.url}",), shutdown_seconds=1)
    steps = [step("one", "effect"), step("two", "flaky", "one", on_failure="continue")]
    pipeline = read_pipeline(
        {"name": "told", "steps": steps, "outputs": {"x": "{{ steps.one.outputs.value }}"}}
    ).pipeline
    assert pipeline is not None
    options = {"callback_topics": ["budApp", "nobody"], "payload_type": "guardrail", "notification_workflow_id": "w-1"}
    with Runtime(settings, lambda: catalog, actions.executor_of) as runtime:
        runtime.executions.start(Request(pipeline=pipeline, params={}, subject=ANYONE, options=options)).result()
        end = time.monotonic() + 15
        while len(listener.told) < 5 and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.1)
        with runtime.database.read() as on:
            assert on.connection.execute(select(tables.outbox)).all() == []

    payloads = [message["payload"] for message in listener.told]
    by_event = {
        (message["type"], message["payload"]["event"]): message["payload"]["content"] for message in listener.told
    }
    assert sorted(by_event) == [
        ("step_completed", "one"),
        ("step_failed", "two"),
        ("step_started", "one"),
        ("step_started", "two"),
        ("workflow_completed", "results"),
    ]
    assert {(payload["type"], payload["workflow_id"], payload["category"]) for payload in payloads} == {
        ("guardrail", "w-1", "internal")
    }
    assert by_event["workflow_completed", "results"]["result"] == {"outputs": {"x": "one"}, "success": True}
    assert by_event["step_failed", "two"]["message"] == "not yet"
