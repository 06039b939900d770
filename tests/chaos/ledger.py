"""What really happened: effects, written to a file outside the engine by the actions themselves."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

VARIABLE = "BUD_TEST_LEDGER"


class Effect(NamedTuple):
    """One effect of one action."""

    kind: str
    key: str
    """The attempt's idempotency key: execution and step."""
    attempt: int


def write(kind: str, key: str, attempt: int) -> None:
    """Add an effect; it is on disk when this returns."""
    line = json.dumps([kind, key, attempt]).encode() + b"\n"
    descriptor = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def read(path: str | Path | None = None) -> list[Effect]:
    """Return all effects so far."""
    where = Path(path or os.environ[VARIABLE])
    lines: list[list[Any]] = [json.loads(line) for line in where.read_text().splitlines()] if where.exists() else []
    return [Effect(*line) for line in lines]
