"""Who is asked to tell who asks: chosen by the settings, wrapped for a trusted proxy."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bud_server.auth.identity import ANYONE, Subject, UnauthenticatedError
from bud_server.settings import Settings, check_settings

Headers = Iterable[tuple[bytes, bytes]]
"""A request's headers as ASGI has them: names in lower case."""

_USER_ID = re.compile(r"[\x21-\x7e]{1,200}")


class Authenticator(Protocol):
    """Tells who asks."""

    async def authenticate(self, headers: Headers, /) -> Subject:
        """Return who asks. Raises UnauthenticatedError and UnavailableError."""
        ...

    async def check(self) -> None:
        """Raise UnavailableError if nobody could be told now."""
        ...


def authenticator_for(settings: Settings) -> Authenticator:
    """Return what authenticates by the settings; reads the files they name. Raises SettingsError."""
    check_settings(settings)
    authenticator = _chosen(settings)
    if settings.proxy_credential is None:
        return authenticator
    return BehindProxy(authenticator, settings.proxy_credential)


def _chosen(settings: Settings) -> Authenticator:
    if settings.auth == "api-key":
        from bud_server.auth.api_keys import ApiKeys

        return ApiKeys(settings.api_keys_file or Path())
    if settings.auth == "jwt":
        from bud_server.auth.tokens import tokens_for

        return tokens_for(settings)
    return Open()


class Open:
    """Lets everyone in, with every permission."""

    async def authenticate(self, _headers: Headers, /) -> Subject:
        """Return ANYONE."""
        return ANYONE

    async def check(self) -> None:
        """Return: there is nothing to check."""


class BehindProxy:
    """Believes the user that a trusted proxy names.

    The proxy's credential only lends X-User-ID its weight: the request must be authenticated besides, and that decides
    about permissions. Without the credential, or with a wrong one, X-User-ID changes nothing.
    """

    def __init__(self, authenticator: Authenticator, credential: str) -> None:
        self._authenticator = authenticator
        self._credential = credential.encode()

    async def authenticate(self, headers: Headers) -> Subject:
        """Return who asks, under the name that the proxy gives them."""
        subject = await self._authenticator.authenticate(headers)
        credential = header(headers, b"x-bud-proxy-credential") or ""
        if not hmac.compare_digest(credential.encode("latin-1"), self._credential):
            return subject
        user = header(headers, b"x-user-id")
        return subject if user is None else replace(subject, id=user_id(user, "X-User-ID"), is_anonymous=False)

    async def check(self) -> None:
        """Raise UnavailableError if nobody could be told now."""
        await self._authenticator.check()


def user_id(text: str, where: str) -> str:
    """Return who somebody is, if headers can say it. Raises UnauthenticatedError, naming where it stands."""
    if not _USER_ID.fullmatch(text):
        raise UnauthenticatedError(f"{where} must be 1 to 200 visible ASCII characters")
    return text


def bearer(headers: Headers) -> str:
    """Return the credential of `Authorization: Bearer ...` (RFC 6750, 2.1). Raises UnauthenticatedError."""
    value = header(headers, b"authorization")
    if value is None:
        raise UnauthenticatedError("This needs a credential: send Authorization: Bearer ...", is_credential_wrong=False)
    scheme, _, credential = value.partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise UnauthenticatedError("The Authorization header must be: Bearer, a space, and the credential")
    return credential.strip()


def header(headers: Headers, name: bytes) -> str | None:
    """Return a header's value, or None. Raises UnauthenticatedError if it is there twice, as either might be meant."""
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise UnauthenticatedError(f"The header {name.decode()} is given twice")
    return values[0].decode("latin-1") if values else None
