"""What the name of a value tells about whether it is a secret."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SECRETS = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|passcode|secret|token|apikey|bearer|jwt|authorization|credentials"
    r"|(api|access|private|secret|signing|encryption|ssh|auth|account|master)_key)(_value|_pem)?$"
)
_MARKS = re.compile(
    r"^(max|min|num|has|is|use|next|page|eos|bos|pad|stop)_|_of_(a_|an_|the_)?[a-z]+$|(^|_)(page|next|continuation)_token$"
)
"""Marks of a name that speaks of a secret, or of a token of text, without being one."""
_POINTERS = re.compile(r"_(id|ids|name|ref|path|url|uri|type|version|count|limit|policy|ttl)$")


def looks_secret(name: str) -> bool:
    """Whether a value of this name or label is likely a secret: `api_key`, not `api_key_id` or `max_tokens`."""
    plain = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
    return _SECRETS.search(plain) is not None and _MARKS.search(plain) is None


def is_called_secret(name: str, label: str) -> bool:
    """Whether a param is likely a secret: by its name or, unless that is one of something else, by its label."""
    return looks_secret(name) or (looks_secret(label) and _POINTERS.search(name) is None)


def secret_members(schema: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the names inside a schema that look like secrets."""
    if not schema:
        return
    for name, member in (schema.get("properties") or {}).items():
        if member.get("type", "string") == "string" and looks_secret(name):
            yield name
        yield from secret_members(member)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from secret_members(schema[keyword])
