"""Identifiers in the order in which they were made."""

import os
import time
import uuid


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, 5.7) in its usual spelling."""
    milliseconds = time.time_ns() // 1_000_000
    drawn = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds & (2**48 - 1)) << 80 | drawn & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return str(uuid.UUID(int=number))
