"""The runtime of one process, put together."""

import hashlib
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bud_actions.base import BaseActionExecutor
from bud_server.catalog.served import ServedCatalog
from bud_server.outside import Outside
from bud_server.pipelines.pins import pin_saved
from bud_server.runtime.engine import Engine
from bud_server.runtime.events.inbox import Inbox
from bud_server.runtime.executions import Executions
from bud_server.runtime.following import Followers
from bud_server.runtime.outbox.courier import Courier
from bud_server.runtime.outbox.topics import Topics
from bud_server.runtime.planning import PlanStore
from bud_server.runtime.preparation import Preparation
from bud_server.runtime.presence import Presence
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.migrate import upgrade
from bud_server.runtime.ticker import Ticker
from bud_server.runtime.worker import Worker
from bud_server.settings import Settings


class Runtime:
    """Accepts executions and, if it has a worker, moves them on."""

    def __init__(
        self,
        settings: Settings,
        catalog: Callable[[], ServedCatalog],
        executor_of: Callable[[str], BaseActionExecutor],
        *,
        has_worker: bool = True,
    ) -> None:
        """Prepare; nothing is opened yet. Raises DatabaseError or SecretsError if the settings do not do."""
        self._catalog = catalog
        self.database = Database(settings.database)
        self.secrets = Secrets(settings.secret_key)
        self.plans = PlanStore(self.database, self.secrets)
        outside = Outside.of(settings)
        self.worker: Worker | None = None
        key = settings.secret_key
        self.callback_secret = os.urandom(32) if key is None else hashlib.sha256(key.encode()).digest()
        """What tokens of callbacks are made with; without a key, other processes cannot make the same."""
        if has_worker:
            reach = outside.reach()
            preparation = Preparation(
                catalog,
                executor_of,
                self.secrets,
                reach,
                outside.addresses(),
                self.callback_secret,
                settings.public_url or "",
            )
            self.worker = Worker(preparation, self.secrets, outside, reach, settings.worker_capacity)
        self.engine = Engine(self.database, self.plans, self.worker)
        self.inbox = Inbox(self.engine)
        self.followers = Followers(self.engine)
        self.executions = Executions(self.engine, self.plans, self.secrets, catalog)
        self._ticker = Ticker(self.engine)
        self._courier = Courier(self.engine, Topics(outside.reach()))
        self._presence = None
        if self.worker is not None:
            self.worker.engine = self.engine
            self._presence = Presence(self.engine, self.inbox, self.worker, settings.lease_seconds)
        self._close_seconds = settings.shutdown_seconds

    def start(self) -> None:
        """Bring the schema up to date and begin. Raises DatabaseError."""
        upgrade(self.database)
        self.database.start()
        pin_saved(self.database, self._catalog(), self.secrets)
        if self.worker is not None and self._presence is not None:
            self.worker.start()
            self._presence.start()
            self._ticker.start()
            self._courier.start()

    def close(self, seconds: float | None = None) -> None:
        """Let what is under way end for a while, as the settings say or so long, and leave the rest to others."""
        if self.worker is not None and self._presence is not None:
            self._ticker.close()
            self.worker.close(self._close_seconds if seconds is None else seconds)
            self._presence.close()
            self._courier.close()
        self.database.close()

    @property
    def is_alive(self) -> bool:
        """Whether its worker, if it has one, can do anything."""
        return self.worker is None or self.worker.is_alive

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
