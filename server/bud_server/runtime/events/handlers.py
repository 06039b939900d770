"""What the routes of events answer. None of them answers well before the event is committed."""

import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bud_server.auth.identity import NOBODY
from bud_server.auth.permissions import require
from bud_server.http.body import RefusedError, check_is_json, parse_json, read_bytes
from bud_server.runtime import queries
from bud_server.runtime.answers import moment, shown
from bud_server.runtime.calls import Call, is_id, json_response
from bud_server.runtime.engine import NotFoundError
from bud_server.runtime.events.inbox import Event, Received
from bud_server.runtime.events.incoming import event_of
from bud_server.runtime.events.matching import who_waits
from bud_server.runtime.events.signature import HEADER, why_not_signed
from bud_server.runtime.identifiers import new_id
from bud_server.runtime.preparation import KEY_PREFIX, callback_token
from bud_server.runtime.store.database import Transaction
from bud_server.runtime.store.tables import events

SEND, READ, DELIVER = "event:send", "event:read", "event:deliver"
"""The permissions to send events, to look at all of them, and to hand one to a step."""
_TOKEN = re.compile(r"[0-9a-f]{64}")


async def send(call: Call) -> Response:
    """Take an event from somebody with a credential, or with a signature."""
    check_is_json(call.request)
    content = await read_bytes(call.request, call.settings.largest_body_bytes)
    if call.subject is NOBODY:
        _check_signature(call, content)
    else:
        require(call.subject, [SEND])
    body = call.checked(parse_json(content))
    received = await _received(call, body, "api")
    return json_response(_received_document(received), 202)


def _check_signature(call: Call, content: bytes) -> None:
    header = call.header(HEADER) or ""
    fault = why_not_signed(call.settings.event_secret, header, content, time.time())
    if fault is not None:
        raise HTTPException(401, fault, {"WWW-Authenticate": 'Bearer realm="bud"'})


async def deliver_published(call: Call) -> Response:
    """Take an event that Dapr delivers from the topic."""
    token, expected = call.request.headers.get("dapr-api-token", ""), call.settings.app_api_token
    if expected is None or not hmac.compare_digest(token.encode("latin-1"), expected.encode()):
        why = "not configured: set app_api_token (BUD_APP_API_TOKEN)" if expected is None else "wrong"
        raise RefusedError(403, f"The token of internal calls is {why}")
    content = await read_bytes(call.request, call.settings.largest_body_bytes)
    body = parse_json(content)
    if not isinstance(body, dict):
        raise RefusedError(400, "The body must be a JSON object")
    received = await _received(call, body, "dapr")
    is_routed = received.state in ("matched", "duplicate")
    return json_response({"status": "SUCCESS", "routed": is_routed, "step_completed": False, "triggers": None})


async def call_back(call: Call) -> Response:
    """Take an event from whoever was told a step's token."""
    token = call.part("token")
    if not _TOKEN.fullmatch(token) or not await call.read(lambda on: _is_known(call, on, token)):
        raise RefusedError(404, "No step waits for this callback")
    body = await call.body_if_any()
    sent = event_of(body, default_source="callback", sent_id=_sent_id(call), settings_keys=())
    event = Event(f"callback:{token[:16]}", sent.event_id, sent.type, body, (KEY_PREFIX + token,))
    received = await call.committed(lambda: call.runtime.inbox.receive(event))
    return json_response({"id": received.id, "state": received.state}, 202)


def _is_known(call: Call, on: Transaction, token: str) -> bool:
    """Whether a step waits, or waited, for a token, or is being run and may come to wait for it."""
    if who_waits(on.connection, [KEY_PREFIX + token]):
        return True
    running = queries.running_attempts(on)
    made = (callback_token(call.runtime.callback_secret, *each) for each in running)
    return any(hmac.compare_digest(each, token) for each in made)


async def _received(call: Call, body: Mapping[str, Any], default_source: str) -> Received:
    keys = call.settings.event_keys
    body = _enveloped(call, body)
    event = event_of(body, default_source=default_source, sent_id=_sent_id(call), settings_keys=keys)
    return await call.committed(lambda: call.runtime.inbox.receive(event))


def _enveloped(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a CloudEvent sent in binary mode, whose attributes are headers, as one in its JSON form."""
    attributes = {name: call.header(f"ce-{name}") for name in ("specversion", "id", "source", "type")}
    if None in attributes.values():
        return body
    return {**attributes, "data": body}


def _sent_id(call: Call) -> str:
    return call.header("idempotency-key") or call.header("x-event-id") or new_id()


def _received_document(received: Received) -> dict[str, Any]:
    return {
        "id": received.id,
        "state": received.state,
        "execution_id": received.execution_id,
        "step_id": received.step_id,
        "attempt": received.attempt,
    }


async def list_all(call: Call) -> Response:
    """List the inbox, newest first."""
    require(call.subject, [READ])
    asked = call.query()
    found = select(events).order_by(events.c.id.desc()).limit(asked["limit"] + 1)
    if asked["state"] is not None:
        found = found.where(events.c.state == asked["state"])
    if asked["after"] is not None:
        found = found.where(events.c.id < asked["after"])
    rows = await call.read(lambda on: on.connection.execute(found).all())
    listed = rows[: asked["limit"]]
    following = listed[-1].id if len(rows) > len(listed) else None
    return json_response({"events": [event_document(row) for row in listed], "next": following})


async def get(call: Call) -> Response:
    """Return one event, with its body."""
    require(call.subject, [READ])
    row = await _row(call)
    return json_response({**event_document(row), "body": shown(json.loads(row.body))})


async def deliver(call: Call) -> Response:
    """Hand an event to a step, as a person says."""
    require(call.subject, [DELIVER])
    body = await call.body()
    row = await _row(call)
    execution_id, step_id = body["execution_id"], body["step_id"]
    if not is_id(execution_id):
        raise NotFoundError(f"Execution {execution_id[:100]} not found")
    received = await call.committed(lambda: call.runtime.inbox.deliver(row.id, execution_id, step_id))
    return json_response(_received_document(received), 202)


async def _row(call: Call) -> Row[Any]:
    event_id = call.part("event_id")
    by_id = select(events).where(events.c.id == event_id)
    row = await call.read(lambda on: on.connection.execute(by_id).first()) if is_id(event_id) else None
    if row is None:
        raise RefusedError(404, f"Event {event_id[:100]} not found")
    return row


def event_document(row: Row[Any]) -> dict[str, Any]:
    """Return an event of the inbox, without its body."""
    return {
        "id": row.id,
        "source": row.source,
        "event_id": row.event_id,
        "type": row.type,
        "state": row.state,
        "verdict": row.verdict,
        "duplicate_of": row.duplicate_of,
        "execution_id": row.execution_id,
        "step_id": row.step_id,
        "attempt": row.attempt,
        "tries": row.tries,
        "received_at": moment(row.received_at),
        "handled_at": moment(row.handled_at),
    }
