"""The events of work, as the platform's services publish them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bud_server.simulator.phases import Announcement, Kind

TOPIC = "budpipelineEvents"


def cloud_event(
    kind: Kind, workflow_id: str, number: int, told: Announcement, result: Mapping[str, Any], user_id: str | None
) -> dict[str, Any]:
    """Return one event of some work: a flat CloudEvent, its data beside its attributes."""
    content = {
        "title": told.title,
        "message": told.message,
        "status": told.status,
        kind.result_key: dict(result),
        "primary_action": None,
        "secondary_action": None,
        "icon": None,
        "tag": None,
    }
    return {
        "specversion": "1.0",
        "id": f"{workflow_id}-{number}",
        "source": kind.service,
        "type": kind.event_type,
        "datacontenttype": "application/json",
        "time": datetime.now(UTC).isoformat(),
        "topic": TOPIC,
        "pubsubname": "pubsub",
        "notification_type": "event",
        "name": "bud-notification",
        "subscriber_ids": user_id,
        "payload": {
            "category": "internal",
            "type": kind.type,
            "event": told.event,
            "workflow_id": workflow_id,
            "source": kind.service,
            "content": content,
        },
        "source_topic": ["budAppMessages", TOPIC],
    }
