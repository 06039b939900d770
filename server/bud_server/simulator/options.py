"""How the simulator behaves."""

from dataclasses import dataclass, field

HOST = "127.0.0.1"
"""It serves this machine only: it asks nobody for a credential."""
PORT = 8020
SPEED = 20.0
EVENTS = "http://127.0.0.1:8010/workflow-events"
TOKEN = "simulator"  # noqa: S105 - between two processes of one machine
"""What events are sent with unless the settings have a token."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that can be chosen."""

    events: str = EVENTS
    """Where events are posted: `/workflow-events` of a pipeline server."""
    token: str = field(default=TOKEN, repr=False)
    """What they are sent with, as the header dapr-api-token; empty for none."""
    speed: float = SPEED
    """How many times faster than real work is done."""
    seed: int | None = None
    """What chance and all ids come from; None for another one each time, as a database that knows the old ids needs."""
    failures: float = 0
    """Share of the work and of the calls that fail, from 0 to 1."""
    duplicates: float = 0
    """Share of the work whose events all come twice."""
    early: float = 0
    """Share of the work whose events come before the call that started it is answered."""
    lost: float = 0
    """Share of the calls whose connection breaks instead of being answered, once they have had their effect."""


def settings_for(port: int, token: str) -> dict[str, str]:
    """Return the variables with which `bud serve` and `bud run` use the simulator."""
    base = f"http://{HOST}:{port}"
    services = ("budapp", "budcluster", "budsim", "budnotify")
    return {
        "BUD_SERVICES": ",".join(f"{name}={base}/{name}" for name in services),
        "BUD_TOPICS": f"notificationMessages={base}/budnotify/topics/notificationMessages",
        "BUD_APP_API_TOKEN": token,
        "BUD_ALLOWED_HOSTS": HOST,
    }
