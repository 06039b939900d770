"""Delivery of events to a pipeline server, as Dapr does it: again and again until they are taken."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from bud_server.http.json_text import json_bytes
from bud_server.log import write_line

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between attempts; each pause is twice the one before."""
ATTEMPTS = 300
TIMEOUT = 10.0


class Sender(Protocol):
    """Takes events that are to be delivered."""

    async def send(self, event: Mapping[str, Any]) -> None:
        """Return once an event is taken, or given up."""


class EventPoster:
    """Posts events to a URL."""

    def __init__(self, url: str, token: str) -> None:
        import httpx2

        headers = {"content-type": "application/cloudevents+json"} | ({"dapr-api-token": token} if token else {})
        self._url = url
        self._client = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def send(self, event: Mapping[str, Any]) -> None:
        """Return once an event is taken; one that is refused, or that nobody takes for minutes, is given up."""
        pause = FIRST_PAUSE
        why = ""
        for _ in range(ATTEMPTS):
            status, why = await self._post(json_bytes(event))
            if status is not None and status < 500:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        if why:
            write_line("warning", "event_given_up", {"event": event["id"], "url": self._url, "why": why})

    async def _post(self, body: bytes) -> tuple[int | None, str]:
        """Return the status of the answer, None without one, and why the event was not taken."""
        import httpx2

        try:
            response = await self._client.post(self._url, content=body)
        except httpx2.HTTPError as error:
            return None, f"no answer: {type(error).__name__}"
        return response.status_code, "" if response.is_success else f"answered {response.status_code}: {response.text}"
