"""Whatever is sent to a real server: it is refused with a reason, at once, and costs no memory that stays."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.server import Server, running

VALIDATE = "/actions/validate"
MIB = 1 << 20
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def exchange(server: Server, request: bytes) -> Answer:
    """Send bytes as they are and return the answer; the server may stop reading before it has them all."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        started = time.perf_counter()
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        received = bytearray()
        while b"\r\n\r\n" not in received:
            received += _received(connection)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += _received(connection)
        return Answer(int(status.split()[1]), headers, body, time.perf_counter() - started)


def _received(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    assert received, "the server hung up without an answer"
    return received


def request(
    path: str = VALIDATE,
    body: bytes = b"",
    method: str = "POST",
    headers: tuple[str, ...] = ("content-type: application/json",),
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def validation(params: str, action_type: str = "log") -> bytes:
    return f'{{"action_type": "{action_type}", "params": {params}}}'.encode()


def chunked(chunk: bytes, count: int) -> bytes:
    head = f"POST {VALIDATE} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%s\r\n" % (len(chunk), chunk) * count + b"0\r\n\r\n"


BRANCH = '{"id":"a","condition":"true","label":"A","target_step":"b"}'
KEYS = ",".join(f'"key{number}":1' for number in range(4_900))
BODIES = {
    "not JSON": (b"hello", 400),
    "empty": (b"", 400),
    "10 MB": (b'"' + b"x" * 10_000_000 + b'"', 413),
    "10 MB of brackets": (b"[" * 10_000_000, 413),
    "1 MiB of brackets": (b"[" * MIB, 400),
    "lists 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, 400),
    "objects 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "one key twice": (validation('{"message": "a", "message": "b"}'), 400),
    "one of 4,900 keys twice": (validation(f'{{{KEYS},"key4899":2}}'), 400),
    "4,900 params": (validation(f"{{{KEYS}}}"), 422),
    "300,000 empty branches": (validation(f'{{"branches": [{",".join(["{}"] * 300_000)}]}}', "conditional"), 422),
    "9,000 branches": (validation(f'{{"branches": [{",".join([BRANCH] * 9_000)}]}}', "conditional"), 422),
    "NaN": (validation('{"message": NaN}'), 400),
    "Infinity": (validation('{"message": Infinity}'), 400),
    "-Infinity": (validation('{"message": -Infinity}'), 400),
    "1e999": (validation('{"duration_seconds": 1e999}', "delay"), 400),
    "-1e999": (validation('{"duration_seconds": -1e999}', "delay"), 400),
    "100,000 digits": (validation(f'{{"duration_seconds": {"9" * 100_000}}}', "delay"), 400),
    "half a character as the type": (validation("{}", "\\ud800"), 400),
    "half a character in a key": (validation('{"message": "\\ud800", "\\udfff": 1}'), 400),
    "not UTF-8": (validation('{"message": "\xff"}').replace(b"\xc3\xbf", b"\xff"), 400),
    "half a character in UTF-8": (validation('{"message": "?"}').replace(b"?", b"\xed\xa0\x80"), 400),
    "UTF-16": (validation("{}").decode().encode("utf-16"), 400),
    "UTF-16 without a mark": (validation("{}").decode().encode("utf-16-le"), 400),
    "UTF-32": (validation("{}").decode().encode("utf-32"), 400),
    "NUL": (b"\0", 400),
    "two values": (b"{} {}", 400),
    "a list": (b"[]", 422),
    "params that are a list": (validation("[]"), 422),
    "an unknown action": (validation("{}", "nothing_like_it"), 404),
    "a type of 1 MB": (validation("{}", "x" * 1_000_000), 404),
}
TYPES = {
    "a path": "../../etc/passwd",
    "an encoded path": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a backslash": "..%5c..%5cwindows",
    "SQL": "%27%20OR%201=1--",
    "NUL": "log%00",
    "a line break": "log%0d%0aset-cookie:%20a=b",
    "half an encoding": "log%",
    "no UTF-8": "%ff%fe",
    "a template": "%7B%7B7*7%7D%7D",
    "60 kB": "x" * 60_000,
}
REQUESTS = {
    **{f"body: {name}": (request(body=body), status) for name, (body, status) in BODIES.items()},
    **{f"type: {name}": (request(f"/actions/{each}", method="GET"), 404) for name, each in TYPES.items()},
    "schema of a path": (request("/actions/..%2f..%2fetc/schema", method="GET"), 404),
    "page of a script": (request("/docs/%3Cscript%3E", method="GET"), 404),
    "another content type": (request(body=b"<a/>", headers=("content-type: application/xml",)), 415),
    "a form": (request(body=b"a=1", headers=("content-type: application/x-www-form-urlencoded",)), 415),
    "a content type of 30 kB": (request(body=b"{}", headers=(f"content-type: {'x' * 30_000}",)), 415),
    "1.2 MB in chunks": (chunked(b"x" * 65_536, 19), 413),
    "chunks of a byte": (chunked(b"x", 2_000), 400),
    "10,000 parameters": (request(f"/actions?{'&'.join(['a=1'] * 10_000)}", method="GET"), 400),
    "10,000 parameters of an action": (request(f"/actions/log?{'&'.join(['a=1'] * 10_000)}", method="GET"), 400),
    "a mode of 60 kB": (request(f"/actions?execution_mode={'x' * 60_000}", method="GET"), 422),
    "a version of 60 kB": (request(f"/actions/log?version={'x' * 60_000}", method="GET"), 404),
    "an unknown method": (request("/actions", method="BREW"), 405),
}
ODD_HEADS = {
    "a path of 100 kB": request("/actions/" + "x" * 100_000, method="GET"),
    "a query of 1 MB": request("/actions?q=" + "x" * 1_000_000, method="GET"),
    "20,000 headers": request("/actions", method="GET", headers=tuple(f"x-{n}: 1" for n in range(20_000))),
    "a header of 1 MB": request("/actions", method="GET", headers=(f"x-long: {'x' * 1_000_000}",)),
    "no HTTP": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
    "a raw NUL": b"GET /actions/\0 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "two lengths": b"POST /actions/validate HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    "a length below 0": b"POST /actions/validate HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    "a broken chunk": b"POST /actions/validate HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}
"""Refused below the application, in HTTP's own terms."""
HEAVY = [name for name, (sent, _) in REQUESTS.items() if len(sent) > 20_000]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_bad_request_is_a_problem(server: Server, name: str, record_property: Record) -> None:
    sent, status = REQUESTS[name]

    answer = exchange(server, sent)

    record_property("milliseconds", answer.seconds * 1000)
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert (problem["status"], bool(problem["detail"])) == (status, True)
    assert len(answer.body) < 1000, "what was sent is not sent back"
    assert "set-cookie" not in answer.headers
    assert answer.seconds < 10


@pytest.mark.parametrize("name", ODD_HEADS)
def test_a_malformed_head_is_refused(server: Server, name: str, record_property: Record) -> None:
    answer = exchange(server, ODD_HEADS[name])

    record_property("milliseconds", answer.seconds * 1000)
    assert 400 <= answer.status < 500
    assert answer.seconds < 10
    assert server.get("/health")["status"] == "healthy"


@pytest.mark.parametrize(
    "query",
    ["q=" + "x" * 60_000, "q=" + "a+" * 30_000, "category=%00", "service=%ff", "q=%ud800", "broken=" + "&" * 99],
)
def test_an_odd_query_finds_what_it_finds(server: Server, query: str, record_property: Record) -> None:
    answer = exchange(server, request(f"/actions?{query}", method="GET"))

    record_property("milliseconds", answer.seconds * 1000)
    assert answer.status == 200
    assert answer.seconds < 10


@pytest.mark.parametrize("number", ["9" * 4000, "1e308", "-0", "1e-999", "0.1e1"])
def test_an_odd_number_is_judged(server: Server, number: str) -> None:
    answer = exchange(server, request(body=validation(f'{{"duration_seconds": {number}}}', "delay")))

    assert answer.status == 200
    assert json.loads(answer.body).keys() == {"valid", "errors", "problems"}


@pytest.mark.parametrize(
    "sent",
    [
        validation(f'{{"branches": [{",".join(["{}"] * 4_900)}]}}', "conditional"),
        validation(f'{{"branches": [{",".join([BRANCH] * 1_200)}]}}', "conditional"),
        validation(f"{{{','.join(KEYS.split(',')[:1_000])}}}"),
        validation(f'{{"message": "{"{{" * 500_000}"}}'),
    ],
    ids=["empty branches", "branches", "unknown params", "braces"],
)
def test_as_much_as_a_body_may_hold_is_judged(server: Server, sent: bytes, record_property: Record) -> None:
    answer = exchange(server, request(body=sent))

    record_property("milliseconds", answer.seconds * 1000)
    assert answer.status == 200
    assert answer.seconds < 10


def test_those_who_are_slow_keep_nobody_waiting(server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    try:
        for index, connection in enumerate(slow):
            whole = request(body=validation("{}"))
            connection.sendall(whole[:20] if index % 2 else whole[:-3])
        answer = exchange(server, request("/actions", method="GET"))
        assert answer.status == 200
        assert answer.seconds < 10
        slow[0].sendall(request(body=validation("{}"))[-3:])
        assert slow[0].recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in slow:
            connection.close()


def test_memory_does_not_grow(server: Server) -> None:
    def round_of_everything_heavy() -> None:
        for name in HEAVY:
            exchange(server, REQUESTS[name][0])
        for sent in ODD_HEADS.values():
            exchange(server, sent)

    for _ in range(5):
        round_of_everything_heavy()
    before = resident_mib(server)
    for number in range(20):
        round_of_everything_heavy()
        exchange(server, request(f"/actions/{number}", method=f"METHOD{number}"))

    assert resident_mib(server) - before < 30
    assert b"METHOD" not in exchange(server, request("/metrics", method="GET")).body


def resident_mib(server: Server) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


def test_nothing_of_this_was_a_fault_of_the_server(server: Server) -> None:
    assert server.get("/health")["status"] == "healthy"
    assert not [line for line in server.said if "Traceback" in line or "request_failed" in line]
