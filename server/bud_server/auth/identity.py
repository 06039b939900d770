"""Who asks, and why that could not be told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who asks, as their credential says."""

    id: str
    permissions: frozenset[str]
    """`model:write`, `model:*` (everything with models) or `*` (everything)."""
    is_anonymous: bool = False

    def has(self, permission: str) -> bool:
        """Whether the subject may do what needs a permission, such as `model:write`."""
        resource, _, _ = permission.partition(":")
        return not self.permissions.isdisjoint((permission, f"{resource}:*", "*"))


ANYONE = Subject("anonymous", frozenset({"*"}), is_anonymous=True)
"""Whoever asks a server whose auth is `none`."""
NOBODY = Subject("anonymous", frozenset(), is_anonymous=True)
"""Whoever asks for a public route, where no credential is looked at."""


class UnauthenticatedError(Exception):
    """A request that does not prove who asks; the message is for them."""

    def __init__(self, detail: str, *, is_credential_wrong: bool = True) -> None:
        self.detail = detail
        self.is_credential_wrong = is_credential_wrong
        """False if there was no credential at all."""
        super().__init__(detail)


class UnavailableError(Exception):
    """Credentials cannot be checked now; the message is for whoever runs the server, not for who asks."""
