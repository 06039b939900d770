"""What happens at sockets: a canary that listens inside, connections that are attempted, and a resolver that lies."""

import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

_attempts: list[Any] | None = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _attempts is not None and event == "socket.connect":
        _attempts.append(arguments[1])


sys.addaudithook(_hear)


@contextmanager
def attempts() -> Iterator[list[Any]]:
    """Yield the addresses to which anything in this process tries to connect meanwhile."""
    global _attempts
    heard: list[Any] = []
    _attempts = heard
    try:
        yield heard
    finally:
        _attempts = None


class Canary:
    """Listens on one port of every address of this machine, and accepts nothing."""

    def __init__(self) -> None:
        self._sockets = [socket.create_server(("0.0.0.0", 0))]
        self.port: int = self._sockets[0].getsockname()[1]
        if socket.has_ipv6:
            self._sockets.append(socket.create_server(("::", self.port), family=socket.AF_INET6))
        for each in self._sockets:
            each.setblocking(False)

    def connections(self) -> int:
        """Return how many connections have arrived since this was last asked."""
        return sum(self._taken(each) for each in self._sockets)

    def _taken(self, listening: socket.socket) -> int:
        taken = 0
        while True:
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return taken
            connection.close()
            taken += 1

    def close(self) -> None:
        """Stop."""
        for each in self._sockets:
            each.close()


class Resolver:
    """Answers for some names as told, each answer once and the last one for ever; knows no other names."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(each) for name, each in answers.items()}
        self._system = socket.getaddrinfo
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        """Answer as `socket.getaddrinfo` does."""
        self.asked.append(host)
        if host not in self._answers:
            return list(self._system(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        answers = self._answers[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [_entry(address, port) for address in found]


def _entry(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


def resolving(monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Sequence[Sequence[str]]]) -> Resolver:
    """Have this process look names up at a resolver of its own."""
    resolver = Resolver(answers)
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    return resolver
