"""Trace headers, by which what services do for an execution can be put together (W3C Trace Context)."""

import hashlib
import os
from collections.abc import Mapping


def traced(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with a `traceparent`: one trace per execution, a span per call; ids only.

    The execution is known from the Idempotency-Key, `execution/step`; without one, each call is a trace of its own.
    """
    execution = headers.get("Idempotency-Key", "").partition("/")[0]
    trace = hashlib.sha256(execution.encode()).digest()[:16] if execution else os.urandom(16)
    return {**headers, "traceparent": f"00-{trace.hex()}-{os.urandom(8).hex()}-01"}
