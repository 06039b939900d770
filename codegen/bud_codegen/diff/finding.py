"""One change that somebody should know of."""

import enum
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from bud_codegen.problem import Place


class Verdict(enum.IntEnum):
    """What a change means to somebody."""

    info = 0
    """It is safe."""
    danger = 1
    """It compiles and validates, and may do something else than before."""
    error = 2
    """It breaks."""


class Bump(enum.IntEnum):
    """What part of a version a change must raise at least."""

    none = 0
    patch = 1
    minor = 2
    major = 3


class Verdicts(NamedTuple):
    """What a change means to each audience."""

    pipelines: Verdict = Verdict.info
    """To those who write pipelines: their YAML, and the expressions in it."""
    executors: Verdict = Verdict.info
    """To those who write executors: their Python."""
    frontends: Verdict = Verdict.info
    """To those who use the generated TypeScript and the forms made of it."""

    @property
    def worst(self) -> Verdict:
        """The worst of the three."""
        return max(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """A change, whom it concerns, and where it stands on both sides."""

    rule: str
    """An id of rules/changes.py."""
    action: str
    """Type of the action; an older version that stands beside the newest is `type@major`."""
    subject: str
    """What of the action changed: `params.region`, `outputs.model_id`; empty for the action itself."""
    message: str
    """What was and what is, in the file's own words."""
    verdicts: Verdicts
    bump: Bump
    before: Place | None = None
    """Where it stood; None if it was not there."""
    after: Place | None = None
    """Where it stands; None if it is gone."""
    hint: str | None = None
    """What to do."""

    @property
    def verdict(self) -> Verdict:
        """What it means to whom it hits worst."""
        return self.verdicts.worst

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that stay the same while the change does, wherever it stands in its file."""
        text = "\n".join((self.rule, self.action, self.subject, self.message))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
