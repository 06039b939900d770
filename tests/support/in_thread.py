"""An application served over real HTTP from a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.server import wait_until


class InThread:
    """One server on a free port."""

    def __init__(self, app: ASGIApp, log_level: str = "critical") -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level=log_level))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve meanwhile."""
        self._thread.start()
        wait_until(lambda: self._server.started)
        try:
            yield
        finally:
            self._server.should_exit = True
            self._thread.join(10)
