"""Server-sent events."""

from sse_starlette.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send


class EventStream(EventSourceResponse):
    """A stream of events that has an end, also where the server stops before the listener goes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the events end, the listener goes or the server stops."""
        await super().__call__(scope, receive, send)
        if self.active and scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
