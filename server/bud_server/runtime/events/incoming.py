"""An event as it is sent, read: CloudEvents (structured JSON), or any JSON object."""

from collections.abc import Iterable, Mapping
from typing import Any

from bud_server.http.body import RefusedError
from bud_server.pipelines.definition import definition_digest
from bud_server.runtime.events.inbox import Event
from bud_server.runtime.events.keys import POINTERS, keys_of
from bud_server.runtime.identifiers import new_id
from bud_server.runtime.store.storable import is_storable

LONGEST = 500
"""Characters of an event's id, source and type."""
_ENVELOPE_TYPE = "com.dapr.event.sent"
"""What Dapr writes for an event whose type stands in its data."""


def event_of(
    body: Mapping[str, Any], *, default_source: str, sent_id: str | None, settings_keys: Iterable[str]
) -> Event:
    """Return the event of a body; `sent_id` numbers one that has no id and source of its own.

    Raises RefusedError if a text cannot be kept.
    """
    is_numbered = isinstance(body.get("id"), str) and isinstance(body.get("source"), str)
    source = body["source"] if is_numbered else default_source
    event_id = _own_id(body) if is_numbered else sent_id or new_id()
    event_type = type_of(body)
    for name, text in (("source", source), ("id", event_id), ("type", event_type)):
        if not 0 < len(text) <= LONGEST or not is_storable(text):
            raise RefusedError(422, f"{name} must have 1 to {LONGEST} characters, none NUL or half a pair", f"/{name}")
    keys = tuple(key for key in keys_of(body, pointers_for(source, settings_keys)) if is_storable(key))
    return Event(source, event_id, event_type, body, keys)


def _own_id(body: Mapping[str, Any]) -> str:
    """Return the id of a body that has an id and a source.

    Of a CloudEvent they say whether it is the same event. Elsewhere `id` may be that of what the event is about, so the
    content counts too.
    """
    own: str = body["id"]
    return own if "specversion" in body else f"{own}#{definition_digest(body)[:16]}"


def type_of(body: Mapping[str, Any]) -> str:
    """Return an event's type: its own, or that of what it carries."""
    carried = [body.get("data"), body.get("payload")]
    own = body.get("type")
    types = [None if own == _ENVELOPE_TYPE else own]
    types += [each.get("type") for each in carried if isinstance(each, Mapping)]
    return next((each for each in types if isinstance(each, str) and each), "event")


def pointers_for(source: str, settings_keys: Iterable[str]) -> list[str]:
    """Return where the keys of a source's events stand: first as the settings say."""
    pairs = (each.partition("=") for each in settings_keys)
    return [*(pointer for name, _, pointer in pairs if name == source), *POINTERS]
