"""What the server writes about itself: a line an event, whatever writes it, and a line a request."""

import json
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any

import pytest

from tests.support.server import Server, running, wait_until


def asked(server: Server, path: str) -> None:
    with suppress(urllib.error.HTTPError):
        request = urllib.request.Request(f"{server.url}{path}", headers={"X-Correlation-ID": "asked-1"})
        urllib.request.urlopen(request, timeout=5).close()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what a server has said in its whole life, in which one client was listening at the end."""
    monkeypatch.setenv("BUD_LOG_FORMAT", "json")
    with running() as server:
        asked(server, "/actions/log")
        asked(server, "/actions/a%0Ab%20c")
        stream = urllib.request.urlopen(f"{server.url}/actions/events", timeout=20)
        assert stream.readline().startswith(b"event: catalog")
    stream.close()
    return [json.loads(line) for line in server.said]


def test_every_line_is_an_event_and_every_request_a_line(events: list[dict[str, Any]]) -> None:
    said = [each["event"] for each in events]
    requests = [each for each in events if each["event"] == "request"]

    assert said[0].startswith("listening on http://127.0.0.1:")
    assert {"Application startup complete.", "Application shutdown complete."} <= set(said)
    assert [(each["method"], each["path"], each["status"]) for each in requests] == [
        ("GET", "/actions/log", 200),
        ("GET", "/actions/a\nb c", 404),
        ("GET", "/actions/events", 200),
    ]
    for each in requests[:2]:
        assert each["correlation_id"] == "asked-1"
        assert 0 < each["milliseconds"] < 5000
        assert each["timestamp"].endswith("Z")


def test_a_stop_with_a_listener_is_no_error(events: list[dict[str, Any]]) -> None:
    assert {each["level"] for each in events} == {"info"}


def test_a_line_for_people_has_no_colors_in_a_file_and_cannot_be_forged() -> None:
    with running() as server:
        asked(server, "/actions/x%0A2026-01-01T00:00:00Z%20error%20forged")
        wait_until(lambda: any("forged" in line for line in server.said))

    (line,) = [line for line in server.said if "forged" in line]
    assert 'path="/actions/x\\n2026-01-01T00:00:00Z error forged" status=404 ' in line
    assert "\033" not in "".join(server.said)
