"""How the outside is reached, as the settings say: the same in every process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from bud_server.net.outbound import GuardedClient
from bud_server.services.base_urls import BaseUrls
from bud_server.services.dapr import Dapr
from bud_server.services.reach import Reach
from bud_server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that the two doors to the outside need. Can be written as JSON."""

    services: dict[str, str]
    """URLs by name."""
    topics: dict[str, str]
    """URLs by name."""
    dapr_url: str | None
    dapr_api_token: str | None = field(repr=False)
    app_api_token: str | None = field(repr=False)
    pubsub: str
    allowed_hosts: list[str]
    outbound_bytes: int
    outbound_redirects: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what settings say."""
        return cls(
            services=dict(pair.split("=", 1) for pair in settings.services),
            topics=dict(pair.split("=", 1) for pair in settings.topics),
            dapr_url=settings.dapr_url,
            dapr_api_token=settings.dapr_api_token,
            app_api_token=settings.app_api_token,
            pubsub=settings.pubsub,
            allowed_hosts=list(settings.allowed_hosts),
            outbound_bytes=settings.outbound_bytes,
            outbound_redirects=settings.outbound_redirects,
        )

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return what another process wrote."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def reach(self) -> Reach:
        """Return a way to services and topics, for one event loop."""
        if self.dapr_url is None:
            return BaseUrls(self.services, self.topics)
        return Dapr(self.dapr_url, self.pubsub, self.dapr_api_token, self.app_api_token)

    def addresses(self) -> GuardedClient:
        """Return the guarded way to addresses that pipelines name."""
        return GuardedClient(self.allowed_hosts, self.outbound_bytes, self.outbound_redirects)
