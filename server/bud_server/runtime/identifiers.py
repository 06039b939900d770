"""Identifiers in the order in which they were made."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_latest = 0
"""The 60 highest bits that order the identifiers of this process: milliseconds, and a count within them."""


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, 5.7 and 6.2, method 1) that sorts after all that this process made before."""
    global _latest
    with _lock:
        _latest = max(_latest + 1, (time.time_ns() // 1_000_000) << 12)
        ordered = _latest
    milliseconds, count = ordered >> 12, ordered & 0xFFF
    drawn = int.from_bytes(os.urandom(8), "big") & (2**62 - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | count << 64 | 0x2 << 62 | drawn))
