"""What an event names: found by rules that are data, so that a new sender needs no code."""

from collections.abc import Iterable, Mapping
from typing import Any

POINTERS = (
    "/workflow_id",
    "/payload/workflow_id",
    "/notification_metadata/workflow_id",
    "/payload/content/result/workflow_id",
    "/callback_token",
)
"""Where senders put the id of the work an event is about (RFC 6901), in the order in which they are tried."""
LONGEST_KEY = 500


def keys_of(body: Any, pointers: Iterable[str] = POINTERS) -> tuple[str, ...]:
    """Return all keys that an event names, in the order of the pointers, each once.

    They are looked for in the event and, if it has one, in its `data`.
    """
    documents = [body]
    if isinstance(body, Mapping) and isinstance(body.get("data"), Mapping):
        documents.append(body["data"])
    found = [_at(document, pointer) for pointer in pointers for document in documents]
    texts = [str(value) for value in found if isinstance(value, str | int) and not isinstance(value, bool)]
    return tuple(dict.fromkeys(text for text in texts if 0 < len(text) <= LONGEST_KEY))


def _at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if not isinstance(document, Mapping):
            return None
        document = document.get(token.replace("~1", "/").replace("~0", "~"))
    return document
