"""Events that may have been meant for a step, but name something slightly else than it waits for."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import bindparam, select

from bud_server.runtime.answers import moment
from bud_server.runtime.preparation import KEY_PREFIX
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.tables import event_keys, events

MOST_SHOWN = 10
MOST_LOOKED_AT = 500
LEAST_ALIKE = 0.85
"""Share of characters, 0 to 1, from which on two keys count as close."""
SHORTEST = 8
"""Characters from which on a key inside another one is no coincidence."""
_UNMATCHED = (
    select(event_keys.c.key, events.c.id, events.c.source, events.c.type, events.c.received_at)
    .join(events, events.c.id == event_keys.c.event)
    .where(events.c.state == "unmatched")
    .order_by(events.c.id.desc())
    .limit(bindparam("most"))
)


def near_misses(on: Transaction, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Return the newest unmatched events whose keys are close to those that are awaited."""
    awaited = [key for key in keys if not key.startswith(KEY_PREFIX)]
    found: dict[str, dict[str, Any]] = {}
    for document in _near(on, awaited):
        found.setdefault(document["id"], document)
        if len(found) == MOST_SHOWN:
            break
    return list(found.values())


def _near(on: Transaction, awaited: list[str]) -> Iterator[dict[str, Any]]:
    for row in on.connection.execute(_UNMATCHED, {"most": MOST_LOOKED_AT}) if awaited else ():
        key = next((each for each in awaited if is_close(row.key, each)), None)
        if key is not None and not row.key.startswith(KEY_PREFIX):
            yield {
                "id": row.id,
                "source": row.source,
                "type": row.type,
                "received_at": moment(row.received_at),
                "key": row.key,
                "awaited_key": key,
            }


def is_close(key: str, other: str) -> bool:
    """Whether somebody who wrote one key may have meant the other."""
    plain, plain_other = (_plain(each) for each in (key, other))
    if not plain or not plain_other:
        return False
    shorter, longer = sorted((plain, plain_other), key=len)
    if plain == plain_other or (len(shorter) >= SHORTEST and shorter in longer):
        return True
    matcher = difflib.SequenceMatcher(None, plain, plain_other, autojunk=False)
    return matcher.quick_ratio() >= LEAST_ALIKE and matcher.ratio() >= LEAST_ALIKE


def _plain(key: str) -> str:
    return "".join(filter(str.isalnum, key)).casefold()
