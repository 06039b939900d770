"""Values that must not be seen: kept encrypted, shown as stars, and plain only where an executor runs."""

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

SEALED = "$sealed"
"""The one key of an object that stands for an encrypted text."""
MASK = "********"
SHORTEST = 4
"""Characters from which on a text is looked for in what executors answer; shorter ones would be found everywhere."""


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
        """Return a value with every text in it encrypted; what is sealed, empty or no text stays as it is.

        Raises SecretsError if there is no key.
        """
        return _map(value, self._seal_text)

    def _seal_text(self, text: str) -> Any:
        if not text:
            return text
        if self._fernet is None:
            raise SecretsError(
                "a secret value cannot be kept without a key: "
                "set secret_key (BUD_SECRET_KEY) to what bud secret-key prints"
            )
        return {SEALED: self._fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()}

    def open(self, value: Any, found: set[str]) -> Any:
        """Return a value with everything sealed in it as plain text, which is added to `found`.

        Raises SecretsError if it was sealed with another key.
        """
        if is_sealed(value):
            text = self._open_text(value[SEALED])
            found.add(text)
            return text
        if isinstance(value, Mapping):
            return {key: self.open(member, found) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.open(member, found) for member in value]
        return value

    def _open_text(self, token: str) -> str:
        if self._fernet is None:
            raise SecretsError("a secret value cannot be read without secret_key (BUD_SECRET_KEY)")
        try:
            return self._fernet.decrypt(token).decode("utf-8", "surrogatepass")
        except InvalidToken as error:
            raise SecretsError("a secret value was kept with another secret_key than the one that is set") from error

    def seal_found(self, value: Any, found: Iterable[str]) -> Any:
        """Return a value in which every text that holds one of the plain secrets is sealed."""
        telling = [text for text in found if len(text) >= SHORTEST]
        if not telling:
            return value
        return _map(value, lambda text: self._seal_text(text) if any(each in text for each in telling) else text)


def masked_in(text: str, found: Iterable[str]) -> str:
    """Return a text for people, with stars for every plain secret."""
    for secret in sorted(found, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return text


def is_sealed(value: Any) -> bool:
    """Whether a value stands for an encrypted text."""
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


def _map(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if is_sealed(value):
        return value
    if isinstance(value, Mapping):
        return {key: _map(member, change) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_map(member, change) for member in value]
    return value
