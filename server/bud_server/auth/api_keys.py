"""API keys: long random texts, of which the server keeps only hashes.

A file has one key per line, `name:hash:permissions`, with permissions separated by commas; empty lines and lines that
start with # mean nothing. The hash is plain SHA-256: a slow, salted one protects what a person could think of, and 32
random bytes can neither be guessed nor looked up.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bud_server.auth.authenticator import Headers, bearer, header
from bud_server.auth.identity import Subject, UnauthenticatedError, UnavailableError
from bud_server.auth.permissions import is_grant
from bud_server.settings import SettingsError

KEY_PREFIX = "bud_"
"""What every key starts with, so that a leaked one is recognised."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_HASH = re.compile(r"[0-9a-f]{64}")
Stamp = tuple[int, int, int]


class ApiKeysError(SettingsError):
    """A file of API keys that cannot be used; the message names the line."""


class _Entry(NamedTuple):
    hash: str
    subject: Subject


def new_key(name: str, permissions: Iterable[str]) -> tuple[str, str]:
    """Return a new key, to be shown once, and the line for the file. Raises ValueError for a bad name or permission."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    line = f"{name}:{_hash(key)}:{','.join(sorted(permissions))}"
    _entry(line)
    return key, line


class ApiKeys:
    """Authenticates by the keys of a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._entries: list[_Entry] = []
        self._refresh()

    async def authenticate(self, headers: Headers) -> Subject:
        """Return the subject of the key in X-API-Key or Authorization."""
        key = header(headers, b"x-api-key") or bearer(headers)
        await self.check()
        return self._subject(_hash(key))

    async def check(self) -> None:
        """Raise UnavailableError if the file cannot be used as it is now."""
        try:
            self._refresh()
        except ApiKeysError as error:  # the file may have lost a key on purpose: the old ones are not used any longer
            raise UnavailableError(str(error)) from error

    def _subject(self, hashed: str) -> Subject:
        """Compare with every entry, in a time that tells nothing about any."""
        found = [entry.subject for entry in self._entries if hmac.compare_digest(entry.hash, hashed)]
        if not found:
            raise UnauthenticatedError("The API key is unknown")
        return found[0]

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return
            self._entries = _entries(self._path)
        except OSError as error:
            raise ApiKeysError(f"{self._path} cannot be read: {error.strerror}") from error
        self._stamp = stamp


def _entries(path: Path) -> list[_Entry]:
    """Return the keys in a file. Raises ApiKeysError and OSError."""
    entries: dict[str, _Entry] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            text = line.decode().strip()
            if text and not text.startswith("#"):
                _add(entries, _entry(text))
        except UnicodeDecodeError:
            raise ApiKeysError(f"{path}:{number}: the line is not UTF-8") from None
        except ValueError as error:
            raise ApiKeysError(f"{path}:{number}: {error}") from None
    return list(entries.values())


def _add(entries: dict[str, _Entry], entry: _Entry) -> None:
    if entry.subject.id in entries:
        raise ValueError(f"the name {entry.subject.id} is given twice")
    if any(entry.hash == other.hash for other in entries.values()):
        raise ValueError("this key stands on another line too")
    entries[entry.subject.id] = entry


def _entry(line: str) -> _Entry:
    """Return what a line says. Raises ValueError, which never quotes what might be a key."""
    parts = line.split(":", 2)
    if len(parts) < 3:
        raise ValueError("the line must be name:hash:permissions")
    name, hashed, permissions = parts
    if not _NAME.fullmatch(name):
        raise ValueError("the name must be 1 to 100 letters, digits and . _ @ -, starting with a letter or digit")
    if hashed.startswith(KEY_PREFIX):
        raise ValueError("this is a key, not its hash: it is no secret any longer, so make a new one")
    if not _HASH.fullmatch(hashed):
        raise ValueError("the hash must be the 64 hex digits, in lower case, of the key's SHA-256")
    return _Entry(hashed, Subject(name, _permissions(permissions)))


def _permissions(text: str) -> frozenset[str]:
    permissions = [part.strip() for part in text.split(",")] if text.strip() else []
    for permission in permissions:
        if not is_grant(permission):
            raise ValueError(f"the permission {permission[:100]!r} must be resource:verb, resource:* or *")
    return frozenset(permissions)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
