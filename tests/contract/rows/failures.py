"""The ways in which one call to a service fails."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.contract.table import Exchange, Row


def failures(
    row: Row, call: Exchange, doing: str, outputs: Callable[[str], Mapping[str, Any]], *, only_reads: bool = False
) -> Iterator[Row]:
    """Return a row for each way in which a call fails.

    `row` has what all have in common, and the calls before; `outputs` makes the outputs of the message, which begins
    with what was `doing`. A call that only reads has no effect.
    """

    def failing(path: str, reason: str, had_effect: bool, **how: Any) -> Row:
        error = f"{doing}: {call.service} {reason}"
        had_effect = had_effect and not only_reads
        path = f"{path}: {call.method} {call.path}"
        return replace(row, path=path, outputs=outputs(error), error=error, had_effect=had_effect, **how)

    def answered(status: int, answer: Any = None, seconds: float = 0) -> tuple[Exchange, ...]:
        return (*row.exchanges, replace(call, status=status, answer=answer, seconds=seconds))

    if call.service not in {each.service for each in row.exchanges}:
        reason = "cannot be reached: All connection attempts failed"
        yield failing("the service cannot be reached", reason, False, unreachable=(call.service,))
    late = answered(200, seconds=1)
    yield failing("the service is silent", "did not answer within 0.3 seconds", True, patience=0.3, exchanges=late)
    refused = answered(403, {"message": "not yours"})
    yield failing("the service refuses", "answered 403: not yours", False, exchanges=refused)
    broken = answered(500, {"detail": "out of memory"})
    yield failing("the service breaks", "answered 500: out of memory", True, exchanges=broken)
    in_body = answered(200, {"code": 409, "message": "busy"})
    yield failing("the service refuses in its answer", "answered 409: busy", False, exchanges=in_body)
