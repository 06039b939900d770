"""budnotify: takes notifications for people, and shows them to nobody."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from bud_server.simulator.desk import Call, Desk

TOPIC = "notificationMessages"


def routes(desk: Desk) -> list[Route]:
    """Return all that budnotify answers, and the topic it listens to."""
    return [
        desk.route("POST", f"/topics/{TOPIC}", take),
        desk.route("GET", "/notifications", list_all),
    ]


def take(call: Call) -> Any:
    """Keep a notification, to be looked at."""
    call.settle("notification", _title(call.body))
    call.world.notifications.append(dict(call.body))
    return {"object": "notification", "message": "ok"}


def _title(notification: Mapping[str, Any]) -> Any:
    payload = notification.get("payload")
    content = payload.get("content") if isinstance(payload, Mapping) else None
    return content.get("title") if isinstance(content, Mapping) else None


def list_all(call: Call) -> Any:
    """Return all notifications, oldest first."""
    return {"object": "notifications.list", "message": "ok", "notifications": call.world.notifications}
