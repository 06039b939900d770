"""JSON as it is written to the wire."""

import json


def json_bytes(value: object, *, is_ours: bool = False) -> bytes:
    """Return a JSON value's compact text.

    What came from outside may hold lone surrogates, which UTF-8 cannot: all but our own texts are written in ASCII.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=not is_ours).encode()
