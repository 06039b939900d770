"""Development: an answer that the OpenAPI document does not describe is a fault, and so is a wrong request answered."""

from collections.abc import Callable

import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bud_server.contract.adapters import CheckedRequest, CheckedResponse, request_of, response_of
from bud_server.contract.contract import Contract
from bud_server.http.problem_details import problem_response
from bud_server.log import log


class Strict:
    """ASGI middleware that answers 500 where the server and its document disagree, naming the difference.

    JSON is looked at as a whole; of pages and streams, only status and content type are.
    """

    def __init__(self, app: ASGIApp, contract: Callable[[Scope], Contract]) -> None:
        self._app = app
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and hold it and its answer to the document."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with anyio.CancelScope() as running:
            exchange = _Exchange(self._contract(scope), scope, receive, send, running)
            await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, contract: Contract, scope: Scope, receive: Receive, send: Send, running: anyio.CancelScope
    ) -> None:
        self._contract = contract
        self._scope = scope
        self._receive = receive
        self._send = send
        self._running = running
        self._asked = bytearray()
        self._held: Message | None = None
        """The start of an answer whose JSON is being collected."""
        self._answered = bytearray()

    async def receive(self) -> Message:
        """Pass on a part of the request's body, and keep it."""
        message = await self._receive()
        self._asked += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the document describes."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._held is None:
            await self._send(message)
        else:
            self._answered += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._held)

    async def _begin(self, start: Message) -> None:
        response = response_of(start, b"")
        if response.status_code == 404 and "route" not in self._scope:
            await self._send(start)  # there is no such path, and the document need not say so
            return
        difference = self._contract.of_head(self._request(), response) or self._of_request(response)
        if difference:
            await self._refuse(difference)
        elif self._scope["method"] != "HEAD" and _is_json(response):
            self._held = start
        else:
            await self._send(start)

    async def _finish(self, start: Message) -> None:
        body = bytes(self._answered)
        difference = self._contract.of_response(self._request(), response_of(start, body))
        if difference:
            await self._refuse(f"the answer {start['status']} is not as described: {difference}")
        else:
            await self._send(start)
            await self._send({"type": "http.response.body", "body": body})

    def _of_request(self, response: CheckedResponse) -> str | None:
        """Return what the document forbids about a request that was answered all the same."""
        if response.status_code >= 300:
            return None
        difference = self._contract.of_request(self._request())
        return f"answered {response.status_code}, but the request is forbidden: {difference}" if difference else None

    def _request(self) -> CheckedRequest:
        return request_of(self._scope, bytes(self._asked))

    async def _refuse(self, difference: str) -> None:
        """Answer with the difference, and end what the application is doing."""
        operation = f"{self._scope['method']} {self._scope['path']}"
        log().error("contract_broken", operation=operation, difference=difference)
        detail = f"{operation} and the OpenAPI document disagree: {difference}"
        await problem_response(500, detail)(self._scope, self._receive, self._send)
        self._running.cancel()
        await anyio.lowlevel.checkpoint()  # where the application is left


def _is_json(response: CheckedResponse) -> bool:
    return response.status_code != 304 and response.content_type.partition(";")[0].endswith(("/json", "+json"))
