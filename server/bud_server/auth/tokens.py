"""Tokens: JWTs (RFC 7519) that an identity provider signed, checked with the keys that it publishes."""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import anyio
import jwt

from bud_server.auth.authenticator import Headers, bearer, user_id
from bud_server.auth.identity import Subject, UnauthenticatedError, UnavailableError
from bud_server.log import log
from bud_server.settings import Settings, SettingsError, is_loopback, is_safe_url

ALGORITHMS: Mapping[tuple[object, object], str] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""The one algorithm that each kind of key (RFC 7517 `kty`, `crv`) is used with; a token never chooses."""
LEEWAY = 30
"""Seconds that clocks may differ."""
FRESH = 600.0
"""Seconds until keys are fetched again."""
LONGEST_KEPT = 3600.0
"""Seconds until keys are no longer used, if they cannot be fetched again."""
SEARCH_EVERY = 60.0
"""Seconds between two searches for keys that a token names and nobody knows."""
PAUSE = 10.0
"""Seconds after a failed fetch until the next."""
TIMEOUT = 5
"""Seconds that a fetch may hang."""
LARGEST = 1024 * 1024
"""Bytes of a JWKS."""

Keys = dict[str | None, jwt.PyJWK]
"""By key id."""


class KeysError(SettingsError):
    """Keys that cannot be read; the message names the file or URL."""


def tokens_for(settings: Settings) -> "Tokens":
    """Return what the settings describe. Raises KeysError if it is a file that cannot be used; a URL is tried later."""
    place = settings.jwt_jwks or ""
    keys = KeySet(partial(read_keys, place))
    if "://" not in place:
        keys.load()
    return Tokens(keys, settings.jwt_audience or "", settings.jwt_issuer or "", settings.jwt_permissions_claim)


class Tokens:
    """Authenticates by a token."""

    def __init__(self, keys: "KeySet", audience: str, issuer: str, permissions_claim: str) -> None:
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._permissions_claim = permissions_claim

    async def authenticate(self, headers: Headers) -> Subject:
        """Return the subject of the token in Authorization."""
        token = bearer(headers)
        key = await self._keys.find(_key_id(token))
        claims = self._claims(token, key)
        subject = user_id(claims["sub"], "The sub of the token")
        return Subject(subject, _permissions(claims.get(self._permissions_claim, [])))

    async def check(self) -> None:
        """Raise UnavailableError if there are no keys to check tokens with."""
        await self._keys.check()

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "aud", "iss", "sub"], "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError(_reason(error)) from error


def _key_id(token: str) -> str | None:
    """Return the id of the key that a token says it is signed with, if it could be."""
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise UnauthenticatedError("The credential is not a token") from error
    if head.get("alg") not in ALGORITHMS.values():
        raise UnauthenticatedError(f"The token must be signed with {', '.join(ALGORITHMS.values())}")
    return head.get("kid")


_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "The token has expired",
    jwt.ImmatureSignatureError: "The token is not valid yet",
    jwt.InvalidAudienceError: "The token is for another audience",
    jwt.InvalidIssuerError: "The token is from another issuer",
    jwt.InvalidSignatureError: "The token's signature is wrong",
    jwt.InvalidAlgorithmError: "The token is signed with another algorithm than its key is for",
}


def _reason(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token has no {error.claim}"
    return _REASONS.get(type(error), "The token is not valid")


def _permissions(claim: object) -> frozenset[str]:
    """Return the permissions in a claim: a list, or a text with spaces (RFC 8693, 4.2)."""
    listed = claim.split() if isinstance(claim, str) else claim
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise UnauthenticatedError("The token's permissions must be a list of texts, or one text with spaces")
    return frozenset(listed)


class KeySet:
    """The issuer's keys: kept for ten minutes, and looked for when a token names an unknown one.

    While they cannot be fetched, the last ones are used for an hour.
    """

    def __init__(self, read: Callable[[], Keys], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = anyio.Lock()
        self._keys: Keys = {}
        self._loaded_at = clock() - LONGEST_KEPT
        self._next_search = self._pause_until = clock()
        self._fault = ""

    def load(self) -> None:
        """Read the keys. Blocks for as long as that takes. Raises KeysError."""
        self._keys = self._read()
        self._loaded_at = self._clock()

    async def find(self, key_id: str | None) -> jwt.PyJWK:
        """Return a key; without an id, the only one. Raises UnauthenticatedError and UnavailableError."""
        if self._is_due(key_id):
            async with self._lock:
                if self._is_due(key_id):  # nobody fetched them while this request waited
                    await self._refresh()
        self._check_age()
        key = self._known(key_id)
        if key is None:
            raise UnauthenticatedError("The token is signed with a key that its issuer does not publish")
        return key

    async def check(self) -> None:
        """Raise UnavailableError if no keys are kept and none can be fetched."""
        if self._age() >= LONGEST_KEPT and self._clock() >= self._pause_until:
            async with self._lock:
                if self._age() >= LONGEST_KEPT:
                    await self._refresh()
        self._check_age()

    def _check_age(self) -> None:
        if self._age() >= LONGEST_KEPT:
            raise UnavailableError(self._fault)

    def _known(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_due(self, key_id: str | None) -> bool:
        now = self._clock()
        if now < self._pause_until:
            return False
        return self._age() >= FRESH or (now >= self._next_search and self._known(key_id) is None)

    async def _refresh(self) -> None:
        if self._age() < FRESH:
            self._next_search = self._clock() + SEARCH_EVERY
        try:
            await anyio.to_thread.run_sync(self.load)
        except KeysError as error:
            self._fault = str(error)
            self._pause_until = self._clock() + PAUSE
            log().warning("keys_not_fetched", reason=self._fault)

    def _age(self) -> float:
        return self._clock() - self._loaded_at


def read_keys(place: str) -> Keys:
    """Return the keys in a file or at a URL. Raises KeysError."""
    try:
        content = _fetch(place) if "://" in place else _open(place)
    except (OSError, HTTPException) as error:
        raise KeysError(f"{place} cannot be read: {error}") from error
    if len(content) > LARGEST:
        raise KeysError(f"{place} is larger than {LARGEST // 1024} KiB")
    try:
        return parse_keys(json.loads(content))
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise KeysError(f"{place} is no JWKS: {error}") from error


def parse_keys(document: object) -> Keys:
    """Return the keys of a JWKS (RFC 7517, 5) that signatures can be checked with. Raises ValueError and PyJWTError."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it must be an object with a list, keys")
    usable = [(entry, _algorithm(entry)) for entry in entries if isinstance(entry, dict)]
    keys = {entry.get("kid"): jwt.PyJWK(entry, algorithm) for entry, algorithm in usable if algorithm}
    if not keys:
        raise ValueError(f"it has no public key for {', '.join(ALGORITHMS.values())}")
    return keys


def _algorithm(entry: Mapping[str, object]) -> str | None:
    """Return what a key is used with, or None if it is private, for encryption or of another kind."""
    is_public = "d" not in entry and entry.get("use", "sig") == "sig" and isinstance(entry.get("kid"), str | None)
    kind = (str(entry.get("kty")), None if entry.get("crv") is None else str(entry["crv"]))
    algorithm = ALGORITHMS.get(kind)
    return algorithm if is_public and entry.get("alg", algorithm) == algorithm else None


def _open(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(LARGEST + 1)


def _fetch(url: str) -> bytes:
    if not is_safe_url(url):
        raise KeysError(f"{url} must be an https URL")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked above
    try:
        with _opener(url).open(request, timeout=TIMEOUT) as answer:
            content: bytes = answer.read(LARGEST + 1)
            return content
    except HTTPError as error:
        error.close()  # it is an open answer too
        raise


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Return what follows no redirect: the settings name the one place that is trusted."""
    opener = urllib.request.OpenerDirector()
    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(url).hostname or "") else None
    opener.add_handler(urllib.request.ProxyHandler(proxies))
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    return opener
