"""Proof by use: which pipelines a change breaks, where, and which finding says so."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bud_codegen.diff.compare import compare
from bud_codegen.diff.finding import Finding
from bud_codegen.diff.usage import Usage, UsageError
from bud_server.usage import pipeline_usage
from tests.diff.sides import GREET, HEAD, side

WAVE = "actions/bud_actions/builtin/wave.yaml"
WHO = "  - {name: who, label: Who, type: string}\n"
SAID = "outputs:\n  - {name: said, type: string}\n"
BEFORE = f"{HEAD}params:\n{WHO}{SAID}"
HELLO = """\
name: Hello
steps:
  - id: first
    action: greet
    params: {who: Ada}
  - id: then
    action: greet
    depends_on: [first]
    params:
      who: "{{ steps.first.outputs.said }}"
"""


def proof(
    tmp_path: Path, before: str, after: str, *pipelines: str, more: str | None = None
) -> tuple[Usage, list[Finding]]:
    """Compare two versions of an action and check pipelines, written into a folder, against both."""
    for number, text in enumerate(pipelines):
        (tmp_path / f"{number}.yaml").write_text(text)
    old, new = side({GREET: before}), side({GREET: after} if more is None else {GREET: after, WAVE: more})
    findings = compare(old, new)
    return pipeline_usage([str(tmp_path)], "", old, new, findings), [*findings]


def named(tmp_path: Path, usage: Usage, findings: list[Finding]) -> dict[str, list[str]]:
    """Return where pipelines fail, by rule."""
    rules = {finding.fingerprint: finding.rule for finding in findings}
    found = {rules[key]: [use.where.removeprefix(f"{tmp_path}/") for use in uses] for key, uses in usage.uses.items()}
    assert all(use.message and use.place for uses in usage.uses.values() for use in uses)
    return found


NEEDED = "  - {name: whom, label: Whom, type: string, required: true}\n"
BOUNDED = "  - {name: who, label: Who, type: string, validation: {max_length: 2}}\n"
NUMBER = "  - {name: who, label: Who, type: number}\n"
ALIAS = BEFORE.replace("type: greet", "type: wave").replace("name: Greet\n", "name: Wave\naliases: [greet]\n")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (f"{HEAD}{SAID}", {"param-removed-unreserved": ["0.yaml:5:14", "0.yaml:10:7"]}),
        (f"{HEAD}params:\n{WHO}{NEEDED}{SAID}", {"param-added-required": ["0.yaml:5:13", "0.yaml:10:7"]}),
        (f"{HEAD}params:\n{BOUNDED}{SAID}", {"param-max-length-lowered": ["0.yaml:5:19"]}),
        (f"{HEAD}params:\n{WHO}", {"output-removed-unreserved": ["0.yaml:10:12"]}),
        (BEFORE, {}),
    ],
)
def test_each_failure_is_put_down_to_what_causes_it(tmp_path: Path, after: str, expected: dict[str, list[str]]) -> None:
    usage, findings = proof(tmp_path, BEFORE, after, HELLO)
    found = named(tmp_path, usage, findings)
    assert [*found.values()] == [*expected.values()], found
    assert usage.unexplained == ()
    assert (usage.pipelines, usage.failing, usage.broken) == (1, int(bool(expected)), 0)


def test_an_action_that_is_gone_is_named_at_the_step(tmp_path: Path) -> None:
    old, new = side({GREET: BEFORE, WAVE: ALIAS.replace("aliases: [greet]\n", "")}), side({GREET: BEFORE})
    findings = compare(old, new)
    (tmp_path / "a.yaml").write_text("name: A\nsteps:\n  - {id: a, action: wave}\n")

    usage = pipeline_usage([str(tmp_path / "a.yaml")], "", old, new, findings)

    assert named(tmp_path, usage, [*findings]) == {"action-removed": ["a.yaml:3:21"]}


def test_an_action_that_goes_on_under_an_alias_breaks_no_pipeline(tmp_path: Path) -> None:
    old, new = side({GREET: BEFORE}), side({WAVE: ALIAS})
    (tmp_path / "0.yaml").write_text(HELLO)
    usage = pipeline_usage([str(tmp_path)], "", old, new, compare(old, new))
    assert (usage.failing, usage.uses) == (0, {})


def test_what_failed_before_is_no_news(tmp_path: Path) -> None:
    broken = HELLO.replace("action: greet\n    params: {who: Ada}", "action: nothing\n    params: {who: Ada}")
    usage, _ = proof(tmp_path, BEFORE, f"{HEAD}params:\n{WHO}{SAID}icon: x\n", broken, "just a text\n", HELLO)
    assert (usage.pipelines, usage.failing, usage.broken) == (3, 0, 2)
    assert usage.unexplained == ()


def test_a_pipeline_that_was_broken_elsewhere_can_still_break_anew(tmp_path: Path) -> None:
    broken = HELLO.replace("depends_on: [first]", "depends_on: [first, nobody]")
    usage, findings = proof(tmp_path, BEFORE, f"{HEAD}{SAID}", broken)
    assert (usage.failing, usage.broken) == (1, 1)
    assert [*named(tmp_path, usage, findings)] == ["param-removed-unreserved"]


def test_what_no_finding_explains_is_listed(tmp_path: Path) -> None:
    (tmp_path / "0.yaml").write_text(HELLO)
    usage = pipeline_usage([str(tmp_path)], "", side({GREET: BEFORE}), side({GREET: f"{HEAD}{SAID}"}), ())
    assert [use.where.rpartition("/")[2] for use in usage.unexplained] == ["0.yaml:5:14", "0.yaml:10:7"]


def test_hidden_folders_and_other_files_are_left_aside(tmp_path: Path) -> None:
    for folder in (".git", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(HELLO)
    (tmp_path / "readme.txt").write_text(HELLO)
    with pytest.raises(UsageError, match="there is no pipeline here; name a folder"):
        proof(tmp_path, BEFORE, BEFORE)


# Servers


class Server(HTTPServer):
    status = 200
    body: bytes = b""
    credential: str | None = None


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.credential = self.headers["Authorization"]
        self.send_response(self.server.status if self.path == "/api/pipelines" else 404)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def asked(server: Server, token: str = "") -> Usage:
    old, new = side({GREET: BEFORE}), side({GREET: f"{HEAD}{SAID}"})
    url = f"http://127.0.0.1:{server.server_port}/api/"
    return pipeline_usage([url], token, old, new, compare(old, new))


STEP = {"id": "a", "action": "greet", "params": {"who": "Ada"}}


def test_the_saved_pipelines_of_a_server_are_checked(server: Server) -> None:
    saved = [
        {"id": "1", "dag": {"name": "One", "steps": [STEP]}},
        {"id": "2", "dag": {"name": "Pinned", "steps": [STEP]}, "pins": {"greet": 1}},
        {"id": "3", "dag": {"name": "A draft"}},
    ]
    server.body = json.dumps(saved).encode()

    usage = asked(server, "secret")

    assert (usage.pipelines, usage.failing, server.credential) == (2, 2, "Bearer secret")
    ((first, _),) = usage.uses.values()
    assert first.where == f"http://127.0.0.1:{server.server_port}/api/pipelines/1#/steps/0/params/who"
    assert first.place is None


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "answers 401; give a credential in the environment variable BUD_TOKEN"),
        (500, b"", "answers 500"),
        (200, b"<html>", "answers what is not JSON"),
        (200, b"[]", "there is no pipeline here"),
        (200, b'{"dag": 1}', "there is no pipeline here"),
    ],
)
def test_a_server_that_does_not_tell_is_an_error(server: Server, status: int, body: bytes, said: str) -> None:
    server.status, server.body = status, body
    with pytest.raises(UsageError, match=said):
        asked(server)
