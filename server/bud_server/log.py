"""Structured log lines. Their library is imported for the first one: a start does not need its 50 ms."""

import logging
from functools import cache
from typing import Any


@cache
def log() -> Any:
    """Return the structlog logger of the server."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if _form == "json" else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return structlog.get_logger("bud_server")


_form = "text"


def write_logs_as(form: str) -> None:
    """Have lines written as `text` for people, or as `json` for programs; call it before the first one."""
    global _form
    _form = form
    log.cache_clear()
