"""Values that must not be seen: kept encrypted, shown as stars, and plain only where an executor runs."""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from bud_server.runtime.found import MASK, Found

SEALED = "$sealed"
"""The one key of an object that stands for an encrypted value."""


class SecretsError(Exception):
    """A secret cannot be kept or read; the message says what to do."""


class Secrets:
    """Seals and opens with the key of the settings."""

    def __init__(self, key: str | None) -> None:
        """Raises SecretsError if the key is no key."""
        self._key = (key or "").encode()
        try:
            self._fernet = None if key is None else Fernet(key)
        except ValueError as error:
            raise SecretsError(
                "secret_key must be 32 bytes in URL-safe base64: make one with bud secret-key"
            ) from error

    def digest(self, text: str) -> str:
        """Return an HMAC-SHA256 of a text in hex, of which nobody without the key can say what it was made of."""
        return hmac.digest(self._key, text.encode(), "sha256").hex()

    def seal(self, value: Any) -> Any:
        """Return any JSON value encrypted as a whole; null, "" and what is sealed stay as they are.

        Raises SecretsError if there is no key.
        """
        if value is None or value == "" or is_sealed(value):
            return value
        if self._fernet is None:
            raise SecretsError(
                "a secret value cannot be kept without a key: "
                "set secret_key (BUD_SECRET_KEY) to what bud secret-key prints"
            )
        return {SEALED: self._fernet.encrypt(json.dumps(value).encode()).decode()}

    def open(self, value: Any, found: Found) -> Any:
        """Return a value with everything sealed in it in plain text, which is added to `found`.

        Raises SecretsError if it was sealed with another key.
        """
        if is_sealed(value):
            opened = self._opened(value[SEALED])
            found.add(opened)
            return opened
        if isinstance(value, Mapping):
            return {key: self.open(member, found) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.open(member, found) for member in value]
        return value

    def _opened(self, token: str) -> Any:
        if self._fernet is None:
            raise SecretsError("a secret value cannot be read without secret_key (BUD_SECRET_KEY)")
        try:
            return json.loads(self._fernet.decrypt(token))
        except InvalidToken as error:
            raise SecretsError("a secret value was kept with another secret_key than the one that is set") from error

    def sealed_members(self, members: Mapping[str, Any], found: Found) -> dict[str, Any]:
        """Return members, whose names tell nothing, with whatever gives a secret away sealed.

        Raises SecretsError if there is no key.
        """
        return {name: found.hidden(member, self.seal) if found else member for name, member in members.items()}


def is_sealed(value: Any) -> bool:
    """Whether a value stands for an encrypted one."""
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(SEALED), str)


def masked(value: Any) -> Any:
    """Return a value as it may be shown."""
    if is_sealed(value):
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [masked(member) for member in value]
    return value


def holds_sealed(value: Any) -> bool:
    """Whether a value, or one inside it, is sealed."""
    if isinstance(value, Mapping):
        return is_sealed(value) or any(map(holds_sealed, value.values()))
    return isinstance(value, list | tuple) and any(map(holds_sealed, value))
