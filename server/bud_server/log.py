"""Log lines on standard error, one event each: as text for people, or as JSON for programs.

All lines are written here: those of `log()`, which is structlog; those of libraries; and those that come with every
request or before anything else, for which structlog, whose import takes 0.1 s, is too much.
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

Form = Literal["text", "json"]


@cache
def log() -> Any:
    """Return the structlog logger of the server."""
    import structlog

    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Output(),
    )
    return structlog.get_logger("bud_server")


def write_logs_as(form: Form) -> None:
    """Have lines written as `text` or `json` from now on, those of uvicorn and warnings of other libraries too."""
    global _form
    _form = form
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.INFO)


def write_line(level: str, event: str, facts: Mapping[str, object]) -> None:
    """Write one line at once, without structlog."""
    sys.stderr.write(f"{_line(level, event, facts)}\n")


_form: Form = "text"
_COLORS = {"info": "32", "warning": "33", "error": "31", "critical": "31"}
_to_json = json.JSONEncoder(ensure_ascii=False, default=repr).encode


class _Output:
    """Where structlog's lines go: to what is standard error at the time."""

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = msg


class _Formatter(logging.Formatter):
    """Writes what libraries log as all other lines."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {"logger": record.name}
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return _line(record.levelname.lower(), record.getMessage(), facts)


def _rendered(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return _line(event.pop("level"), event.pop("event"), event)


def _line(level: str, event: str, facts: Mapping[str, object]) -> str:
    timestamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if _form == "json":
        return _to_json({"timestamp": timestamp, "level": level, "event": event, **facts})
    shown = f"{level:<7}"
    if sys.stderr.isatty():
        shown = f"\033[{_COLORS.get(level, '0')}m{shown}\033[0m"
    members = [f"{name}={_text(value)}" for name, value in facts.items() if name != "exception"]
    exception = [f"\n{facts['exception']}"] if "exception" in facts else []
    return " ".join([timestamp, shown, event, *members]) + "".join(exception)


def _text(value: object) -> str:
    """Return a value as it is if that is one printable word, else as JSON: no line can be forged."""
    text = str(value)
    return (
        text if text.isprintable() and not text.isspace() and " " not in text and '"' not in text else _to_json(value)
    )
