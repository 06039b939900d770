"""A redirect is followed only where the settings say so, and never to where the first address could not lead."""

import asyncio
from collections.abc import Mapping

import pytest

from bud_actions.base import HttpAnswer, OutboundError
from bud_server.net.outbound import GuardedClient
from bud_server.net.redirects import Asked, redirected
from tests.net.raw import Raw, answering
from tests.net.watch import Canary

SECRET = {"Authorization": "Bearer secret", "Content-Type": "application/json"}


def leading(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def ask(server: Raw, redirects: int, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    client = GuardedClient(["127.0.0.1"], 1000, redirects)
    return asyncio.run(client.request("GET", f"http://127.0.0.1:{server.port}/", headers or {}, None, 5))


def test_a_redirect_is_followed_as_often_as_the_settings_say() -> None:
    with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as last,
        answering(leading(f"http://127.0.0.1:{last.port}/b")) as first,
    ):
        assert ask(first, 0).status == 302
        assert (ask(first, 1).status, ask(first, 1).body) == (200, b"ok")


def test_a_redirect_that_leads_to_itself_ends() -> None:
    with answering(leading("/")) as server:
        assert ask(server, 3).status == 302
        assert len(server.heard) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "http://localhost.:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "//0x7f.2:{port}/",
        "http://169.254.169.254/",
        "http://user@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
    ],
)
def test_a_redirect_inside_is_refused(location: str, canary: Canary) -> None:
    with (
        answering(leading(location.format(port=canary.port))) as server,
        pytest.raises(OutboundError, match="a redirect was followed") as error,
    ):
        ask(server, 5)

    assert error.value.had_effect
    assert canary.connections() == 0


@pytest.mark.parametrize(
    ("status", "method", "following"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT")],
)
def test_the_method_and_the_body_follow_the_status(status: int, method: str, following: str) -> None:
    asked = Asked(method, "https://a.example/x?y", SECRET, b"{}")
    found = redirected(asked, HttpAnswer(status=status, headers={"location": "../z"}, body=b""))

    assert found == Asked(following, "https://a.example/z", SECRET, b"{}" if following == method else None)


def test_another_host_gets_no_credential() -> None:
    answer = HttpAnswer(status=307, headers={"location": "https://b.example/"}, body=b"")
    found = redirected(Asked("POST", "https://a.example/", SECRET, b"{}"), answer)

    assert found is not None
    assert found.headers == {"Content-Type": "application/json"}


def test_what_is_no_redirect_leads_nowhere() -> None:
    asked = Asked("GET", "https://a.example/", {}, None)

    assert redirected(asked, HttpAnswer(status=200, headers={"location": "/b"}, body=b"")) is None
    assert redirected(asked, HttpAnswer(status=302, headers={}, body=b"")) is None
    for location in ("http://[bad", "http://[::1", "http://a]b/"):
        assert redirected(asked, HttpAnswer(status=302, headers={"location": location}, body=b"")) is None
