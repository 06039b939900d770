"""The routes of events; what they answer is imported when it is first needed."""

from types import ModuleType

from starlette.routing import Route

from bud_server.runtime.calls import MOUNTS, Calls


def event_routes(calls: Calls) -> list[Route]:
    """Return the routes of events: those for people under every mount, those for machines at the root."""
    return [
        *(route for prefix in MOUNTS for route in _routes(prefix, calls)),
        calls.route("/workflow-events", POST=lambda: _handlers().deliver_published),
        calls.route("/callbacks/{token}", POST=lambda: _handlers().call_back),
    ]


def _routes(prefix: str, calls: Calls) -> list[Route]:
    return [
        calls.route(f"{prefix}/events", POST=lambda: _handlers().send, GET=lambda: _handlers().list_all),
        calls.route(f"{prefix}/events/{{event_id}}", GET=lambda: _handlers().get),
        calls.route(f"{prefix}/events/{{event_id}}/deliver", POST=lambda: _handlers().deliver),
    ]


def _handlers() -> ModuleType:
    from bud_server.runtime.events import handlers

    return handlers
