"""The runtime as the server sees it: it starts beside the catalog, and those who need it wait until it runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bud_server.log import log
from bud_server.settings import SettingsError

if TYPE_CHECKING:
    from bud_server.runtime.runtime import Runtime

START_SECONDS = 20.0
"""How long a request waits for the start."""
RETRY_AFTER = {"Retry-After": "5"}
"""What goes with a 503."""


class Gate:
    """Starts the runtime in a thread, as its imports and its database take time, and closes it in the end."""

    def __init__(self, make: "Callable[[], Runtime] | None" = None) -> None:
        self._make = make
        self._starting: asyncio.Future[Runtime] | None = None
        self.running: Runtime | None = None
        """The runtime, once it has started and until it is closed."""
        self.error: Exception | None = None
        """Why it could not start: a SettingsError, if other settings would do."""
        self.on_error: Callable[[], None] = lambda: None
        """Called in the event loop once `error` is known."""

    @property
    def is_expected(self) -> bool:
        """Whether there is, or should be, a runtime."""
        return self._make is not None

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Run for as long as the server does, beginning behind it."""
        if self._make is None:
            yield
            return
        self._starting = asyncio.ensure_future(asyncio.to_thread(_started, self._make))
        self._starting.add_done_callback(self._note)
        try:
            yield
        finally:
            await asyncio.wait([self._starting])
            runtime, self.running = self.running, None
            if runtime is not None:
                await asyncio.to_thread(runtime.close)

    def _note(self, starting: "asyncio.Future[Runtime]") -> None:
        error = starting.exception()
        if error is None:
            self.running = starting.result()
        elif isinstance(error, Exception):
            self.error = error
            log().error("runtime_not_started", reason=str(error))
            self.on_error()

    async def runtime(self) -> "Runtime":
        """Return the runtime once it runs. Raises HTTPException if it does not, or not soon."""
        if self.running is not None:
            return self.running
        if self._starting is None:
            raise HTTPException(503, "This server answers for the catalog only; it runs no pipelines", RETRY_AFTER)
        await asyncio.wait([self._starting], timeout=START_SECONDS)
        if self.running is None:
            raise HTTPException(503, "The runtime has not started; try again later", RETRY_AFTER)
        return self.running


def _started(make: "Callable[[], Runtime]") -> "Runtime":
    """Make and start a runtime. Raises SettingsError if its settings do not do."""
    from bud_server.runtime.secrets import SecretsError
    from bud_server.runtime.store.database import DatabaseError

    log()  # the runtime's own lines are written as ours
    try:
        runtime = make()
        try:
            runtime.start()
        except BaseException:
            runtime.database.close()
            raise
    except (DatabaseError, SecretsError) as error:
        raise SettingsError(str(error)) from error
    except OSError as error:
        raise SettingsError(f"the runtime cannot start: {error}; choose another database (BUD_DATABASE)") from error
    return runtime
