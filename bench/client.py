"""A load generator: some connections kept alive, one request at a time on each, its bytes made once."""

import re
import selectors
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from socket import create_connection, socket
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_BUFFER_BYTES = 4 * 2**20
_NO_HEADERS: Mapping[str, str] = {}


class Answer(NamedTuple):
    """What came back for one request."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def size(self) -> int:
        """Bytes of head and body on the wire."""
        return len(self.head) + len(_END_OF_HEAD) + len(self.body)


def request(path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS) -> bytes:
    """Return the bytes of a GET, or of a POST if there is a JSON body."""
    of_body = {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
    lines = [f"{name}: {value}" for name, value in {"Host": "localhost", **headers, **of_body}.items()]
    return "\r\n".join([f"{'POST' if body else 'GET'} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def header(answer: Answer, name: str) -> str:
    """Return the value of a header. Raises KeyError if there is none."""
    lines = (line.partition(b":") for line in answer.head.splitlines()[1:])
    return {key.strip().lower().decode(): value.strip().decode() for key, _, value in lines}[name]


def ask(port: int, asked: bytes) -> Answer:
    """Send one request and return its answer. Raises ConnectionError if the server closes the connection."""
    with create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(asked)
        received = bytearray()
        while (answer := _whole(received)) is None:
            chunk = connection.recv(_BUFFER_BYTES)
            if not chunk:
                raise ConnectionError(f"the server closed the connection after {len(received)} bytes")
            received += chunk
    return answer


def _whole(received: bytearray) -> Answer | None:
    """Return an answer, or None while some of it is missing."""
    head, end, body = received.partition(_END_OF_HEAD)
    length = _LENGTH.search(head)
    is_whole = bool(end) and len(body) >= (int(length[1]) if length else 0)
    return Answer(bytes(head), bytes(body)) if is_whole else None


def seconds_an_answer(port: int, asked: bytes, connections: int, seconds: float) -> float:
    """Ask the same again and again for some seconds, on all connections at once, and return the seconds per answer.

    Raises ConnectionError if an answer has not the length of the first one.
    """
    size = ask(port, asked).size
    with ExitStack() as stack:
        opened = [stack.enter_context(create_connection(("127.0.0.1", port))) for _ in range(connections)]
        started = time.perf_counter()
        for connection in opened:
            connection.sendall(asked)
        answers = 0
        for connection in _answered(opened, size):
            answers += 1
            if time.perf_counter() - started >= seconds:
                break
            connection.sendall(asked)
        return (time.perf_counter() - started) / answers


def _answered(connections: Iterable[socket], size: int) -> Iterable[socket]:
    """Yield each connection whenever it has received as many bytes as an answer has."""
    buffer = bytearray(_BUFFER_BYTES)
    missing = dict.fromkeys(connections, size)
    with selectors.DefaultSelector() as selector:
        for connection in missing:
            selector.register(connection, selectors.EVENT_READ, connection)
        while True:
            for connection in [key.data for key, _ in selector.select()]:
                received = connection.recv_into(buffer)
                missing[connection] -= received
                if not received or missing[connection] < 0:
                    raise ConnectionError(f"the answers of {connection.getpeername()} are not all of {size} bytes")
                if missing[connection] == 0:
                    missing[connection] = size
                    yield connection
