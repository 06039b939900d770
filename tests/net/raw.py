"""A server that answers with exactly the bytes that it is told."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


class Raw:
    """Answers each connection with the pieces, one after another."""

    def __init__(self, pieces: Iterable[bytes], wait: float, certificate: ssl.SSLContext | None) -> None:
        self.heard: list[bytes] = []
        """All requests, with their bodies."""
        self._pieces, self._wait, self._certificate = pieces, wait, certificate
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._is_closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._is_closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._is_closing:
            try:
                connection, _ = self._socket.accept()
                if self._certificate is not None:
                    connection = self._certificate.wrap_socket(connection, server_side=True)
                with connection:
                    self._answer(connection)
            except OSError:
                continue

    def _answer(self, connection: socket.socket) -> None:
        self.heard.append(_request(connection))
        for piece in self._pieces:
            connection.sendall(piece)
            time.sleep(self._wait)
            if self._is_closing:
                return


def _request(connection: socket.socket) -> bytes:
    heard = b""
    while piece := connection.recv(65536):
        heard += piece
        head, end, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return heard


@contextmanager
def answering(*pieces: bytes, wait: float = 0, certificate: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Serve meanwhile."""
    server = Raw(pieces, wait, certificate)
    server.start()
    try:
        yield server
    finally:
        server.close()
