"""Signed events: `X-Bud-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`."""

import hashlib
import hmac
import re

HEADER = "x-bud-signature"
MOST_SECONDS = 300
"""How far the time of a signature may be from now."""
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),\s*v1=([0-9a-f]{64})", re.ASCII)


def signature_of(secret: str, body: bytes, at: int) -> str:
    """Return the header's value for a body that is sent at a moment."""
    return f"t={at},v1={_digest(secret, body, str(at))}"


def why_not_signed(secret: str | None, header: str, body: bytes, now: float) -> str | None:
    """Return what is wrong with a signature; None if it is right."""
    if secret is None:
        return "This server believes no signatures: set event_secret (BUD_EVENT_SECRET), or send a credential"
    given = _SIGNATURE.fullmatch(header.strip())
    if given is None:
        return "X-Bud-Signature must be t=<seconds since 1970>,v1=<64 hex digits>"
    if not hmac.compare_digest(_digest(secret, body, given[1]), given[2]):
        return "The signature does not fit the body and the event_secret"
    if abs(now - int(given[1])) > MOST_SECONDS:
        return f"The signature is more than {MOST_SECONDS} seconds away from the server's time: check both clocks"
    return None


def _digest(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
