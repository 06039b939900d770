"""The outbox itself: messages written in the transaction that they tell of."""

from collections.abc import Iterable

from sqlalchemy import insert

from bud_server.runtime.identifiers import new_id
from bud_server.runtime.outbox.notifications import Notification
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.rows import as_text
from bud_server.runtime.store.tables import outbox


def put(on: Transaction, messages: Iterable[Notification]) -> None:
    """Have messages sent once the transaction is committed."""
    rows = [
        {
            "id": new_id(),
            "topic": each.topic,
            "type": each.type,
            "body": as_text(each.body),
            "tries": 0,
            "due_at": on.now,
        }
        for each in messages
    ]
    if rows:
        on.connection.execute(insert(outbox), rows)
