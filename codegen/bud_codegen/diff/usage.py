"""Where a change meets those who rely on an action."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bud_codegen.problem import Place


class UsageError(Exception):
    """Those who rely on the actions cannot be looked at; the message says what to do."""


class Use(NamedTuple):
    """A spot that a change concerns."""

    what: str
    """`pipeline` or `executor`."""
    owner: str
    """The file, or the address, that it is in."""
    where: str
    """How a person finds it: `deploy.yaml:12:9`."""
    message: str = ""
    """What is wrong there after the change; empty if nothing is known to be."""
    place: Place | None = None
    """None if it is in no file."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is known of all who rely on the actions."""

    pipelines: int | None = None
    """How many pipelines were checked; None if nobody asked."""
    failing: int = 0
    """How many of them only the new catalog refuses."""
    broken: int = 0
    """How many of them the old one refuses as well."""
    uses: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)
    """By the fingerprint of a finding."""
    unexplained: tuple[Use, ...] = ()
    """Where pipelines fail now though no finding says why."""


UNKNOWN = Usage()


def merged(usage: Usage, more: Mapping[str, tuple[Use, ...]]) -> Usage:
    """Return a usage with more uses, by fingerprint."""
    fingerprints = dict.fromkeys((*usage.uses, *more))
    return replace(usage, uses={each: (*usage.uses.get(each, ()), *more.get(each, ())) for each in fingerprints})
